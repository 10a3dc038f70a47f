//! Coverage-guided tests of every parser that sees bytes from outside. libFuzzer is compiled in and the coverage counters
//! are the stable compiler's own, so that neither a nightly compiler nor another program is needed.

use std::{fs, path::Path};

use super::Context;
use crate::{error::Error, report::Outcome, shell};

/// The folder of the targets: a workspace of its own.
const FOLDER: &str = "fuzz";

/// How long each target runs, in seconds; the second with `--full`.
const SECONDS: [u32; 2] = [5, 60];

/// What libFuzzer expects to be compiled in: counters for edges, their table, and the operands of comparisons.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let workspace = &context.workspace;
    let folder = workspace.root.join(FOLDER);
    let host = host(&folder)?;
    let built = workspace.target.join(FOLDER);
    let mut build = shell::cargo(&folder);
    // Not locked: the lock file would have to follow every dependency of the crates under test. Naming the target keeps the
    // flags away from build scripts and macros, which have no fuzzer to talk to.
    build.args(["build", "--release", "--bins", "--target", &host]);
    shell::run(build.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", &built).env("CARGO_INCREMENTAL", "0"))?;
    let seconds = SECONDS[usize::from(context.full)];
    for name in targets(&folder)? {
        let found = built.join("corpus").join(&name);
        fs::create_dir_all(&found).map_err(Error::file("create", &found))?;
        let mut fuzz = shell::command(built.join(&host).join("release").join(&name), &folder);
        // What is found grows the first corpus; the second holds the seeds and is only read.
        fuzz.arg(&found).arg(folder.join("corpus").join(&name));
        fuzz.arg(format!("-artifact_prefix={}/{name}-", built.display()));
        fuzz.args([format!("-max_total_time={seconds}").as_str(), "-timeout=10", "-rss_limit_mb=2048", "-verbosity=0"]);
        // Its dictionary of useful words fills screens; when it finds something, all of it is shown.
        shell::run_quietly(&mut fuzz)?;
    }
    Ok(Outcome::Passed)
}

/// The triple of this machine.
fn host(folder: &Path) -> Result<String, Error> {
    let mut command = shell::command("rustc", folder);
    let text = shell::read(command.arg("-vV"))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Error::Output {
        command: shell::describe(&command),
        detail: "it does not name its host".to_owned(),
    })
}

/// The names of the targets, one a file.
fn targets(folder: &Path) -> Result<Vec<String>, Error> {
    let files = folder.join("src/bin");
    let entries = fs::read_dir(&files).map_err(Error::file("read", &files))?;
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| stem(&entry.path())).collect();
    names.sort();
    if names.is_empty() {
        return Err(Error::Check(format!("{} holds no fuzz target", files.display())));
    }
    Ok(names)
}
