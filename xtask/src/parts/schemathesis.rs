//! Requests generated from the OpenAPI document, valid and broken ones, against a live server: no server error, no reply
//! that the document does not describe.

use secrecy::{ExposeSecret, SecretString};

use super::{Context, openapi::DOCUMENT};
use crate::{
    error::Error,
    report::Outcome,
    server::Server,
    setup::{python_environment, tools_folder},
    shell,
};

const FOLDER: &str = "reference-server/tests/schemathesis";
/// The product whose key tries everything but what ends keys.
const PRODUCT: &str = "portal28";
/// All that a product's key can have, so that requests get past the door.
const SCOPES: [&str; 21] = [
    "events:write",
    "events:read",
    "persons:read",
    "users:read",
    "users:write",
    "assets:read",
    "assets:write",
    "keys:read",
    "keys:write",
    "consents:read",
    "consents:write",
    "ads:read",
    "ads:write",
    "leads:read",
    "audiences:read",
    "audiences:write",
    "attribution:read",
    "attribution:write",
    "jobs:read",
    "jobs:write",
    "jobs:work",
];
/// The product whose key makes, rotates and revokes keys.
const KEYS_PRODUCT: &str = "waitlistlab";

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let workspace = &context.workspace;
    let folder = workspace.root.join(FOLDER);
    let programs = python_environment(&tools_folder(workspace).join("schemathesis"), &folder.join("requirements.txt"))?;
    let server = Server::start(workspace, "schemathesis")?;
    let generate = |key: &SecretString, selection: &[&str]| {
        // In the target folder, because it leaves a database of examples where it runs.
        let mut command = shell::command(programs.join("schemathesis"), &workspace.target);
        command.arg("--config-file").arg(folder.join("schemathesis.toml")).arg("run");
        command.arg(workspace.root.join(DOCUMENT)).args(["--url", &server.url()]).args(selection);
        shell::run(command.env("ACD_KEY", key.expose_secret()))
    };
    // Ids found in one reply are tried in other requests. A key that can find itself would soon have revoked itself, and
    // all after that would be 401: keys are ended by one that cannot list them, in a product of its own.
    generate(&server.key(PRODUCT, &SCOPES)?, &["--exclude-path-regex", "^/v1/keys/"])?;
    let key = server.key(KEYS_PRODUCT, &["keys:write", "events:write"])?;
    generate(&key, &["--include-path-regex", "^/v1/keys", "--exclude-method", "GET"])?;
    server.stop()?;
    Ok(Outcome::Passed)
}
