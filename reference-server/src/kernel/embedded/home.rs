//! Where the cluster lives on disk, and who may reach it.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::geteuid;
use sha2::{Digest, Sha256};

use super::account::Account;
use super::settings::PORT;
use super::{Binaries, EmbeddedError};

/// The longest path of a socket that every system takes (Linux 107 bytes, macOS 103).
const LONGEST_SOCKET_PATH: usize = 103;

/// Not the temp folder of the environment: processes with another TMPDIR must find the same socket.
const SHORT_PARENT: &str = "/tmp";

/// Where the cluster goes when root's data folder lies where no other account may go, such as under /root.
const SYSTEM_PARENT: &str = "/var/lib/acd";

/// The folder of one cluster, and the account that owns it.
#[derive(Clone, Debug)]
pub(super) struct Home {
    root: PathBuf,
    socket_dir: PathBuf,
    account: Option<Account>,
}

impl Home {
    /// Opens or makes the folder `postgres` in the data folder, owned by the account that PostgreSQL runs as. For the
    /// holder of the lock alone: two that make and move it would meet half-way.
    pub(super) fn prepare(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let link = data_dir.join("postgres");
        let account = Account::choose(&link)?;
        if fs::symlink_metadata(&link).is_err() {
            make_private(&link, account.as_ref())?;
        }
        let root = fs::canonicalize(&link).map_err(EmbeddedError::file("open", &link))?;
        own(&root, account.as_ref())?;
        Ok(Self::at(root, account))
    }

