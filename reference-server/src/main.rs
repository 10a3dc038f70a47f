//! The `acd` command.

use std::process::ExitCode;

// Requests allocate and free many small pieces on several threads, which the system's allocator does at twice the cost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    acd_server::cli::main()
}
