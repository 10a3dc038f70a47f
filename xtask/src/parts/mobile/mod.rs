//! The mobile library: small enough, its Kotlin works on the JVM against a live server, its Swift is Swift.

mod kotlin;
mod library;
mod python;
mod swift;

use secrecy::SecretString;

use super::Context;
use crate::{error::Error, report::Outcome, server::Server};

/// The product that the app belongs to.
const PRODUCT: &str = "portal28";
/// Signs the tokens of the users in the tests, and is known to one server that nobody else reaches.
const JWT_SECRET: &str = "the tests of the mobile library sign their users' tokens with this";

/// A server, with the keys of an app and of whoever looks at what became of its calls.
struct Live {
    url: String,
    write_key: SecretString,
    operator_key: SecretString,
}

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let workspace = &context.workspace;
    kotlin::version_is_the_workspaces(workspace)?;
    let library = library::build(workspace)?;
    library.check_size()?;
    swift::check(workspace, &library)?;
    library::check_for_phones(workspace)?;
    let server = Server::start_with(workspace, "mobile", &[("ACD_JWT_SECRET", JWT_SECRET)])?;
    let live = Live {
        url: server.url(),
        write_key: server.key(PRODUCT, &["events:write"])?,
        operator_key: server.key(PRODUCT, &["events:read", "users:read", "users:write"])?,
    };
    python::smoke(workspace, &library, &live)?;
    kotlin::test(workspace, &library, &live)?;
    server.stop()?;
    Ok(Outcome::Passed)
}
