//! Why the embedded cluster could not start, and what to do about it.

use std::io;
use std::path::PathBuf;

/// A failure of the embedded cluster. Its text holds the cause and the remedy, so there is no `source()` to print again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// No server binaries in any of the usual places.
    #[error(
        "PostgreSQL {minimum} or newer is not installed{found}. Install it with `{install}`, or set DATABASE_URL to a \
         server that is already running"
    )]
    NotInstalled {
        /// The oldest major version that is accepted.
        minimum: u32,
        /// What was found instead, as a clause of the sentence; empty when nothing was.
        found: String,
        /// The command that installs it on this system.
        install: String,
    },

    /// The data folder was written by a major version that is not installed.
    #[error(
        "{} was written by PostgreSQL {major}, and the installed versions are {installed}. Install PostgreSQL {major}, \
         or dump with it and move the folder away to begin anew",
        data.display()
    )]
    OtherMajor {
        /// The folder of the cluster.
        data: PathBuf,
        /// The major version that wrote it.
        major: u32,
        /// The major versions that are installed.
        installed: String,
    },

    /// Running as root with no account to drop to.
    #[error(
        "PostgreSQL refuses to run as root and neither the account `postgres` nor `nobody` exists. Run acd as an \
         ordinary user, or create the account with `useradd --system postgres`"
    )]
    NoAccount,

    /// The folder belongs to an account that this system does not know.
    #[error(
        "{} belongs to user id {uid}, which has no account on this system. Give it to one with \
         `chown -R postgres {}`",
        path.display(), path.display()
    )]
    UnknownOwner {
        /// The folder of the cluster.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },

    /// The folder belongs to somebody else and this process may not act for them.
    #[error(
        "{} belongs to user id {owner} and acd runs as user id {ours}. Run acd as that user or as root, or choose \
         another folder with ACD_DATA_DIR",
        path.display()
    )]
    NotOurs {
        /// The folder of the cluster.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The user this process runs as.
        ours: u32,
    },

    /// The account that PostgreSQL runs as may not reach its folder.
    #[error(
        "user `{account}`, which PostgreSQL runs as, may not reach {}. Allow it with `chmod o+x` on the folders above, \
         or choose another folder with ACD_DATA_DIR",
        path.display()
    )]
    Unreachable {
        /// The folder of the cluster.
        path: PathBuf,
        /// The account name.
        account: String,
    },

    /// Something that is no cluster lies where the cluster belongs.
    #[error("{} is not a folder that acd made: {reason}. Move it away and start again", path.display())]
    Foreign {
        /// What lies in the way.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },

    /// `initdb` failed.
    #[error("initdb could not make a cluster in {}:\n{output}", path.display())]
    Initdb {
        /// The folder it was to fill.
        path: PathBuf,
        /// The last lines it wrote.
        output: String,
    },

    /// The server ended while it was starting.
    #[error("PostgreSQL ended while starting ({status}). The last lines of {}:\n{tail}", log.display())]
    Ended {
        /// How it ended.
        status: String,
        /// The log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },

    /// The server did not become ready in time.
    #[error(
        "PostgreSQL was not ready after {seconds} s. It may still be recovering: look at {} and start again. Its last \
         lines:\n{tail}",
        log.display()
    )]
    NotReady {
        /// How long it was waited for.
        seconds: u64,
        /// The log file.
        log: PathBuf,
        /// The last lines of the log.
        tail: String,
    },

    /// A process would not end.
    #[error(
        "PostgreSQL (process {pid}) did not stop. End it with `kill -9 {pid}`; the data recovers at the next start"
    )]
    NotStopped {
        /// The process id.
        pid: u32,
    },

    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {cause}. Check its owner, its mode and the free space, or set ACD_DATA_DIR", path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },

    /// A program could not be run.
    #[error("cannot run {}: {cause}. Check that the file is executable, or install PostgreSQL again", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// What the system said.
        cause: io::Error,
    },

    /// The server runs but would not answer.
    #[error("the embedded PostgreSQL did not answer while the database `{database}` was prepared: {cause}")]
    Sql {
        /// The database.
        database: String,
        /// What the driver said.
        cause: sqlx::Error,
    },

    /// The thread that looks after the server is gone.
    #[error(
        "the thread that looks after the embedded PostgreSQL ended early; start acd again and see its log for the cause"
    )]
    SupervisorGone,
}

impl EmbeddedError {
    pub(super) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::File { action, path, cause }
    }

    pub(super) fn run(program: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let program = program.into();
        move |cause| Self::Run { program, cause }
    }
}
