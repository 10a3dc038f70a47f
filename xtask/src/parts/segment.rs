//! Segment's own Node client, unmodified and pointed at a live server, delivers every kind of call.

use secrecy::ExposeSecret;

use super::Context;
use crate::{
    error::Error,
    report::Outcome,
    server::Server,
    setup::{self, Need, Node},
    shell,
};

/// The folder of the client and the script that drives it.
pub(crate) const FOLDER: &str = "reference-server/tests/segment";
const PRODUCT: &str = "portal28";

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let folder = context.workspace.root.join(FOLDER);
    let node = Node::find(&setup::tools_folder(&context.workspace)).ok_or_else(|| Need::Node.missing())?;
    node.install(&folder)?;
    let server = Server::start(&context.workspace, "segment")?;
    let write_key = server.key(PRODUCT, &["events:write"])?;
    let read_key = server.key(PRODUCT, &["events:read"])?;
    let mut script = node.command(&folder);
    script
        .arg("--test")
        .env("ACD_URL", server.url())
        .env("ACD_WRITE_KEY", write_key.expose_secret())
        .env("ACD_READ_KEY", read_key.expose_secret());
    shell::run(&mut script)?;
    server.stop()?;
    Ok(Outcome::Passed)
}
