//! A token in a file.

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{StoreLock, Token, TokenStore};
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::runtime::blocking;
use crate::secret::Secret;

/// Keeps the token as JSON in a file that only its owner may read (mode 0600 on Unix), for programs on one machine.
///
/// A save writes a second file next to it, syncs that to the disk and renames it, so that a reader finds the old token or
/// the new one and never a part. The lock is an advisory one on `<file>.lock`; file systems that are shared over a
/// network do not all honour it. The folder must exist.
#[derive(Clone, Debug)]
pub struct FileTokenStore {
    path: PathBuf,
}

impl FileTokenStore {
    /// A store in this file, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl TokenStore for FileTokenStore {
    async fn load(&self) -> Result<Option<Token>> {
        let path = self.path.clone();
        blocking(move || match fs::read_to_string(&path) {
            Ok(json) => Token::from_json(&Secret::new(json)).map(Some),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(failed("read", &path, cause)),
        })
        .await?
    }

    async fn save(&self, token: &Token) -> Result<()> {
        let (path, json) = (self.path.clone(), token.to_json());
        blocking(move || replace(&path, json.expose().as_bytes()).map_err(|cause| failed("written", &path, cause)))
            .await?
    }

    async fn try_lock(&self) -> Result<Option<StoreLock>> {
        let path = beside(&self.path, "lock");
        blocking(move || {
            let file = private().open(&path).map_err(|cause| failed("opened", &path, cause))?;
            match file.try_lock() {
                Ok(()) => Ok(Some(StoreLock::new(file))),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(cause)) => Err(failed("locked", &path, cause)),
            }
        })
        .await?
    }
}

/// Replaces the file's content, or leaves it as it was.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    static SAVES: AtomicU64 = AtomicU64::new(0);
    let save = SAVES.fetch_add(1, Ordering::Relaxed);
    let temporary = beside(path, &format!("{}-{save}.tmp", std::process::id()));
    let written = write_synced(&temporary, content).and_then(|()| fs::rename(&temporary, path));
    if let Err(cause) = written {
        // The first error is the one to report; a temporary file that stays is as private as the token's own.
        let _left_behind = fs::remove_file(&temporary);
        return Err(cause);
    }
    sync_folder(path)
}

fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = private().truncate(true).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Opens for writing, and makes the file its owner's alone if it is new.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The new name is durable only once the folder is on the disk too.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened, and the file system keeps the order of its own accord.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The path with `.suffix` added to the file's whole name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

fn failed(what: &str, path: &Path, cause: io::Error) -> Error {
    let may_pass = cause.kind() != io::ErrorKind::PermissionDenied;
    let message = format!("the token file {} could not be {what}: {cause}", path.display());
    Error::new(ErrorKind::Environment, message).with_retryable(may_pass).with_source(cause)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use futures_util::FutureExt as _;
    use tempfile::TempDir;

    use super::*;

    fn store(folder: &TempDir) -> FileTokenStore {
        FileTokenStore::new(folder.path().join("account.json"))
    }

    fn now<T>(future: impl Future<Output = T>) -> T {
        future.now_or_never().expect("without tokio the work is done in place")
    }

    #[test]
    fn what_is_saved_is_loaded_and_nothing_is_left_beside_it() {
        let folder = TempDir::new().unwrap();
        let store = store(&folder);
        assert!(now(store.load()).unwrap().is_none());
        for access in ["a1", "a2"] {
            let expires_at = SystemTime::UNIX_EPOCH + Duration::from_secs(7);
            let token = Token::new(Secret::from(access)).with_refresh(Secret::from("r")).with_expires_at(expires_at);
            now(store.save(&token)).unwrap();
            let loaded = now(store.load()).unwrap().unwrap();
            assert_eq!((loaded.access().expose(), loaded.expires_at()), (access, Some(expires_at)));
        }
        let names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["account.json"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = TempDir::new().unwrap();
        now(store(&folder).save(&Token::new(Secret::from("a1")))).unwrap();
        let _lock = now(store(&folder).try_lock()).unwrap();
        for name in ["account.json", "account.json.lock"] {
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn the_lock_is_one_holders_until_it_is_dropped() {
        let folder = TempDir::new().unwrap();
        let lock = now(store(&folder).try_lock()).unwrap();
        assert!(lock.is_some());
        assert!(now(store(&folder).try_lock()).unwrap().is_none());
        drop(lock);
        assert!(now(store(&folder).try_lock()).unwrap().is_some());
    }

    #[test]
    fn errors_name_the_file_and_nothing_of_its_content() {
        let folder = TempDir::new().unwrap();
        let store = store(&folder);
        fs::write(folder.path().join("account.json"), "hunter2").unwrap();
        let unreadable = now(store.load()).unwrap_err();
        assert!(!format!("{unreadable:?}").contains("hunter2"));
        drop(folder);
        let error = now(store.save(&Token::new(Secret::from("hunter2")))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Environment);
        assert!(error.to_string().contains("account.json") && !format!("{error:?}").contains("hunter2"));
    }
}
