//! Exchanges with a real server, written down without secrets and played back.

mod body;
mod difference;
mod exchange;
mod json;
mod recorder;
mod replay;
mod sanitiser;

use std::fs;
use std::path::Path;

use acd_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use exchange::Exchange;
pub use recorder::Recorder;
pub use replay::{Order, Replay};
pub use sanitiser::Sanitiser;

/// The form of the file. A file in another form is refused rather than misread.
const FORMAT: u32 = 1;

/// Recorded exchanges, in the order in which their requests were sent. As a file it is indented JSON that is the same for
/// the same exchanges, so that a recording made anew shows what the server changed.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cassette {
    format: u32,
    exchanges: Vec<Exchange>,
}

impl Cassette {
    fn new(exchanges: Vec<Exchange>) -> Self {
        Self { format: FORMAT, exchanges }
    }

    /// Reads a file that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when there is no such file or when it is no cassette.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|cause| {
            refused(format!("the cassette {} cannot be read: record it first", path.display())).with_source(cause)
        })?;
        Self::from_json(&text)
    }

    /// Writes the file, and its folder when there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Environment`] when it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let text = self.to_json()?;
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        folder.and_then(|()| fs::write(path, text)).map_err(|cause| {
            let what = format!("the cassette {} cannot be written", path.display());
            Error::new(ErrorKind::Environment, what).with_source(cause)
        })
    }

    /// The cassette that this text is.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it is none.
    pub fn from_json(text: &str) -> Result<Self> {
        let cassette: Self = serde_json::from_str(text)
            .map_err(|cause| refused("the cassette is not understood: record it anew").with_source(cause))?;
        if cassette.format != FORMAT {
            return Err(refused(format!("the cassette has the format {}: record it anew", cassette.format)));
        }
        Ok(cassette)
    }

    /// The cassette as text.
    ///
    /// # Errors
    /// [`ErrorKind::Environment`] when it cannot be written as JSON, which a cassette of ours always can.
    pub fn to_json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self).map_err(|cause| {
            Error::new(ErrorKind::Environment, "the cassette cannot be written as JSON").with_source(cause)
        })?;
        Ok(text + "\n")
    }

    /// How many exchanges it holds.
    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }
}

fn refused(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, what.into())
}
