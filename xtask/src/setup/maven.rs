//! Maven with a JDK, for the Kotlin of the mobile library.

use std::path::Path;

use super::packages::Packages;
use crate::shell;

pub(crate) const PACKAGES: Packages = Packages {
    apt: &["default-jdk-headless", "maven"],
    brew: &["openjdk@17", "maven"],
    otherwise: "Install a JDK 17 or newer and Maven 3.8 or newer and put mvn on PATH",
};

/// The oldest JDK that compiles and runs the tests.
const OLDEST_JDK: u32 = 17;

pub(crate) fn found() -> bool {
    // Maven says which Java it runs on, which need not be the one on `PATH`.
    shell::which("mvn").is_some()
        && shell::read(shell::command("mvn", Path::new("/")).args(["--batch-mode", "--version"]))
            .is_ok_and(|text| java(&text).is_some_and(|major| major >= OLDEST_JDK))
}

/// The 17 of a line `Java version: 17.0.15, vendor: Debian, …`.
fn java(text: &str) -> Option<u32> {
    let version = text.lines().find_map(|line| line.strip_prefix("Java version: "))?;
    version.split(['.', ',']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_java() {
        let text =
            "Apache Maven 3.8.7\nMaven home: /usr/share/maven\nJava version: 17.0.15, vendor: Debian, runtime: x\n";
        assert_eq!(java(text), Some(17));
        assert_eq!(java("Java version: 21, vendor: x"), Some(21));
        assert_eq!(java("Java version: 1.8.0_402, vendor: x"), Some(1));
        assert_eq!(java(""), None);
    }
}
