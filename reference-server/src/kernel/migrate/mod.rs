//! The migration runner: shared tables first, then each product's own, every one reversible and applied once.
//!
//! Files are pairs, `shared/NNNN_name.up.sql` and `.down.sql`, or `products/SLUG/…` for the tables of one product, which
//! live in the schema of its slug. Each migration runs in a transaction of its own together with its row in the ledger
//! `acd.migration`; a lock of that transaction makes replicas that start at once take turns. What cannot run inside a
//! transaction (`CREATE INDEX CONCURRENTLY`) is not for migrations.

mod error;
mod ledger;
mod plan;
mod source;

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

pub use error::MigrateError;
pub use source::{Migration, Scope};

/// Up to which migration to go: `3`, `shared/3` or `blogcanvas/1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whose migration it is.
    pub scope: Scope,
    /// Its number.
    pub version: i32,
}

impl Target {
    /// A product's target needs all shared migrations, and none of another product.
    fn covers(&self, migration: &Migration) -> bool {
        if migration.scope == self.scope { migration.version <= self.version } else { migration.scope == Scope::Shared }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:04}", self.scope, self.version)
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scope, version) = text.split_once('/').unwrap_or(("shared", text));
        let version = version.parse().map_err(|_| "must be a number, or SCOPE/NUMBER such as shared/3".to_owned())?;
        Ok(Self { scope: scope.parse::<Scope>().map_err(str::to_owned)?, version })
    }
}

/// A migration and whether it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// `shared`, or the product's slug.
    pub scope: String,
    /// Its number.
    pub version: i32,
    /// Its name.
    pub name: String,
    /// Whether it is applied.
    pub state: State,
}

/// Whether a migration is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    Applied {
        /// Since when.
        at: DateTime<Utc>,
        /// How long it took.
        took: Duration,
    },
    /// Not yet.
    Pending,
    /// It is, but the file was changed since.
    Drifted {
        /// Since when it is applied.
        at: DateTime<Utc>,
    },
    /// It is, but there is no such file.
    Unknown {
        /// Since when it is applied.
        at: DateTime<Utc>,
    },
}

impl State {
    /// One word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Applied { .. } => "applied",
            Self::Pending => "pending",
            Self::Drifted { .. } => "drifted",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// A set of migrations that can be applied to a database.
#[derive(Clone, Debug)]
pub struct Migrator {
    migrations: Vec<Migration>,
}

impl Migrator {
    /// The migrations of the binary and, from a folder outside, further ones under `products/SLUG/`.
    ///
    /// # Errors
    /// When a file is misnamed, lacks its other half, or numbers repeat or leave a gap.
    pub fn new(outside: Option<&Path>) -> Result<Self, MigrateError> {
        Ok(Self { migrations: source::load(outside)? })
    }

    /// All migrations in the order in which they run.
    pub fn migrations(&self) -> &[Migration] {
        &self.migrations
    }

    /// Applies what is pending, up to the target when there is one, and returns what this call applied.
    ///
    /// # Errors
    /// When the ledger does not fit the files, or a migration fails; those applied before it stay.
    pub async fn up(&self, pool: &PgPool, to: Option<&Target>) -> Result<Vec<Migration>, MigrateError> {
        let mut done = Vec::new();
        loop {
            let mut tx = pool.begin().await.map_err(MigrateError::Ledger)?;
            let ledger = locked(&mut tx).await?;
            plan::verify(&self.migrations, &ledger)?;
            let Some(migration) = plan::next(&self.migrations, &ledger, to)? else {
                tx.commit().await.map_err(MigrateError::Ledger)?;
                return Ok(done);
            };
            let begin = Instant::now();
            execute(&mut tx, migration, "up", &migration.up).await?;
            ledger::insert(&mut tx, migration, begin.elapsed()).await.map_err(MigrateError::Ledger)?;
            tx.commit().await.map_err(|error| MigrateError::failed(migration, "up", &migration.up, error))?;
            tracing::info!(%migration, took = ?begin.elapsed(), "migration applied");
            done.push(migration.clone());
        }
    }

    /// Reverts the last `steps` applied migrations, latest first, and returns them.
    ///
    /// # Errors
    /// As [`up`](Self::up); those reverted before the failing one stay reverted.
    pub async fn down(&self, pool: &PgPool, steps: usize) -> Result<Vec<Migration>, MigrateError> {
        let mut done = Vec::new();
        while done.len() < steps {
            let mut tx = pool.begin().await.map_err(MigrateError::Ledger)?;
            let ledger = locked(&mut tx).await?;
            plan::verify(&self.migrations, &ledger)?;
            let Some(migration) = ledger.last().and_then(|last| plan::find(&self.migrations, last)) else { break };
            execute(&mut tx, migration, "down", &migration.down).await?;
            ledger::delete(&mut tx, migration).await.map_err(MigrateError::Ledger)?;
            tx.commit().await.map_err(|error| MigrateError::failed(migration, "down", &migration.down, error))?;
            tracing::info!(%migration, "migration reverted");
            done.push(migration.clone());
        }
        Ok(done)
    }

    /// Every migration and whether it is applied. Changes nothing, and works without a ledger.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn status(&self, pool: &PgPool) -> Result<Vec<Status>, MigrateError> {
        let mut tx = pool.begin().await.map_err(MigrateError::Ledger)?;
        let ledger = ledger::read(&mut tx).await.map_err(MigrateError::Ledger)?;
        tx.commit().await.map_err(MigrateError::Ledger)?;
        Ok(plan::status(&self.migrations, &ledger))
    }
}

async fn locked(connection: &mut PgConnection) -> Result<Vec<ledger::Applied>, MigrateError> {
    ledger::lock(connection).await.map_err(MigrateError::Ledger)?;
    ledger::create(connection).await.map_err(MigrateError::Ledger)?;
    ledger::read(connection).await.map_err(MigrateError::Ledger)
}

async fn execute(
    connection: &mut PgConnection,
    migration: &Migration,
    direction: &str,
    sql: &str,
) -> Result<(), MigrateError> {
    let begun_in = ledger::transaction_id(connection).await.map_err(MigrateError::Ledger)?;
    let prepare = match &migration.scope {
        Scope::Shared => "set local search_path = public".to_owned(),
        // A slug is made of letters, digits and underscores: see `Scope`.
        Scope::Product(slug) => {
            format!("create schema if not exists \"{slug}\"; set local search_path = \"{slug}\", public")
        }
    };
    let failed = |error| MigrateError::failed(migration, direction, sql, error);
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.map_err(failed)?;
    // Audited by being part of the binary, or of a folder that the operator of the server names.
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.map_err(failed)?;
    if ledger::transaction_id(connection).await.map_err(MigrateError::Ledger)? != begun_in {
        return Err(MigrateError::EndedTransaction { file: migration.file(direction) });
    }
    Ok(())
}
