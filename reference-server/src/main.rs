//! The `acd` command.

use std::process::ExitCode;

// Requests allocate and free many small pieces on several threads; malloc was a tenth of the server's time under load.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    acd_server::cli::main()
}
