//! Programs that only some features need.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Finding;

pub(super) fn look() -> Vec<Finding> {
    let mut findings = vec![
        program(
            "node",
            "20 or newer runs Segment's client and the JavaScript package",
            "apt-get install nodejs, or brew install node",
        ),
        program("npm", "installs what the JavaScript parts need", "apt-get install npm, or brew install node"),
        wasm_target(),
    ];
    if cfg!(target_os = "linux") {
        findings.push(program(
            "setpriv",
            "lets the embedded PostgreSQL end with an acd that was killed",
            "apt-get install util-linux",
        ));
    }
    findings
}

fn program(name: &'static str, purpose: &str, remedy: &str) -> Finding {
    match first_line(name, &["--version"]) {
        Some(version) => Finding::ok(name, version),
        None => Finding::optional(name, format!("not found; {purpose}"), remedy),
    }
}

fn wasm_target() -> Finding {
    let name = "wasm target";
    let target = ["--print", "target-libdir", "--target", "wasm32-unknown-unknown"];
    if first_line("rustc", &target).is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Finding::ok(name, "wasm32-unknown-unknown of rustc");
    }
    // Debian's compiler can build the library of the target from its sources.
    if Path::new("/usr/lib/rustlib").exists() && Path::new("/usr/bin/wasm-ld").exists() {
        return Finding::ok(name, "built with Debian's rustc-web");
    }
    Finding::optional(
        name,
        "not found; only building the browser package needs it",
        "rustup target add wasm32-unknown-unknown, or apt-get install rustc-web cargo-web rust-web-src lld",
    )
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_optional_and_says_how_to_get_it() {
        let finding = program("acd-no-such-program", "does nothing", "nowhere");
        assert!(matches!(finding.state, State::Optional(remedy) if remedy == "nowhere"));
        assert!(matches!(program("sh", "", "").state, State::Ok) || first_line("sh", &["--version"]).is_none());
    }
}
