use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::JournalError;
use super::frame;

/// Begins each segment; the last byte is the version of the format.
const MAGIC: &[u8; 8] = b"acdevts\x01";

/// What is known about one segment file: magic, a frame with the context of its events, a frame per event.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    /// The context its events were made in, which a later release of the application must not overwrite.
    pub(super) context: Arc<[u8]>,
    /// Where the last whole frame ends. What follows in the file was never acknowledged to anyone.
    pub(super) end: u64,
    /// Events up to `end`.
    pub(super) events: u64,
    /// Where the next event to hand out begins.
    pub(super) next: u64,
    /// Events before `next`.
    pub(super) handed: u64,
    /// Events that need not be sent again.
    pub(super) settled: u64,
}

impl Segment {
    /// Makes a new, empty segment and the file to append to.
    pub(super) fn create(number: u64, path: PathBuf, context: &Arc<[u8]>) -> Result<(Self, File), JournalError> {
        let mut file =
            OpenOptions::new().append(true).create_new(true).open(&path).map_err(JournalError::io("create", &path))?;
        let mut head = MAGIC.to_vec();
        frame::write(context, &mut head);
        if let Err(cause) = file.write_all(&head) {
            // A file without its head holds nothing; left there, its name would stop the next attempt.
            fs::remove_file(&path).map_err(JournalError::io("remove", &path))?;
            return Err(JournalError::io("write", &path)(cause));
        }
        let start = head.len() as u64;
        let context = context.clone();
        Ok((Self { number, path, context, end: start, events: 0, next: start, handed: 0, settled: 0 }, file))
    }

    /// Reads a segment left by an earlier run, up to the first frame that is not whole. Says how many bytes follow it.
    ///
    /// `settled_to` is the offset up to which the server has its events.
    pub(super) fn recover(number: u64, path: PathBuf, settled_to: u64) -> Result<(Option<Self>, u64), JournalError> {
        let bytes = fs::read(&path).map_err(JournalError::io("read", &path))?;
        let Some((context, mut rest)) = bytes.strip_prefix(MAGIC).and_then(frame::read) else {
            return Ok((None, bytes.len() as u64));
        };
        let at = |rest: &[u8]| (bytes.len() - rest.len()) as u64;
        let start = at(rest);
        let (mut events, mut settled, mut next) = (0, 0, start);
        while let Some((_, after)) = frame::read(rest) {
            rest = after;
            events += 1;
            if at(rest) <= settled_to {
                settled += 1;
                next = at(rest);
            }
        }
        let (end, damaged) = (at(rest), rest.len() as u64);
        let context = context.into();
        Ok((Some(Self { number, path, context, end, events, next, handed: settled, settled }), damaged))
    }

    /// Reads up to `most` bytes from the next event on; the last frame may be cut.
    pub(super) fn peek(&self, most: u64) -> Result<Vec<u8>, JournalError> {
        let read = || {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(self.next))?;
            let mut bytes = Vec::new();
            file.take(most.min(self.end - self.next)).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(JournalError::io("read", &self.path))
    }

    /// Whether nothing of it is left to send.
    pub(super) fn is_settled(&self) -> bool {
        self.settled == self.events
    }
}

/// Removes a file; that it is gone already is fine.
pub(super) fn remove(path: &Path) -> Result<(), JournalError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(JournalError::io("remove", path)(cause)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_at_every_byte_no_whole_event_before_the_cut_is_lost() {
        let temp = tempfile::tempdir().unwrap();
        let (path, cut_path) = (temp.path().join("whole"), temp.path().join("cut"));
        let (segment, mut file) = Segment::create(1, path.clone(), &Arc::from(*b"{}")).unwrap();
        let start = segment.end;
        let mut ends = vec![start];
        for event in ["{1}", "{\"a\":\"rather longer\"}", "{2}"] {
            let mut bytes = Vec::new();
            frame::write(event.as_bytes(), &mut bytes);
            file.write_all(&bytes).unwrap();
            ends.push(ends[ends.len() - 1] + bytes.len() as u64);
        }
        let whole = fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            fs::write(&cut_path, &whole[..cut]).unwrap();
            let (recovered, damaged) = Segment::recover(1, cut_path.clone(), 0).unwrap();
            match recovered {
                None => assert!((cut as u64) < start),
                Some(recovered) => {
                    let events = ends[1..].iter().filter(|end| **end <= cut as u64).count();
                    assert_eq!((recovered.events, recovered.end), (events as u64, ends[events]));
                    assert_eq!(damaged, cut as u64 - ends[events]);
                }
            }
        }
    }
}
