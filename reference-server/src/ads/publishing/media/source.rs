//! The bytes of an asset as an upload reads them: fetched when the first of them is wanted, and held in a file meanwhile.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use acd_core::upload::{FileSource, Fingerprint, UploadSource};
use acd_core::{Error, ErrorKind, Result};
use acd_platform::assets::Asset;
use bytes::Bytes;
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::sync::OnceCell;

use super::{changed, videos};
use crate::kernel::fetch::Fetcher;
use crate::kernel::problem::Problem;

/// The file of an asset. An upload that ended before its process did needs none of it, and nothing is fetched then.
#[derive(Clone)]
pub(super) struct AssetSource(Arc<Inner>);

struct Inner {
    asset: Asset,
    fetcher: Fetcher,
    file: OnceCell<(FileSource, NamedTempFile)>,
    problem: Mutex<Option<Problem>>,
}

impl AssetSource {
    pub(super) fn new(asset: Asset, fetcher: Fetcher) -> Self {
        Self(Arc::new(Inner { asset, fetcher, file: OnceCell::new(), problem: Mutex::new(None) }))
    }

    /// Why the file could not be had, if it could not.
    pub(super) fn problem(&self) -> Option<Problem> {
        self.0.problem.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Inner {
    async fn fetched(&self) -> Result<&FileSource> {
        let fetched = self.file.get_or_try_init(|| async {
            self.fetch().await.map_err(|problem| {
                *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
                Error::new(ErrorKind::Environment, "the file of the asset cannot be had")
            })
        });
        fetched.await.map(|(file, _)| file)
    }

    async fn fetch(&self) -> std::result::Result<(FileSource, NamedTempFile), Problem> {
        let made = tokio::task::spawn_blocking(NamedTempFile::new).await.map_err(io::Error::other);
        let made = made.and_then(|made| made).map_err(Problem::internal)?;
        let mut file = File::from_std(made.reopen().map_err(Problem::internal)?);
        let (size, sum) = self.fetcher.fetch_into(&self.asset.url, videos::LARGEST, &mut file).await?;
        if sum[..] != self.asset.content_hash.as_bytes()[..] || size != self.asset.size_bytes {
            return Err(changed(&self.asset));
        }
        let source = FileSource::open(made.path()).await.map_err(Problem::internal)?;
        Ok((source, made))
    }
}

impl UploadSource for AssetSource {
    /// By what was recorded of it, so that an upload goes on in another process.
    async fn fingerprint(&self) -> Result<Fingerprint> {
        let asset = &self.0.asset;
        Ok(Fingerprint { size: asset.size_bytes, version: asset.content_hash.to_string() })
    }

    async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes> {
        self.0.fetched().await?.read_at(offset, length).await
    }
}
