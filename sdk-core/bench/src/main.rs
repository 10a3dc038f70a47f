//! acd-core beside what one would use in its place, in one run: `cargo xtask bench core`.

mod calls;
mod contenders;
mod server;
mod table;

use std::error::Error;

/// Counts every allocation of the process. The server runs in another, so that only a client's own are counted.
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        None => calls::run(),
        Some("serve") => server::serve(),
        Some(other) => Err(format!("`{other}` is not a measurement: give none for all").into()),
    }
}
