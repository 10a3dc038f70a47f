//! Where sessions are kept.

use std::fs::{self, File, OpenOptions};
use std::future::Future;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::session::UploadSession;
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::runtime::{BoxFuture, blocking};

/// Keeps the session of one upload, so that another process can go on with it. A row in a database is a good place.
pub trait SessionStore: Send + Sync + 'static {
    /// The session that was saved last, if there is one.
    ///
    /// # Errors
    /// When that cannot be found out. The upload does not begin then: it might be a second one.
    fn load(&self) -> impl Future<Output = Result<Option<UploadSession>>> + Send;

    /// Saves the session in the place of the one before. When the future completes, the session is to survive the
    /// process.
    ///
    /// # Errors
    /// When it cannot be saved, which ends the run.
    fn save(&self, session: &UploadSession) -> impl Future<Output = Result<()>> + Send;

    /// Removes the session. None to remove is no failure.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn clear(&self) -> impl Future<Output = Result<()>> + Send;
}

/// Keeps a session in a file, readable by its owner alone where the system knows owners. Each save replaces the file
/// whole: a crash leaves the session before or the one after.
#[derive(Clone, Debug)]
pub struct FileSessionStore {
    path: PathBuf,
}

impl FileSessionStore {
    /// A store in this file. Its folder exists.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    async fn on_path<T: Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T> {
        let path = self.path.clone();
        blocking(move || work(&path)).await?.map_err(|cause| {
            let problem = format!("the session in {} cannot be {what}", self.path.display());
            Error::new(ErrorKind::Environment, problem).with_source(cause)
        })
    }
}

impl SessionStore for FileSessionStore {
    async fn load(&self) -> Result<Option<UploadSession>> {
        let text = self.on_path("read", |path| absent_is_none(fs::read(path))).await?;
        let Some(text) = text else { return Ok(None) };
        serde_json::from_slice(&text).map(Some).map_err(|cause| {
            let problem = format!("{} holds no upload session: remove it to begin anew", self.path.display());
            Error::new(ErrorKind::Decode, problem).with_may_have_been_sent(false).with_source(cause)
        })
    }

    async fn save(&self, session: &UploadSession) -> Result<()> {
        let text = serde_json::to_vec(session).map_err(|cause| {
            Error::new(ErrorKind::Environment, "the session cannot be written as JSON").with_source(cause)
        })?;
        self.on_path("saved", move |path| {
            let mut beside = path.as_os_str().to_owned();
            beside.push(".new");
            let beside = PathBuf::from(beside);
            let mut file = create_private(&beside)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(beside, path)
        })
        .await
    }

    async fn clear(&self) -> Result<()> {
        self.on_path("removed", |path| absent_is_none(fs::remove_file(path)).map(drop)).await
    }
}

fn absent_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

fn create_private(path: &Path) -> io::Result<File> {
    // One that a crash left behind may have wider rights, and opening it would keep them.
    absent_is_none(fs::remove_file(path))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A [`SessionStore`] of any type, shared.
#[derive(Clone)]
pub(super) struct SharedStore(Arc<dyn DynStore>);

impl SharedStore {
    pub(super) fn new(store: impl SessionStore) -> Self {
        Self(Arc::new(store))
    }

    pub(super) async fn load(&self) -> Result<Option<UploadSession>> {
        self.0.load_dyn().await
    }

    pub(super) async fn save(&self, session: &UploadSession) -> Result<()> {
        self.0.save_dyn(session).await
    }

    pub(super) async fn clear(&self) -> Result<()> {
        self.0.clear_dyn().await
    }
}

trait DynStore: Send + Sync {
    fn load_dyn(&self) -> BoxFuture<'_, Result<Option<UploadSession>>>;
    fn save_dyn<'a>(&'a self, session: &'a UploadSession) -> BoxFuture<'a, Result<()>>;
    fn clear_dyn(&self) -> BoxFuture<'_, Result<()>>;
}

impl<S: SessionStore> DynStore for S {
    fn load_dyn(&self) -> BoxFuture<'_, Result<Option<UploadSession>>> {
        Box::pin(self.load())
    }

    fn save_dyn<'a>(&'a self, session: &'a UploadSession) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.save(session))
    }

    fn clear_dyn(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.clear())
    }
}
