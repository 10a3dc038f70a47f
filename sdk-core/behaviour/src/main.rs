//! Starts the server and runs the command given after it with the address in `ACD_BEHAVIOUR_URL`; ends as it does.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: acd-behaviour COMMAND [ARGUMENT]...");
        return ExitCode::FAILURE;
    };
    let url = match acd_behaviour::server::start().await {
        Ok(url) => url,
        Err(error) => {
            eprintln!("error: the server found no port to listen on: {error}");
            return ExitCode::FAILURE;
        }
    };
    match tokio::process::Command::new(&program).args(arguments).env("ACD_BEHAVIOUR_URL", url).status().await {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: cannot start {}: {error}", program.display());
            ExitCode::FAILURE
        }
    }
}
