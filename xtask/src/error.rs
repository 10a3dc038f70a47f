//! What can go wrong in a developer command, each with its remedy.

use std::{io, path::PathBuf, process::ExitStatus};

/// A failed step of a developer command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The program could not be started at all.
    #[error("cannot start `{program}`: {source}. Install it or put it on PATH")]
    Start { program: String, source: io::Error },
    /// The program ran and reported failure; its own output says why.
    #[error("`{command}` failed ({status}); its output above says why")]
    Failed { command: String, status: ExitStatus },
    /// The program ran, failed, and its output was captured instead of shown.
    #[error("`{command}` failed ({status}): {output}")]
    FailedWithOutput { command: String, status: ExitStatus, output: String },
    /// Something the machine lacks and that could not be installed from here.
    #[error("{what} is missing. {remedy}")]
    Missing { what: &'static str, remedy: String },
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    /// A program printed something other than its documented output.
    #[error("unexpected output of `{command}`: {detail}")]
    Output { command: String, detail: String },
    /// The server under test did not come up or did not go down.
    #[error("{detail}\n--- end of {} ---\n{tail}", log.display())]
    Server { detail: String, log: PathBuf, tail: String },
    /// A check found something wrong with the repository.
    #[error("{0}")]
    Check(String),
}

impl Error {
    /// Adapter for `map_err` on file operations.
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}
