//! Somebody else's SDK in a process of its own, spoken to in lines.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Result;

/// A script that answers each line with one of its own, and ends when there are no more.
#[derive(Debug)]
pub(crate) struct Rival {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Rival {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or("the script has no output")?;
        let input = process.stdin.take();
        Ok(Self { process, input, output: BufReader::new(output) })
    }

    pub(crate) fn tell(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().ok_or("the script was told to end")?;
        Ok(writeln!(input, "{line}")?)
    }

    pub(crate) fn ask(&mut self, line: &str) -> Result<String> {
        self.tell(line)?;
        let mut answer = String::new();
        if self.output.read_line(&mut answer)? == 0 {
            return Err("the script ended: `cargo xtask bench meta` installs what it needs".into());
        }
        Ok(answer.trim().to_owned())
    }

    pub(crate) fn end(mut self) -> Result<()> {
        drop(self.input.take());
        let status = self.process.wait()?;
        if status.success() { Ok(()) } else { Err(format!("the script ended with {status}").into()) }
    }
}

/// One that was not told to end belongs to a measurement that failed.
impl Drop for Rival {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left to do.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}