    /// The folder as the holder of the lock made it; none while it is not there, as when it is being moved.
    pub(super) fn find(data_dir: &Path) -> Result<Option<Self>, EmbeddedError> {
        let link = data_dir.join("postgres");
        match fs::canonicalize(&link) {
            Ok(root) => Ok(Some(Self::at(root, Account::choose(&link)?))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(EmbeddedError::file("open", &link)(error)),
        }
    }

    fn at(root: PathBuf, account: Option<Account>) -> Self {
        Self { socket_dir: socket_dir(&root), root, account }
    }

    /// Moves an empty folder to where the account can reach it, leaving a link behind.
    pub(super) fn make_reachable(self, data_dir: &Path, binaries: &Binaries) -> Result<Self, EmbeddedError> {
        let Some(account) = &self.account else { return Ok(self) };
        if reachable(&self.root, account, binaries)? {
            return Ok(self);
        }
        let unreachable = || EmbeddedError::Unreachable { path: self.root.clone(), account: account.name.clone() };
        let link = data_dir.join("postgres");
        if link.is_symlink() || fs::remove_dir(&link).is_err() {
            return Err(unreachable());
        }
        let root = system_home(&self.root, account)?;
        symlink(&root, &link).map_err(EmbeddedError::file("make the link", &link))?;
        if !reachable(&root, account, binaries)? {
            return Err(unreachable());
        }
        tracing::info!(
            folder = %root.display(),
            "PostgreSQL may not enter the data folder as `{}`: its files go here instead, behind a link",
            account.name
        );
        Self::prepare(data_dir)
    }

    /// Makes the folder of the socket, private to the account.
    pub(super) fn make_socket_dir(&self) -> Result<(), EmbeddedError> {
        let dir = &self.socket_dir;
        match fs::symlink_metadata(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make_private(dir, self.account.as_ref()),
            Err(error) => Err(EmbeddedError::file("look at", dir)(error)),
            // Anybody may write to /tmp: what lies there already must be ours.
            Ok(found) if !found.is_dir() => {
                Err(EmbeddedError::Foreign { path: dir.clone(), reason: "it is not a folder" })
            }
            Ok(found) if found.uid() != self.uid() => {
                Err(EmbeddedError::Foreign { path: dir.clone(), reason: "it belongs to another user" })
            }
            Ok(_) => set_private(dir),
        }
    }

    /// Removes the folder of the socket after the server has ended.
    pub(super) fn remove_socket_dir(&self) -> Result<(), EmbeddedError> {
        match fs::remove_dir_all(&self.socket_dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(EmbeddedError::file("remove", &self.socket_dir)(error))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.root.join("data").join("postmaster.pid")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// A command that runs as the account of the cluster, in a folder that it may read.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("LC_ALL", "C").stdin(Stdio::null());
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        // Its own group: Ctrl-C at the terminal is for acd, which drains before it stops the database.
        command.process_group(0);
        command
    }

    fn uid(&self) -> u32 {
        self.account.as_ref().map_or_else(|| geteuid().as_raw(), |account| account.uid)
    }
}

/// The major version that wrote the data, none when there is no cluster yet.
pub(super) fn data_major(data: &Path) -> Result<Option<u32>, EmbeddedError> {
    let path = data.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(major) => Ok(Some(major)),
            Err(_) => Err(EmbeddedError::Foreign { path, reason: "it holds no version of PostgreSQL" }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EmbeddedError::file("read", &path)(error)),
    }
}

fn socket_dir(root: &Path) -> PathBuf {
    let near = root.join("run");
    if near.as_os_str().len() + format!("/.s.PGSQL.{PORT}").len() <= LONGEST_SOCKET_PATH {
        return near;
    }
    Path::new(SHORT_PARENT).join(format!("acd-{}", fingerprint(root)))
}

fn fingerprint(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn make_private(dir: &Path, account: Option<&Account>) -> Result<(), EmbeddedError> {
    fs::DirBuilder::new().mode(0o700).create(dir).map_err(EmbeddedError::file("make the folder", dir))?;
    own(dir, account)
}

fn own(dir: &Path, account: Option<&Account>) -> Result<(), EmbeddedError> {
    if let Some(account) = account {
        chown(dir, Some(account.uid), Some(account.gid)).map_err(EmbeddedError::file("change the owner of", dir))?;
    }
    set_private(dir)
}

fn set_private(dir: &Path) -> Result<(), EmbeddedError> {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).map_err(EmbeddedError::file("change the mode of", dir))
}

/// Tries it rather than reading modes, so that access lists and mounts count as well.
fn reachable(dir: &Path, account: &Account, binaries: &Binaries) -> Result<bool, EmbeddedError> {
    let program = binaries.program("postgres");
    let mut probe = Command::new(&program);
    probe.arg("--version").uid(account.uid).gid(account.gid).current_dir(dir).stdout(Stdio::null());
    match probe.status() {
        Ok(status) => Ok(status.success()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(EmbeddedError::run(program)(error)),
    }
}

/// A fresh folder: one that an earlier data folder of the same path left behind is never taken up again.
fn system_home(wanted: &Path, account: &Account) -> Result<PathBuf, EmbeddedError> {
    let parent = Path::new(SYSTEM_PARENT);
    fs::create_dir_all(parent).map_err(EmbeddedError::file("make the folder", parent))?;
    let name = fingerprint(wanted);
    for number in 1u32.. {
        let root = parent.join(format!("{name}-{number}"));
        match make_private(&root, Some(account)) {
            Err(EmbeddedError::File { cause, .. }) if cause.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
            Ok(()) => return Ok(root),
        }
    }
    Err(EmbeddedError::Unreachable { path: wanted.to_path_buf(), account: account.name.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_gets_a_short_socket_that_every_process_agrees_on() {
        assert_eq!(socket_dir(Path::new("/srv/app/.acd/postgres")), Path::new("/srv/app/.acd/postgres/run"));
        let long = PathBuf::from(format!("/srv/{}/postgres", "x".repeat(100)));
        let short = socket_dir(&long);
        assert!(short.join(format!(".s.PGSQL.{PORT}")).as_os_str().len() <= LONGEST_SOCKET_PATH);
        assert_eq!(short, socket_dir(&long));
        assert_ne!(short, socket_dir(&long.join("other")));
    }

    #[test]
    fn a_folder_of_somebody_else_in_the_temp_folder_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("run");
        symlink("/etc", &dir).unwrap();
        let home = Home { root: parent.path().to_path_buf(), socket_dir: dir, account: None };
        assert!(matches!(home.make_socket_dir(), Err(EmbeddedError::Foreign { .. })));
    }
}
