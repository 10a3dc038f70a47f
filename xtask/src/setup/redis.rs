//! Redis: 7 or newer, whose clusters are told of all their slots by one command.

use std::path::Path;

use super::packages::Packages;
use crate::shell;

const OLDEST: u32 = 7;

pub(crate) const PACKAGES: Packages = Packages {
    apt: &["redis-server"],
    brew: &["redis"],
    otherwise: "Install Redis 7 or newer and put redis-server on PATH",
};

pub(crate) fn found() -> bool {
    let version = shell::read(shell::command("redis-server", Path::new("/")).arg("--version"));
    version.is_ok_and(|text| major(&text).is_some_and(|major| major >= OLDEST))
}

/// The 7 of `Redis server v=7.0.15 sha=00000000:0 …`.
fn major(text: &str) -> Option<u32> {
    text.split_once("v=")?.1.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version() {
        assert_eq!(major("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64\n"), Some(7));
        assert_eq!(major("something else"), None);
    }
}
