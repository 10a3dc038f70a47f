//! The minimum Rust version in Cargo.toml is true: the tests run with it, or the workspace is checked with it.

use std::path::Path;

use super::Context;
use crate::{error::Error, report::Outcome, shell};

/// A Rust release: major and minor.
type Release = (u32, u32);

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let stated = stated(context)?;
    let mut command = shell::command("rustc", &context.workspace.root);
    let text = shell::read(command.arg("--version"))?;
    let running = text.split_whitespace().nth(1).and_then(release).ok_or_else(|| Error::Output {
        command: shell::describe(&command),
        detail: format!("no version in {text:?}"),
    })?;
    let ((major, minor), (running_major, running_minor)) = (stated, running);
    if running == stated {
        println!("every part runs with Rust {running_major}.{running_minor}, which is the stated minimum");
        return Ok(Outcome::Passed);
    }
    if running < stated {
        return Err(Error::Check(format!(
            "Rust {running_major}.{running_minor} is older than the stated minimum {major}.{minor}: rustup update stable"
        )));
    }
    let Some(toolchain) = installed(stated) else {
        return Ok(Outcome::Skipped(format!(
            "Rust {major}.{minor}, the stated minimum, is not installed: rustup toolchain install {major}.{minor}"
        )));
    };
    let mut check = shell::command("rustup", &context.workspace.root);
    check.args(["run", &toolchain, "cargo", "check", "--workspace", "--all-targets", "--all-features"]);
    // cargo would hand the running toolchain's name down, and rustup obey it.
    shell::run(check.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC"))?;
    Ok(Outcome::Passed)
}

/// What the crates promise; one promise for all.
fn stated(context: &Context) -> Result<Release, Error> {
    let mut versions: Vec<Option<&str>> =
        context.workspace.packages.iter().map(|package| package.rust_version.as_deref()).collect();
    versions.dedup();
    match versions.as_slice() {
        [Some(version)] => {
            release(version).ok_or_else(|| Error::Check(format!("no version: rust-version = {version}")))
        }
        _ => Err(Error::Check("every crate must have `rust-version.workspace = true`".to_owned())),
    }
}

/// The name of an installed toolchain of that release; none without rustup.
fn installed(wanted: Release) -> Option<String> {
    let list = shell::read(shell::command("rustup", Path::new("/")).args(["toolchain", "list"])).ok()?;
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| name.split('-').next().and_then(release) == Some(wanted)).map(str::to_owned).next()
}

/// The 1 and 95 of `1.95` or `1.95.0`.
fn release(version: &str) -> Option<Release> {
    let mut numbers = version.split(['.', '-']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_releases() {
        assert_eq!(release("1.95"), Some((1, 95)));
        assert_eq!(release("1.97.0-nightly"), Some((1, 97)));
        assert_eq!(release("stable"), None);
        assert!(release("1.100.0") > release("1.95.0"));
    }
}
