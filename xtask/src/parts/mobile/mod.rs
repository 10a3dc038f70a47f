//! The mobile library: small enough, its Kotlin works on the JVM against a live server, its Swift is Swift.

mod aar;
mod kotlin;
mod library;
mod python;
mod swift;
mod xcframework;

use secrecy::SecretString;

use super::Context;
use crate::{error::Error, report::Outcome, server::Server, workspace::Workspace};

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

/// What an app depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Package {
    /// An archive for Android; needs the Android NDK.
    Aar,
    /// A framework for iOS and its Swift package; needs Xcode.
    Xcframework,
}

/// Makes a package where its kit is installed.
pub(crate) fn package(workspace: &Workspace, package: Package) -> Result<(), Error> {
    let made = match package {
        Package::Aar => aar::make(workspace)?,
        Package::Xcframework => xcframework::make(workspace)?,
    };
    println!("{}", made.display());
    Ok(())
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
    if context.full {
        kotlin::compile_example(workspace, &library)?;
    }
    Ok(Outcome::Passed)
}
