//! Why migrations cannot be loaded or run.

use std::io;
use std::path::PathBuf;

use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use super::source::Migration;

/// A failure of the migration runner. Its text holds the cause and the remedy, so there is no `source()` to print again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// The folder of the setting cannot be read.
    #[error("migrations cannot be read from {}: {cause}. Correct ACD_MIGRATIONS_DIR or the file's mode", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },

    /// A file whose name or place says nothing.
    #[error("{file} is no migration: {reason}")]
    Misnamed {
        /// The file.
        file: String,
        /// What is wrong and what would be right.
        reason: &'static str,
    },

    /// Half of a pair is missing.
    #[error("{file} is missing: every migration needs both files, so that it can be reverted")]
    Unpaired {
        /// The file that should be there.
        file: String,
    },

    /// Two migrations of one number.
    #[error("{scope} has two migrations numbered {version:04}: {one} and {other}. Renumber the newer one")]
    Duplicate {
        /// `shared` or the product.
        scope: String,
        /// The number.
        version: i32,
        /// The name of one.
        one: String,
        /// The name of the other.
        other: String,
    },

    /// A number was left out.
    #[error("{scope} has a migration {found:04} but none numbered {missing:04}. Renumber them without a gap")]
    Gap {
        /// `shared` or the product.
        scope: String,
        /// The number that is missing.
        missing: i32,
        /// The number after it.
        found: i32,
    },

    /// An applied file was edited afterwards.
    #[error(
        "{migration} was changed after it was applied. Restore the file as it was, and put the change into a new \
         migration"
    )]
    Drift {
        /// The migration.
        migration: String,
    },

    /// The database is ahead of this program.
    #[error(
        "{migration} is applied to the database but unknown to this acd. Run the acd that applied it (or a newer \
         one), or set ACD_MIGRATIONS_DIR to the folder that holds it"
    )]
    Unknown {
        /// The migration.
        migration: String,
    },

    /// The ledger skips a number.
    #[error(
        "the ledger has {scope} {found:04} but not {missing:04} before it: rows of acd.migration were removed by hand. \
         Restore them"
    )]
    LedgerGap {
        /// `shared` or the product.
        scope: String,
        /// The number that is missing.
        missing: i32,
        /// The number after it.
        found: i32,
    },

    /// The target of `up` does not exist.
    #[error("there is no migration {target}; `acd migrate status` lists them")]
    NoSuchTarget {
        /// What was asked for.
        target: String,
    },

    /// The SQL of a migration failed. Nothing of it was kept.
    #[error("{file} failed{place} and was rolled back: {cause}. Correct it and run again")]
    Failed {
        /// The file.
        file: String,
        /// Where in it, as a clause of the sentence; empty when PostgreSQL did not say.
        place: String,
        /// What PostgreSQL said.
        cause: sqlx::Error,
    },

    /// A migration contains its own COMMIT or ROLLBACK.
    #[error(
        "{file} ended the transaction it runs in, so it may be half applied. Remove its BEGIN, COMMIT or ROLLBACK, and \
         undo by hand what it did"
    )]
    EndedTransaction {
        /// The file.
        file: String,
    },

    /// The database did not answer, or refused the ledger.
    #[error(
        "the ledger of migrations (acd.migration) cannot be used: {0}. The login role must own it, and may need CREATE on the database"
    )]
    Ledger(sqlx::Error),
}

impl MigrateError {
    pub(super) fn failed(migration: &Migration, direction: &str, sql: &str, cause: sqlx::Error) -> Self {
        let place = line_of(&cause, sql).map(|line| format!(" at line {line}")).unwrap_or_default();
        Self::Failed { file: migration.file(direction), place, cause }
    }
}

fn line_of(error: &sqlx::Error, sql: &str) -> Option<usize> {
    let error = error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?;
    match error.position()? {
        PgErrorPosition::Original(position) => {
            Some(1 + sql.chars().take(position.saturating_sub(1)).filter(|c| *c == '\n').count())
        }
        PgErrorPosition::Internal { .. } => None,
    }
}
