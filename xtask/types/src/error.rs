//! What keeps a type from being written in TypeScript.

use std::{io, path::PathBuf};

/// Why nothing was generated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A keyword or a combination of them that nothing is known about. Left out, it would make the schemas wrong.
    #[error("{at}: JSON Schema with {what}, which the generator does not know: teach it in xtask/types/src/shape")]
    Unknown { at: String, what: String },
    /// Reading and writing differ in more than what may be left out.
    #[error("{at}: what is read and what is written differ in more than which fields may be left out: {what}")]
    Contracts { at: String, what: String },
    /// Two types that JSON Schema takes for one.
    #[error("{one} and {other} have the same schema name: give one of them another `schema_id`")]
    SameSchema { one: String, other: String },
    /// A type that contains itself.
    #[error("{0} contains itself, which the generator does not know: teach it getters in xtask/types/src/render")]
    Recursive(String),
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The command line was not understood.
    #[error("usage: acd-types generate FOLDER | acd-types samples COUNT SEED FILE")]
    Usage,
}
