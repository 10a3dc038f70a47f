use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::JournalError;
use super::frame;

/// Up to where the server has the events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    pub(super) segment: u64,
    pub(super) offset: u64,
}

/// The file that notes a [`Position`], written over in place.
///
/// It is never synced and may be torn: then events are sent once more, and the server knows them by their `messageId`.
#[derive(Debug)]
pub(super) struct Cursor {
    path: PathBuf,
    file: File,
}

impl Cursor {
    /// Opens the note and reads it; one that is absent, cut or damaged reads as the very beginning.
    pub(super) fn open(path: &Path) -> Result<(Self, Position), JournalError> {
        let read = || {
            let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok((file, bytes))
        };
        let (file, bytes) = read().map_err(JournalError::io("read", path))?;
        Ok((Self { path: path.to_owned(), file }, decode(&bytes).unwrap_or_default()))
    }

    /// Notes `position`.
    pub(super) fn write(&mut self, position: Position) -> Result<(), JournalError> {
        let mut payload = [0; 16];
        payload[..8].copy_from_slice(&position.segment.to_le_bytes());
        payload[8..].copy_from_slice(&position.offset.to_le_bytes());
        let mut bytes = Vec::with_capacity(frame::HEADER_BYTES + payload.len());
        frame::write(&payload, &mut bytes);
        let result = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.write_all(&bytes));
        result.map_err(JournalError::io("write", &self.path))
    }
}

fn decode(bytes: &[u8]) -> Option<Position> {
    let (payload, _) = frame::read(bytes)?;
    let (segment, offset) = payload.split_first_chunk::<8>()?;
    Some(Position { segment: u64::from_le_bytes(*segment), offset: u64::from_le_bytes(offset.try_into().ok()?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_back_and_a_torn_one_is_the_beginning() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("cursor");
        let (mut cursor, position) = Cursor::open(&path).unwrap();
        assert_eq!(position, Position::default());
        cursor.write(Position { segment: 9, offset: 900 }).unwrap();
        cursor.write(Position { segment: 10, offset: 8 }).unwrap();
        assert_eq!(Cursor::open(&path).unwrap().1, Position { segment: 10, offset: 8 });
        let bytes = std::fs::read(&path).unwrap();
        for cut in 0..bytes.len() {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert_eq!(Cursor::open(&path).unwrap().1, Position::default(), "cut at {cut}");
        }
    }
}
