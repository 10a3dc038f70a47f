//! PostgreSQL's server programs and the pooler, where distributions put them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::packages::Packages;
use crate::shell;

/// The oldest PostgreSQL the server runs on.
const OLDEST: u32 = 15;

pub(crate) const SERVER: Packages = Packages {
    apt: &["postgresql"],
    brew: &["postgresql@17"],
    otherwise: "Install PostgreSQL 15 or newer with its server programs (initdb, postgres) and put them on PATH",
};

pub(crate) const PGBOUNCER: Packages =
    Packages { apt: &["pgbouncer"], brew: &["pgbouncer"], otherwise: "Install pgbouncer and put it on PATH" };

/// Folders that hold one folder a version, none of which is on `PATH`.
const VERSION_FOLDERS: [&str; 4] =
    ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/Applications/Postgres.app/Contents/Versions"];

pub(crate) fn server_found() -> bool {
    let on_path = shell::which("postgres");
    on_path.into_iter().chain(installed()).any(|postgres| is_recent(&postgres))
}

pub(crate) fn pgbouncer_found() -> bool {
    // Debian puts it where only root's PATH looks.
    shell::which("pgbouncer").is_some() || Path::new("/usr/sbin/pgbouncer").is_file()
}

fn installed() -> impl Iterator<Item = PathBuf> {
    VERSION_FOLDERS.iter().flat_map(|folder| {
        // A folder that is not there is one of another system.
        let versions = fs::read_dir(folder).into_iter().flatten().flatten();
        versions.map(|version| version.path().join("bin/postgres")).filter(|file| file.is_file())
    })
}

fn is_recent(postgres: &Path) -> bool {
    let complete = postgres.with_file_name("initdb").is_file();
    let version = shell::read(shell::command(postgres, Path::new("/")).arg("--version"));
    complete && version.is_ok_and(|text| major(&text).is_some_and(|major| major >= OLDEST))
}

/// The 17 of `postgres (PostgreSQL) 17.2 (Debian 17.2-1)`.
fn major(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("something else"), None);
    }
}
