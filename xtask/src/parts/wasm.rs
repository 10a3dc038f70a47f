//! The client crates compile for WebAssembly, so that nothing native-only creeps in.

use super::Context;
use crate::{
    error::Error,
    report::Outcome,
    setup::{Compiler, Need},
    shell,
};

/// The crates that run in a browser, and their features that make sense there: no TLS, the browser brings its own.
const CRATES: [&str; 4] = ["acd-core", "acd-analytics", "acd-platform", "acd-sdk"];
const FEATURES: &str = "acd-core/reqwest,acd-analytics/client,acd-sdk/analytics,acd-sdk/platform";

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let compiler = Compiler::find().ok_or_else(|| Need::Wasm.missing())?;
    let mut command = compiler.check(&context.workspace);
    for name in CRATES {
        command.args(["-p", name]);
    }
    shell::run(command.args(["--no-default-features", "--features", FEATURES]))?;
    Ok(Outcome::Passed)
}
