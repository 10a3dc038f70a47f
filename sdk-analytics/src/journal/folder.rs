use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::error::JournalError;

const LOCK: &str = "lock";
const CURSOR: &str = "acknowledged";
const SEGMENT: &str = "events";

/// The folder of one client, locked as long as this lives. The system lifts the lock when the process ends, however.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder where it is absent, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        fs::create_dir_all(path).map_err(JournalError::io("create", path))?;
        let lock_path = path.join(LOCK);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(JournalError::io("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(JournalError::InUse(path.to_owned())),
            Err(TryLockError::Error(cause)) => Err(JournalError::io("lock", &lock_path)(cause)),
        }
    }

    /// Where segment `number` is.
    pub(super) fn segment(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:020}.{SEGMENT}"))
    }

    /// Where the note of what the server has is.
    pub(super) fn cursor(&self) -> PathBuf {
        self.path.join(CURSOR)
    }

    /// The numbers of the segments there are, in order. Files of other names are left alone.
    pub(super) fn segments(&self) -> Result<Vec<u64>, JournalError> {
        let entries = fs::read_dir(&self.path).map_err(JournalError::io("list", &self.path))?;
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry.map_err(JournalError::io("list", &self.path))?.file_name();
            let number: Option<u64> = Path::new(&name)
                .file_stem()
                .filter(|_| Path::new(&name).extension().is_some_and(|extension| extension == SEGMENT))
                .and_then(|stem| stem.to_str()?.parse().ok());
            numbers.extend(number);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Makes the names of new files outlast a power cut, where the system can.
    pub(super) fn sync(&self) -> Result<(), JournalError> {
        match File::open(&self.path).and_then(|folder| folder.sync_all()) {
            // Windows cannot open a folder as a file, and keeps names in its own journal.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && cfg!(windows) => Ok(()),
            result => result.map_err(JournalError::io("sync", &self.path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("not/yet/there");
        let first = Folder::open(&path).unwrap();
        assert!(matches!(Folder::open(&path), Err(JournalError::InUse(used)) if used == path));
        drop(first);
        Folder::open(&path).unwrap();
    }

    #[test]
    fn segments_are_listed_in_order_and_strangers_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::open(temp.path()).unwrap();
        for number in [10, 9] {
            File::create(folder.segment(number)).unwrap();
        }
        File::create(temp.path().join("notes.txt")).unwrap();
        assert_eq!(folder.segments().unwrap(), [9, 10]);
    }
}
