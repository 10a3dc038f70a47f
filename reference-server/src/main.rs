//! The `acd` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    acd_server::cli::main()
}
