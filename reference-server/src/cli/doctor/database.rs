//! The database that the settings lead to.

use sqlx::{Connection, PgConnection, Row};

use super::{Finding, PATIENCE};
use crate::cli::Context;
use crate::kernel::embedded::binaries::{MINIMUM_MAJOR, install_command};
use crate::kernel::embedded::{EmbeddedCluster, EmbeddedError};
use crate::kernel::migrate::{Migrator, State};

const NAME: &str = "PostgreSQL";
const MIGRATIONS: &str = "migrations";

pub(super) async fn look(context: &Context) -> Vec<Finding> {
    if context.config.database_url.is_some() {
        return connected(context).await;
    }
    let data_dir = &context.config.data_dir;
    match EmbeddedCluster::installed_for(data_dir) {
        Ok(binaries) => {
            let found = Finding::ok(NAME, format!("{} in {}", binaries.version, binaries.dir.display()));
            if EmbeddedCluster::exists(data_dir) {
                let mut findings = vec![found];
                findings.extend(connected(context).await);
                return findings;
            }
            vec![found, Finding::ok(MIGRATIONS, "`acd serve` makes the embedded database and applies them")]
        }
        Err(error) => {
            let remedy = match &error {
                EmbeddedError::NotInstalled { .. } => install_command().to_owned(),
                _ => "see above, or set DATABASE_URL to a server that is already running".to_owned(),
            };
            vec![Finding::missing(NAME, error.to_string(), remedy)]
        }
    }
}

async fn connected(context: &Context) -> Vec<Finding> {
    let unreachable = |why: String| {
        vec![Finding::missing("database", why, "start it, correct DATABASE_URL, or unset it for an embedded one")]
    };
    let session = match context.connect().await {
        Ok(session) => session,
        Err(error) => return unreachable(error.to_string()),
    };
    // Not through the pool, which hides why it cannot connect.
    let options = session.db.pool().connect_options();
    let mut findings = match tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await {
        Err(_) => unreachable(format!("no answer within {} s", PATIENCE.as_secs())),
        Ok(Err(error)) => unreachable(error.to_string()),
        Ok(Ok(connection)) => vec![version(connection).await],
    };
    if findings.iter().all(|finding| matches!(finding.state, super::State::Ok)) {
        findings.push(migrations(context, session.db.pool()).await);
    }
    if let Err(error) = session.close().await {
        findings.push(Finding::missing("database", error.to_string(), "see above"));
    }
    findings
}

async fn version(mut connection: PgConnection) -> Finding {
    // In one round trip: a pooler may give each its own connection.
    let sql = "select current_setting('server_version_num'), current_setting('server_version')";
    let row = sqlx::raw_sql(sql).fetch_one(&mut connection).await;
    match row.and_then(|row| Ok((row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?))) {
        Ok((number, version)) if number.parse::<u32>().is_ok_and(|number| number / 10_000 >= MINIMUM_MAJOR) => {
            Finding::ok("database", format!("answers, PostgreSQL {version}"))
        }
        Ok((_, version)) => Finding::missing(
            "database",
            format!("PostgreSQL {version} is too old"),
            format!("upgrade it to {MINIMUM_MAJOR} or newer"),
        ),
        Err(error) => Finding::missing("database", error.to_string(), "see the message"),
    }
}

async fn migrations(context: &Context, pool: &sqlx::PgPool) -> Finding {
    let status = match Migrator::new(context.config.migrations_dir.as_deref()) {
        Ok(migrator) => migrator.status(pool).await,
        Err(error) => Err(error),
    };
    let all = match status {
        Ok(all) => all,
        Err(error) => return Finding::missing(MIGRATIONS, error.to_string(), "see the message"),
    };
    let count = |wanted: fn(&State) -> bool| all.iter().filter(|status| wanted(&status.state)).count();
    let pending = count(|state| matches!(state, State::Pending));
    match count(|state| matches!(state, State::Drifted { .. } | State::Unknown { .. })) {
        0 if pending == 0 => Finding::ok(MIGRATIONS, format!("all {} applied", all.len())),
        0 => Finding::ok(MIGRATIONS, format!("{pending} of {} pending; `acd serve` applies them", all.len())),
        wrong => Finding::missing(
            MIGRATIONS,
            format!("{wrong} applied ones do not fit the files"),
            "`acd migrate status` shows which, `acd migrate up` says how to mend it",
        ),
    }
}
