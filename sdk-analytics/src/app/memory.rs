//! What an installation remembers between its processes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::AppError;

const FILE: &str = "installation.json";
/// Written first and then renamed, so that a process killed in between leaves the whole file of before.
const DRAFT: &str = "installation.json.new";

/// The facts on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    pub(super) device_id: Option<String>,
    pub(super) anonymous_id: Option<String>,
    pub(super) user_id: Option<String>,
    /// The release that ran last; absent before the first.
    pub(super) release: Option<Release>,
}

/// A release of the app, by the numbers it gives itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Release {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) build: Option<String>,
}

/// The file of one installation.
#[derive(Debug)]
pub(super) struct MemoryFile {
    folder: PathBuf,
    pub(super) memory: Memory,
}

impl MemoryFile {
    /// Reads what is there. What is no such file reads as a new installation: an app whose ids are lost works, one whose
    /// events are refused from then on does not.
    pub(super) fn open(folder: PathBuf) -> Result<Self, AppError> {
        fs::create_dir_all(&folder).map_err(failed("create", &folder))?;
        let path = folder.join(FILE);
        let memory = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(%error, "what the installation remembered is damaged and given up");
                Memory::default()
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Memory::default(),
            Err(error) => return Err(failed("read", &path)(error)),
        };
        Ok(Self { folder, memory })
    }

    /// Puts `memory` in the place of what was there, durably. When the disk refuses, nothing has changed.
    pub(super) fn replace(&mut self, memory: Memory) -> Result<(), AppError> {
        if memory == self.memory {
            return Ok(());
        }
        let draft = self.folder.join(DRAFT);
        let write = || {
            let mut file = File::create(&draft)?;
            file.write_all(&serde_json::to_vec(&memory)?)?;
            file.sync_all()?;
            fs::rename(&draft, self.folder.join(FILE))
        };
        write().map_err(failed("write", &draft))?;
        self.memory = memory;
        Ok(())
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> AppError {
    let path = path.to_owned();
    move |cause| AppError::Memory { action, path, cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_is_read_again() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("not/yet/there");
        let mut file = MemoryFile::open(folder.clone()).unwrap();
        assert_eq!(file.memory, Memory::default());
        let release = Release { version: Some("1.0".to_owned()), build: None };
        let memory = Memory { user_id: Some("u".to_owned()), release: Some(release), ..Memory::default() };
        file.replace(memory.clone()).unwrap();
        assert_eq!(MemoryFile::open(folder).unwrap().memory, memory);
    }

    #[test]
    fn a_file_cut_anywhere_is_a_new_installation_or_the_old_one() {
        let temp = tempfile::tempdir().unwrap();
        let mut file = MemoryFile::open(temp.path().to_owned()).unwrap();
        file.replace(Memory { device_id: Some("d".to_owned()), ..Memory::default() }).unwrap();
        let path = temp.path().join(FILE);
        let bytes = fs::read(&path).unwrap();
        for cut in 0..bytes.len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            assert_eq!(MemoryFile::open(temp.path().to_owned()).unwrap().memory, Memory::default(), "cut at {cut}");
        }
    }

    #[test]
    fn a_disk_that_refuses_changes_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let mut file = MemoryFile::open(temp.path().to_owned()).unwrap();
        fs::create_dir(temp.path().join(DRAFT)).unwrap();
        let refused = file.replace(Memory { user_id: Some("u".to_owned()), ..Memory::default() });
        assert!(matches!(refused, Err(AppError::Memory { action: "write", .. })));
        assert_eq!(file.memory, Memory::default());
    }
}
