//! `cargo xtask bench`: the measurements of docs/benchmarks.md.

use std::{collections::BTreeSet, time::Instant};

use crate::{
    error::Error,
    parts::{
        meta::{self, Simulator},
        mobile, sdk,
    },
    server,
    setup::{self, Compiler, Need, Node},
    shell,
    workspace::Workspace,
};

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Bench {
    /// Events per second into the server beside bare PostgreSQL, in one run on one cluster.
    Ingest,
    /// One ad account shared by greedy products on two replicas, beside naive retry on the same simulator; the attribution
    /// report beside a bare scan of the rows it touches; and conversions for Meta accepted per second, beside events.
    Hub,
    /// Jobs a second and the wait for a job, beside the official graphile-worker for Node.js on the same cluster.
    Jobs,
    /// A call through the pipeline beside the HTTP clients one would use in its place, a webhook verified beside the bare
    /// HMAC, a large upload's memory, and what the crate takes to build.
    Core,
    /// A user normalised and hashed, a campaign created, 10,000 ads read and an hour under a limit, beside Meta's official
    /// SDKs for Node and Python.
    Meta,
    /// The cost of one `track()` in the client beside serialising the same event.
    Track,
    /// `@acd/sdk` under Node: loading beside a bare start, a call beside a bare `fetch`, webhooks beside stripe-node; and then
    /// the mobile library.
    Bindings,
    /// The mobile library from Kotlin: an event beside Rust, a call beside java.net.http and OkHttp.
    Mobile,
}

/// Builds optimised and runs one measurement with its output shown.
pub(crate) fn run(workspace: &Workspace, what: Bench) -> Result<(), Error> {
    let (package, names, needs) = match what {
        Bench::Core => return core(workspace),
        Bench::Meta => return meta(workspace),
        Bench::Jobs => return jobs(workspace),
        Bench::Bindings => return bindings(workspace).and_then(|()| mobile::bench::run(workspace)),
        Bench::Mobile => return mobile::bench::run(workspace),
        Bench::Hub => ("acd-server", &["hub", "attribution", "conversions"][..], BTreeSet::from([Need::Postgres])),
        Bench::Ingest => ("acd-server", &["ingest"][..], BTreeSet::from([Need::Postgres])),
        Bench::Track => ("acd-analytics", &["track"][..], BTreeSet::new()),
    };
    if let Some((_, error)) = setup::ensure(&needs, workspace).pop_first() {
        return Err(error);
    }
    let mut bench = workspace.cargo();
    bench.args(["bench", "-p", package]);
    for name in names {
        bench.args(["--bench", name]);
    }
    shell::run(&mut bench)
}

/// The official SDKs and the simulator run in processes of their own; the SDKs are started and driven by the program that
/// measures both sides.
fn meta(workspace: &Workspace) -> Result<(), Error> {
    if let Some((_, error)) = setup::ensure(&BTreeSet::from([Need::Node, Need::Python]), workspace).pop_first() {
        return Err(error);
    }
    let node = Node::find(&setup::tools_folder(workspace)).ok_or_else(|| Need::Node.missing())?;
    node.install(&workspace.root.join("sdk-meta/bench/node"))?;
    let python = meta::python(workspace)?;
    let simulator = Simulator::start(&server::build(workspace)?, &workspace.target)?;
    let mut bench = workspace.cargo();
    bench.args(["bench", "-p", "acd-meta", "--bench", "meta"]);
    bench.env("ACD_BENCH_NODE", node.program()).env("ACD_BENCH_PYTHON", python);
    shell::run(bench.env("ACD_BENCH_META", &simulator.meta))
}

/// The package as it would be published, measured by a script beside it.
fn bindings(workspace: &Workspace) -> Result<(), Error> {
    if let Some((_, error)) = setup::ensure(&BTreeSet::from([Need::Node, Need::Wasm]), workspace).pop_first() {
        return Err(error);
    }
    let node = Node::find(&setup::tools_folder(workspace)).ok_or_else(|| Need::Node.missing())?;
    let compiler = Compiler::find().ok_or_else(|| Need::Wasm.missing())?;
    let folder = sdk::build(workspace, &node, compiler)?.join("bench");
    node.install(&folder)?;
    shell::run(node.command(&folder).arg("run.mjs"))
}

/// The official worker runs in a process of its own, started and driven by the program that measures both.
fn jobs(workspace: &Workspace) -> Result<(), Error> {
    if let Some((_, error)) = setup::ensure(&BTreeSet::from([Need::Node, Need::Postgres]), workspace).pop_first() {
        return Err(error);
    }
    let node = Node::of_today(&setup::tools_folder(workspace))?;
    node.install(&workspace.root.join("reference-server/benches/jobs-node"))?;
    let mut bench = workspace.cargo();
    bench.args(["bench", "-p", "acd-server", "--bench", "jobs"]).env("ACD_BENCH_NODE", node.program());
    shell::run(&mut bench)
}

/// The package with the rivals, which is no member of the workspace, and then the build of the crate itself.
fn core(workspace: &Workspace) -> Result<(), Error> {
    let manifest = workspace.root.join("sdk-core/bench/Cargo.toml");
    let folder = workspace.target.join("bench-core");
    let mut rivals = workspace.cargo();
    rivals.args(["run", "--release", "--locked", "--manifest-path"]).arg(manifest).env("CARGO_TARGET_DIR", &folder);
    shell::run(&mut rivals)?;
    let mut tree = workspace.cargo();
    tree.args(["tree", "-p", "acd-core", "--edges", "normal", "--prefix", "none", "--no-dedupe"]);
    let tree = shell::read(&mut tree)?;
    let crates: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(" (").next()).collect();
    println!("acd-core with its default features stands on {} crates", crates.len() - 1);
    let build = || {
        let mut build = workspace.cargo();
        build.args(["build", "-p", "acd-core"]).env("CARGO_INCREMENTAL", "0");
        build
    };
    shell::run(&mut build())?;
    let mut times = Vec::new();
    for _ in 0..5 {
        shell::run(workspace.cargo().args(["clean", "-q", "-p", "acd-core"]))?;
        let start = Instant::now();
        shell::run(&mut build())?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    println!(
        "cargo build -p acd-core from warm dependencies: {:.1} s (median of {})",
        times[2].as_secs_f64(),
        times.len()
    );
    Ok(())
}
