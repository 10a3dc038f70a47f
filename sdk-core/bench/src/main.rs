//! acd-core beside what one would use in its place, in one run: `cargo xtask bench core`.

mod calls;
mod contenders;
mod server;
mod table;
mod upload;
mod webhook;

use std::error::Error;

/// Counts every allocation of the process. The server runs in another, so that only a client's own are counted.
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        None => {
            calls::run()?;
            webhook::run()?;
            // In a process of its own, whose memory nothing else has grown.
            let program = std::env::current_exe()?;
            let status = std::process::Command::new(program).arg("upload").status()?;
            if status.success() { Ok(()) } else { Err("the upload failed".into()) }
        }
        Some("upload") => upload::run(),
        Some("serve") => server::serve(),
        Some(other) => Err(format!("`{other}` is not a measurement: give none for all").into()),
    }
}
