//! `@acd/sdk`: built, small enough, makes calls and verifies webhooks under Node, against a running server too, and works
//! as a package, in every host that it names.

mod hosts;

use std::{
    fs,
    path::{Path, PathBuf},
};

use secrecy::ExposeSecret;

use super::{Context, meta::Simulator, npm, wasm};
use crate::{
    error::Error,
    report::Outcome,
    server::{self, Server},
    setup::{self, Compiler, Need, Node},
    shell,
    workspace::Workspace,
};

const FOLDER: &str = "bindings/wasm";
/// Its declarations are made of these.
const TYPES: &str = "bindings/types";
/// The modules: crate and library.
const MODULES: [(&str, &str); 4] = [
    ("acd-wasm", "acd_wasm"),
    ("acd-wasm-analytics", "acd_wasm_analytics"),
    ("acd-wasm-signing", "acd_wasm_signing"),
    ("acd-wasm-webhooks", "acd_wasm_webhooks"),
];
/// Of the workspace's manifest: the smallest code.
const PROFILE: &str = "wasm";
/// Tests that need no server but their own.
const TESTS: &[&str] = &[
    "tests/http.test.mjs",
    "tests/analytics.test.mjs",
    "tests/folder.test.mjs",
    "tests/exchange.test.mjs",
    "tests/webhooks.test.mjs",
    "tests/messages.test.mjs",
    "tests/meta-calls.test.mjs",
    "tests/meta-batch.test.mjs",
    "tests/meta-tasks.test.mjs",
    "tests/meta-render.test.mjs",
    "tests/signing.test.mjs",
    "tests/secrets.test.mjs",
    "tests/browser.test.mjs",
];
const SIZES: &str = "tests/size.test.mjs";
/// Against servers of their own and the simulated Meta.
const META: [&str; 3] = ["tests/meta.test.mjs", "tests/meta-simulated.test.mjs", "tests/uploads.test.mjs"];

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let workspace = &context.workspace;
    let compiler = Compiler::find().ok_or_else(|| Need::Wasm.missing())?;
    let node = Node::find(&setup::tools_folder(workspace)).ok_or_else(|| Need::Node.missing())?;
    let chromium = setup::chromium().ok_or_else(|| Need::Chromium.missing())?;
    let folder = build(workspace, &node, compiler)?;
    let mut tests = node.command(&folder);
    tests.arg("--test").args(TESTS).env("CHROMIUM", chromium);
    if compiler.has_source() {
        tests.arg(SIZES);
    } else {
        println!(
            "sizes are not judged: the standard library that came with the compiler is larger than the released one"
        );
    }
    shell::run(&mut tests)?;
    let simulator = Simulator::start(&server::build(workspace)?, &workspace.target)?;
    shell::run(node.command(&folder).arg("--test").args(META).env("META", &simulator.meta))?;
    live(context, &node, &folder)?;
    let project = made(workspace).join("stranger");
    try_as_a_stranger(workspace, &node, &folder, &project)?;
    hosts::run(workspace, &node, &folder, &project)?;
    Ok(Outcome::Passed)
}

/// Builds the package, and gives the folder that it is in the `dist` of.
pub(crate) fn build(workspace: &Workspace, node: &Node, compiler: Compiler) -> Result<PathBuf, Error> {
    let bound = made(workspace).join("bound");
    for (name, library) in MODULES {
        // One at a time: built together, each would have the features that the other asks of their dependencies.
        shell::run(compiler.build_small(workspace).args(["--lib", "--profile", PROFILE, "-p", name]))?;
        wasm::bind(workspace, "web", &compiler.module(workspace, PROFILE, library), &bound)?;
    }
    let types = workspace.root.join(TYPES);
    node.install(&types)?;
    shell::run(node.command(&types).arg("build.mjs"))?;
    let folder = workspace.root.join(FOLDER);
    node.install(&folder)?;
    shell::run(node.command(&folder).arg("build.mjs").arg(&bound))?;
    Ok(folder)
}

fn made(workspace: &Workspace) -> PathBuf {
    workspace.target.join("sdk")
}

/// Its calls against a running server.
fn live(context: &Context, node: &Node, folder: &Path) -> Result<(), Error> {
    let server = Server::start(&context.workspace, "sdk")?;
    let key = server.admin_key()?;
    let mut script = node.command(folder);
    script.args(["--test", "tests/live.test.mjs"]).env("ACD_URL", server.url()).env("ACD_KEY", key.expose_secret());
    shell::run(&mut script)?;
    server.stop()
}

/// Installs the packed package into an empty project, type-checks programs against it and runs them.
fn try_as_a_stranger(workspace: &Workspace, node: &Node, folder: &Path, project: &Path) -> Result<(), Error> {
    if project.exists() {
        fs::remove_dir_all(project).map_err(Error::file("remove", project))?;
    }
    fs::create_dir_all(project).map_err(Error::file("create", project))?;
    let files = folder.join("tests/stranger");
    for entry in fs::read_dir(&files).map_err(Error::file("read", &files))? {
        let path = entry.map_err(Error::file("read", &files))?.path();
        let target = project.join(path.file_name().unwrap_or_default());
        fs::copy(&path, &target).map_err(Error::file("write", target))?;
    }
    let archives = [npm::pack(&workspace.root.join(TYPES), project)?, npm::pack(&folder.join("dist"), project)?];
    npm::check(workspace, node, &archives)?;
    shell::run(&mut npm::install(project, &archives))?;
    let mut compiler = node.command(project);
    shell::run(compiler.arg(folder.join("node_modules/typescript/bin/tsc")).args(["-p", "."]))?;
    for script in ["module.mjs", "common.cjs"] {
        shell::run(node.command(project).arg(script))?;
    }
    Ok(())
}
