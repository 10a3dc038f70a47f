//! The account that PostgreSQL runs as: our own, or an unprivileged one when we are root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::process::geteuid;

use super::EmbeddedError;

/// Accounts to drop to, best first.
const UNPRIVILEGED: [&str; 3] = ["postgres", "_postgres", "nobody"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// The account to drop to, none when we are not root. The owner of an existing folder is kept.
    pub(super) fn choose(home: &Path) -> Result<Option<Self>, EmbeddedError> {
        let owner = match fs::metadata(home) {
            Ok(metadata) => Some(metadata.uid()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(EmbeddedError::file("look at", home)(error)),
        };
        if !geteuid().is_root() {
            let ours = geteuid().as_raw();
            return match owner {
                Some(owner) if owner != ours => Err(EmbeddedError::NotOurs { path: home.to_path_buf(), owner, ours }),
                _ => Ok(None),
            };
        }
        let accounts = fs::read_to_string("/etc/passwd").map_err(EmbeddedError::file("read", "/etc/passwd"))?;
        let accounts: Vec<Self> = accounts.lines().filter_map(parse).collect();
        match owner {
            // Root's own folder is one that was made but not yet handed over.
            Some(uid) if uid != 0 => match accounts.into_iter().find(|account| account.uid == uid) {
                Some(account) => Ok(Some(account)),
                None => Err(EmbeddedError::UnknownOwner { path: home.to_path_buf(), uid }),
            },
            _ => unprivileged(&accounts).map(Some),
        }
    }
}

fn unprivileged(accounts: &[Account]) -> Result<Account, EmbeddedError> {
    UNPRIVILEGED
        .iter()
        .find_map(|name| accounts.iter().find(|account| account.name == *name && account.uid != 0))
        .cloned()
        .ok_or(EmbeddedError::NoAccount)
}

fn parse(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let mut numbers = fields.skip(1);
    Some(Account { name, uid: numbers.next()?.parse().ok()?, gid: numbers.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_is_preferred_to_nobody_and_root_is_never_taken() {
        let passwd =
            "postgres:x:0:0::/:/bin/sh\n# comment\nnobody:x:65534:65534:nobody:/:/bin/false\n_postgres:*:216:216::/:/";
        let accounts: Vec<_> = passwd.lines().filter_map(parse).collect();
        assert_eq!(unprivileged(&accounts).unwrap().name, "_postgres");
        assert!(matches!(unprivileged(&[]), Err(EmbeddedError::NoAccount)));
    }
}
