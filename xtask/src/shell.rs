//! Running other programs: shown before they run, checked after.

use std::{
    env,
    ffi::OsStr,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::error::Error;

/// A command of `program` run in `dir`, without the library path that `cargo run` puts in front: it would make another
/// toolchain's compiler load this one's libraries.
pub(crate) fn command(program: impl AsRef<OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(dir)
        .stdin(Stdio::null())
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("DYLD_FALLBACK_LIBRARY_PATH");
    command
}

/// The cargo that started this program, or the one on `PATH`.
pub(crate) fn cargo(dir: &Path) -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), dir)
}

/// Prints and runs a command with its output shown; an error unless it exits with 0.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let shown = describe(command);
    println!("$ {shown}");
    let status = command.status().map_err(|source| start_error(command, source))?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: shown, status }) }
}

/// Prints a command and runs it with its output kept for the error; for programs that fill screens when all is well.
pub(crate) fn run_quietly(command: &mut Command) -> Result<(), Error> {
    println!("$ {}", describe(command));
    read(command).map(drop)
}

/// Runs a command unseen and gives what it wrote to standard output; an error unless it exits with 0.
pub(crate) fn read(command: &mut Command) -> Result<String, Error> {
    let output = command.output().map_err(|source| start_error(command, source))?;
    if !output.status.success() {
        let complaint = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
        return Err(Error::FailedWithOutput {
            command: describe(command),
            status: output.status,
            output: String::from_utf8_lossy(complaint).trim().to_owned(),
        });
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Error::Output { command: describe(command), detail: "not UTF-8".to_owned() })
}

/// The file of `program` in one of the folders of `PATH`.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The command line as a person would type it; the environment, which may hold secrets, is left out.
pub(crate) fn describe(command: &Command) -> String {
    let mut line = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    for argument in command.get_args() {
        // Writing to a String cannot fail.
        let _ = write!(line, " {}", argument.to_string_lossy());
    }
    line
}

fn start_error(command: &Command, source: std::io::Error) -> Error {
    Error::Start { program: command.get_program().to_string_lossy().into_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describes_without_folder_and_environment() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["check", "--workspace"]).env("ACD_TOKEN", "secret");
        assert_eq!(describe(&command), "cargo check --workspace");
    }

    #[test]
    fn failure_carries_the_programs_own_words() {
        let error = read(command("sh", Path::new("/")).args(["-c", "echo no such port >&2; exit 3"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("no such port") && text.contains('3'), "{text}");
    }

    #[test]
    fn unknown_program_is_named() {
        let error = run(&mut command("acd-no-such-program", Path::new("/"))).unwrap_err();
        assert!(error.to_string().contains("acd-no-such-program"), "{error}");
    }
}
