//! Comparing the files with the ledger. Decides, and touches nothing.

use std::collections::BTreeMap;

use super::ledger::Applied;
use super::source::Migration;
use super::{MigrateError, State, Status, Target};

/// Refuses to go on when files and ledger do not tell the same story.
pub(super) fn verify(migrations: &[Migration], ledger: &[Applied]) -> Result<(), MigrateError> {
    let mut by_scope: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for applied in ledger {
        match find(migrations, applied) {
            None => return Err(MigrateError::Unknown { migration: applied.to_string() }),
            Some(migration) if !same(migration, applied) => {
                return Err(MigrateError::Drift { migration: applied.to_string() });
            }
            Some(_) => by_scope.entry(applied.scope.as_str()).or_default().push(applied.version),
        }
    }
    for (scope, mut versions) in by_scope {
        versions.sort_unstable();
        if let Some((missing, found)) = (1..).zip(versions).find(|(expected, found)| expected != found) {
            return Err(MigrateError::LedgerGap { scope: scope.to_owned(), missing, found });
        }
    }
    Ok(())
}

/// The first migration that is not applied yet and not beyond the target.
pub(super) fn next<'a>(
    migrations: &'a [Migration],
    ledger: &[Applied],
    target: Option<&Target>,
) -> Result<Option<&'a Migration>, MigrateError> {
    if let Some(target) = target
        && !migrations.iter().any(|migration| migration.scope == target.scope && migration.version == target.version)
    {
        return Err(MigrateError::NoSuchTarget { target: target.to_string() });
    }
    let pending = |migration: &&Migration| !ledger.iter().any(|applied| applied.is(migration));
    Ok(migrations.iter().filter(|migration| target.is_none_or(|target| target.covers(migration))).find(pending))
}

/// The files and the ledger side by side: files in order, then what only the ledger knows.
pub(super) fn status(migrations: &[Migration], ledger: &[Applied]) -> Vec<Status> {
    let known = migrations.iter().map(|migration| Status {
        scope: migration.scope.to_string(),
        version: migration.version,
        name: migration.name.clone(),
        state: match ledger.iter().find(|applied| applied.is(migration)) {
            None => State::Pending,
            Some(applied) if same(migration, applied) => {
                State::Applied { at: applied.applied_at, took: applied.took() }
            }
            Some(applied) => State::Drifted { at: applied.applied_at },
        },
    });
    let unknown = ledger.iter().filter(|applied| find(migrations, applied).is_none()).map(|applied| Status {
        scope: applied.scope.clone(),
        version: applied.version,
        name: applied.name.clone(),
        state: State::Unknown { at: applied.applied_at },
    });
    known.chain(unknown).collect()
}

pub(super) fn find<'a>(migrations: &'a [Migration], applied: &Applied) -> Option<&'a Migration> {
    migrations.iter().find(|migration| applied.is(migration))
}

fn same(migration: &Migration, applied: &Applied) -> bool {
    applied.checksum == migration.checksum
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::super::source::Scope;
    use super::*;

    fn file(scope: Scope, version: i32) -> Migration {
        Migration { scope, version, name: "n".into(), checksum: [0; 32], up: String::new(), down: String::new() }
    }

    fn row(scope: &str, version: i32, checksum: u8) -> Applied {
        Applied {
            scope: scope.into(),
            version,
            name: "n".into(),
            checksum: vec![checksum; 32],
            applied_at: DateTime::UNIX_EPOCH,
            took_ms: 1,
        }
    }

    fn files() -> Vec<Migration> {
        let pct = Scope::Product("pct".into());
        vec![file(Scope::Shared, 1), file(Scope::Shared, 2), file(pct.clone(), 1), file(pct, 2)]
    }

    #[test]
    fn every_disagreement_has_its_own_error() {
        let verify = |rows: &[Applied]| verify(&files(), rows).map_err(|error| error.to_string());
        assert_eq!(verify(&[row("shared", 1, 0), row("pct", 1, 0)]), Ok(()));
        assert!(verify(&[row("shared", 1, 9)]).unwrap_err().contains("shared/0001_n was changed after"));
        assert!(verify(&[row("shared", 3, 0)]).unwrap_err().contains("shared/0003_n is applied"));
        assert!(verify(&[row("gone", 1, 0)]).unwrap_err().contains("unknown to this acd"));
        assert!(verify(&[row("shared", 2, 0)]).unwrap_err().contains("shared 0002 but not 0001"));
    }

    #[test]
    fn a_target_leaves_out_what_comes_after_it() {
        let files = files();
        let next = |rows: &[Applied], target: Option<&str>| {
            let target = target.map(|text| text.parse::<Target>().unwrap());
            next(&files, rows, target.as_ref()).map(|found| found.map(ToString::to_string)).map_err(|e| e.to_string())
        };
        assert_eq!(next(&[], None), Ok(Some("shared/0001_n".into())));
        assert_eq!(next(&[row("shared", 1, 0)], Some("1")), Ok(None));
        let shared = [row("shared", 1, 0), row("shared", 2, 0)];
        assert_eq!(next(&shared, Some("shared/2")), Ok(None));
        assert_eq!(next(&shared, None), Ok(Some("pct/0001_n".into())));
        assert_eq!(next(&shared[..1], Some("pct/1")), Ok(Some("shared/0002_n".into())));
        assert!(next(&[], Some("pct/7")).unwrap_err().contains("no migration pct/0007"));
    }

    #[test]
    fn the_status_shows_files_and_what_only_the_ledger_knows() {
        let rows = [row("shared", 1, 0), row("shared", 2, 9), row("gone", 1, 0)];
        let states: Vec<&str> = status(&files(), &rows).iter().map(|status| status.state.as_str()).collect();
        assert_eq!(states, ["applied", "drifted", "pending", "pending", "unknown"]);
    }
}
