//! The browser snippet in Chromium: a live server takes its events, the simulated Meta takes both copies.

use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{Context, meta::Simulator};
use crate::{
    error::Error,
    report::Outcome,
    server::{self, Server},
    setup::{self, Need, Node},
    shell,
};

const FOLDER: &str = "bindings/pixel";
const PRODUCT: &str = "portal28";

/// What the simulator prints of itself.
#[derive(Deserialize)]
struct Meta {
    url: String,
    world: World,
}

#[derive(Deserialize)]
struct World {
    access_token: String,
    app_secret: String,
}

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let workspace = &context.workspace;
    let folder = workspace.root.join(FOLDER);
    let node = Node::find(&setup::tools_folder(workspace)).ok_or_else(|| Need::Node.missing())?;
    let chromium = setup::chromium().ok_or_else(|| Need::Chromium.missing())?;
    node.install(&folder)?;
    shell::run(node.command(&folder).args(["node_modules/typescript/bin/tsc", "-p", "."]))?;
    shell::run(node.command(&folder).arg("build.mjs"))?;
    let simulator = Simulator::start(&server::build(workspace)?, &workspace.target)?;
    let Meta { url, world } = serde_json::from_str(&simulator.meta).map_err(|error| Error::Output {
        command: "acd simulate --meta".to_owned(),
        detail: format!("{error} in the member meta"),
    })?;
    let settings = [
        ("META_BASE_URL", url.as_str()),
        ("META_ACCESS_TOKEN", &world.access_token),
        ("META_APP_SECRET", &world.app_secret),
    ];
    let server = Server::start_with(workspace, "pixel", &settings)?;
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
