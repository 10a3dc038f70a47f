//! acd-meta beside Meta's official SDKs, in one run: `cargo xtask bench meta`.
//!
//! Both sides of a row are measured in turns, so that whatever else the machine does falls on both.

mod clock;
mod create;
mod hashing;
mod limits;
mod paging;
mod rival;
mod simulator;
mod table;

use std::error::Error;
use std::ffi::OsString;
use std::process::Command;

use simulator::Simulator;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Where the other sides are.
struct Settings {
    node: OsString,
    python: OsString,
    /// What `acd simulate` printed of its Meta.
    meta: Option<String>,
}

impl Settings {
    fn from_env() -> Self {
        let program = |name, default: &str| std::env::var_os(name).unwrap_or_else(|| default.into());
        Self {
            node: program("ACD_BENCH_NODE", "node"),
            python: program("ACD_BENCH_PYTHON", "python3"),
            meta: std::env::var("ACD_BENCH_META").ok(),
        }
    }

    fn node(&self, script: &str) -> Command {
        self.script(&self.node, "bench/node", script)
    }

    fn python(&self, script: &str) -> Command {
        self.script(&self.python, "bench/python", script)
    }

    fn script(&self, program: &OsString, folder: &str, script: &str) -> Command {
        let mut command = Command::new(program);
        command.arg(script).current_dir(format!("{}/{folder}", env!("CARGO_MANIFEST_DIR")));
        if let Some(meta) = &self.meta {
            command.env("META", meta);
        }
        command
    }

    fn simulator(&self) -> Result<Simulator> {
        let meta = self.meta.as_deref().ok_or(
            "ACD_BENCH_META is not set: run `cargo xtask bench meta`, which starts `acd simulate --meta` and gives what \
             it prints",
        )?;
        Simulator::new(meta)
    }
}

fn main() -> Result<()> {
    let settings = Settings::from_env();
    // Cargo adds `--bench` by itself.
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let is_asked = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    if is_asked("hashing") {
        hashing::run(&settings)?;
    }
    // One thread: what the process uses is then what the calls cost.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if is_asked("create") {
        runtime.block_on(create::run(&settings))?;
    }
    if is_asked("paging") {
        runtime.block_on(paging::run(&settings))?;
    }
    if is_asked("limits") {
        runtime.block_on(limits::run(&settings))?;
    }
    Ok(())
}
