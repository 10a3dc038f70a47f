//! The client crates compile for WebAssembly, so that nothing native-only creeps in, and behave under Node as they do
//! natively.

use std::path::Path;

use super::Context;
use crate::{
    error::Error,
    report::Outcome,
    setup::{self, Compiler, Need, Node},
    shell,
    workspace::Workspace,
};

/// The crates that run in a browser, and their features that make sense there: no TLS, the browser brings its own.
const CRATES: [&str; 6] = ["acd-core", "acd-analytics", "acd-meta", "acd-platform", "acd-testing", "acd-sdk"];
const FEATURES: &str = "acd-core/fetch,acd-analytics/store,acd-sdk/analytics,acd-sdk/meta,acd-sdk/platform";

/// The suite of behaviours that also runs natively, among the tests of the part `rust`.
const SUITE: &str = "acd-behaviour";
const SUITE_LIBRARY: &str = "acd_behaviour";
const SUITE_SCRIPT: &str = "sdk-core/behaviour/node.mjs";

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let compiler = Compiler::find().ok_or_else(|| Need::Wasm.missing())?;
    let mut command = compiler.cargo(&context.workspace, "check");
    for name in CRATES {
        command.args(["-p", name]);
    }
    shell::run(command.args(["--no-default-features", "--features", FEATURES]))?;
    behave(context, compiler)?;
    Ok(Outcome::Passed)
}

/// Runs the suite as a module under Node against a server that runs natively.
fn behave(context: &Context, compiler: Compiler) -> Result<(), Error> {
    let workspace = &context.workspace;
    let node = Node::find(&setup::tools_folder(workspace)).ok_or_else(|| Need::Node.missing())?;
    shell::run(compiler.cargo(workspace, "build").args(["--lib", "-p", SUITE]))?;
    let package = workspace.target.join(SUITE);
    bind(workspace, "nodejs", &compiler.module(workspace, "debug", SUITE_LIBRARY), &package)?;
    let mut suite = workspace.cargo();
    suite.args(["run", "--quiet", "-p", SUITE, "--"]).arg(node.program()).arg(SUITE_SCRIPT).arg(&package);
    shell::run(&mut suite)
}

/// Generates the JavaScript around a module, for a host that `acd-bindgen` knows.
pub(super) fn bind(workspace: &Workspace, host: &str, module: &Path, folder: &Path) -> Result<(), Error> {
    let mut bindgen = workspace.cargo();
    bindgen.args(["run", "--quiet", "-p", "acd-bindgen", "--", host]);
    shell::run(bindgen.arg(module).arg(folder))
}
