//! The browser snippet in Chromium: a live server takes its events, the simulated Meta takes both copies.

use secrecy::ExposeSecret;

use super::{Context, meta::Simulator, npm};
use crate::{
    error::Error,
    report::Outcome,
    server::{self, Server},
    setup::{self, Need, Node},
    shell,
};

const FOLDER: &str = "bindings/pixel";
const PRODUCT: &str = "portal28";

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let workspace = &context.workspace;
    let folder = workspace.root.join(FOLDER);
    let node = Node::find(&setup::tools_folder(workspace)).ok_or_else(|| Need::Node.missing())?;
    let chromium = setup::chromium().ok_or_else(|| Need::Chromium.missing())?;
    node.install(&folder)?;
    shell::run(node.command(&folder).args(["node_modules/typescript/bin/tsc", "-p", "."]))?;
    shell::run(node.command(&folder).arg("build.mjs"))?;
    npm::check(workspace, &node, &[npm::pack(&folder, &workspace.target.join("pixel"))?])?;
    let simulator = Simulator::start(&server::build(workspace)?, &workspace.target)?;
    let settings = simulator.settings()?;
    let server =
        Server::start_with(workspace, "pixel", &settings.each_ref().map(|(name, value)| (*name, value.as_str())))?;
    let write_key = server.key(PRODUCT, &["events:write"])?;
    let manage_key = server.key(PRODUCT, &["events:read", "conversions:manage", "conversions:read"])?;
    let mut script = node.command(&folder);
    script
        .arg("--test")
        .env("ACD_URL", server.url())
        .env("ACD_WRITE_KEY", write_key.expose_secret())
        .env("ACD_MANAGE_KEY", manage_key.expose_secret())
        .env("META", &simulator.meta)
        .env("CHROMIUM", chromium);
    shell::run(&mut script)?;
    server.stop()?;
    Ok(Outcome::Passed)
}
