//! A file as a source.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;

use super::checksum::{Checksum as _, Sha256};
use super::source::{Fingerprint, UploadSource};
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::runtime::blocking;

/// How much of a file's beginning goes into its fingerprint. Containers of media keep their index and times there, so
/// that a file written over with the same size and time is still told from the first one.
const BEGINNING: usize = 64 * 1024;

/// A file, read in pieces on threads for blocking work. Its fingerprint is its size, the time of its last change and a
/// checksum of its first 64 KiB.
///
/// A browser has no files to open by path: there, [`open`](Self::open) fails, and a source is written over what the host
/// has.
#[derive(Clone)]
pub struct FileSource {
    path: PathBuf,
    // One cursor, so that reads take turns: seek and read are two steps on every platform but some.
    file: Arc<Mutex<File>>,
}

impl FileSource {
    /// Opens the file. It stays open, so that what replaces it under the same name is not mistaken for it.
    ///
    /// # Errors
    /// [`ErrorKind::Environment`] when it cannot be opened, or when no tokio runtime is running.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let name = path.clone();
        let file = blocking(move || File::open(name)).await?.map_err(|cause| failed("opened", &path, cause))?;
        Ok(Self { path, file: Arc::new(Mutex::new(file)) })
    }

    async fn on_file<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut File) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let file = Arc::clone(&self.file);
        let result = blocking(move || work(&mut file.lock().unwrap_or_else(PoisonError::into_inner))).await?;
        result.map_err(|cause| failed("read", &self.path, cause))
    }
}

impl UploadSource for FileSource {
    async fn fingerprint(&self) -> Result<Fingerprint> {
        self.on_file(|file| {
            let facts = file.metadata()?;
            let changed = facts.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let mut sum = Sha256::default();
            sum.update(&read(file, 0, BEGINNING)?);
            let sum: String = sum.finish().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
            Ok(Fingerprint { size: facts.len(), version: format!("{}-{sum}", changed.as_nanos()) })
        })
        .await
    }

    async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes> {
        self.on_file(move |file| read(file, offset, length).map(Bytes::from)).await
    }
}

fn read(file: &mut File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut piece = Vec::with_capacity(length);
    file.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut piece)?;
    Ok(piece)
}

fn failed(what: &str, path: &Path, cause: io::Error) -> Error {
    Error::new(ErrorKind::Environment, format!("{} cannot be {what}", path.display())).with_source(cause)
}

impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSource").field("path", &self.path).finish_non_exhaustive()
    }
}
