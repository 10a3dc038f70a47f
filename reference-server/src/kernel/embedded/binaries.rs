//! Finding the PostgreSQL server that is installed.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::EmbeddedError;

/// The oldest PostgreSQL that acd works with.
pub const MINIMUM_MAJOR: u32 = 15;

/// Folders that hold one folder of binaries a version, as `(parent, prefix of the version folder, rest)`.
const VERSIONED: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// One installed PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// The folder that holds `postgres` and `initdb`.
    pub dir: PathBuf,
    /// The major version, such as 15.
    pub major: u32,
    /// The whole version, such as `15.14`.
    pub version: String,
}

impl Binaries {
    /// Every installed server: those on `PATH` first, then the usual folders, newest first.
    pub fn installed() -> Vec<Self> {
        let mut seen = BTreeSet::new();
        candidates().into_iter().filter(|dir| seen.insert(dir.clone())).filter_map(Self::probe).collect()
    }

    /// The server to use: the one of `major` when the data was written by it, otherwise the first that is new enough.
    ///
    /// # Errors
    /// [`EmbeddedError::NotInstalled`] with the command that installs one.
    pub fn find(major: Option<u32>, data: &Path) -> Result<Self, EmbeddedError> {
        choose(&Self::installed(), major, data)
    }

    /// The path of one of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn probe(dir: PathBuf) -> Option<Self> {
        if !dir.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(dir.join("postgres")).arg("--version").stderr(Stdio::null()).output().ok()?;
        let (major, version) = parse_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { dir, major, version })
    }
}

/// The command that installs PostgreSQL on this system.
pub fn install_command() -> &'static str {
    if cfg!(target_os = "macos") {
        return "brew install postgresql@17";
    }
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let family = |name: &str| {
        release.lines().any(|line| (line.starts_with("ID=") || line.starts_with("ID_LIKE=")) && line.contains(name))
    };
    match () {
        () if family("debian") || family("ubuntu") => "sudo apt-get install -y postgresql",
        () if family("fedora") || family("rhel") => "sudo dnf install -y postgresql-server",
        () if family("alpine") => "sudo apk add postgresql",
        () if family("arch") => "sudo pacman -S postgresql",
        () if family("suse") => "sudo zypper install postgresql-server",
        () => "your package manager (the package is usually named postgresql)",
    }
}

fn candidates() -> Vec<PathBuf> {
    let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    // A link such as /usr/local/bin/postgres points at the folder that also holds initdb and the shared files.
    let on_path =
        on_path.iter().filter_map(|dir| fs::canonicalize(dir.join("postgres")).ok()?.parent().map(Path::to_path_buf));
    on_path.chain(VERSIONED.iter().flat_map(|(parent, prefix, rest)| versioned(parent, prefix, rest))).collect()
}

fn versioned(parent: &str, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.trim_start_matches('@');
            let dir = fs::canonicalize(entry.path().join(rest)).ok()?;
            Some((version.parse().unwrap_or(0), dir))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, dir)| dir).collect()
}

fn choose(installed: &[Binaries], major: Option<u32>, data: &Path) -> Result<Binaries, EmbeddedError> {
    let chosen = match major {
        Some(major) => installed.iter().find(|found| found.major == major),
        None => installed.iter().find(|found| found.major >= MINIMUM_MAJOR),
    };
    if let Some(found) = chosen {
        return Ok(found.clone());
    }
    let versions = installed.iter().map(|found| found.version.as_str()).collect::<Vec<_>>().join(", ");
    match major {
        Some(major) if !installed.is_empty() => {
            Err(EmbeddedError::OtherMajor { data: data.to_path_buf(), major, installed: versions })
        }
        _ => Err(EmbeddedError::NotInstalled {
            minimum: MINIMUM_MAJOR,
            found: if versions.is_empty() { versions } else { format!(" (found {versions})") },
            install: install_command().to_owned(),
        }),
    }
}

/// Reads `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`, and `17beta2` too.
fn parse_version(line: &str) -> Option<(u32, String)> {
    let version = line.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    Some((version.get(..digits)?.parse().ok()?, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(version: &str) -> Binaries {
        let (major, version) = parse_version(&format!("postgres (PostgreSQL) {version}")).unwrap();
        Binaries { dir: PathBuf::from(format!("/pg/{version}")), major, version }
    }

    #[test]
    fn version_lines_of_distributions_are_read() {
        let debian = parse_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n");
        assert_eq!(debian, Some((15, "15.14".to_owned())));
        assert_eq!(parse_version("postgres (PostgreSQL) 17beta2"), Some((17, "17beta2".to_owned())));
        assert_eq!(parse_version("bash: postgres: command not found"), None);
    }

    #[test]
    fn the_first_new_enough_server_is_chosen() {
        let installed = [server("13.9"), server("16.4"), server("17.1")];
        assert_eq!(choose(&installed, None, Path::new("/d")).unwrap().version, "16.4");
    }

    #[test]
    fn existing_data_decides_the_major_version() {
        let installed = [server("16.4"), server("15.3")];
        assert_eq!(choose(&installed, Some(15), Path::new("/d")).unwrap().version, "15.3");
        let error = choose(&installed, Some(14), Path::new("/d")).unwrap_err().to_string();
        assert!(error.contains("/d was written by PostgreSQL 14") && error.contains("16.4, 15.3"), "{error}");
    }

    #[test]
    fn a_missing_server_names_the_command_that_installs_it() {
        let error = choose(&[server("13.9")], None, Path::new("/d")).unwrap_err().to_string();
        assert!(error.contains("PostgreSQL 15 or newer is not installed (found 13.9)"), "{error}");
        assert!(error.contains(install_command()), "{error}");
    }
}
