//! The mobile library: small enough, its Kotlin works on the JVM against a live server and is packed as for Android, its
//! Swift is Swift. With `--full` its types hold on Android and iOS, and the example for Android compiles.

mod aar;
pub(crate) mod bench;
mod kotlin;
mod library;
mod python;
mod swift;
mod xcframework;

use std::{panic::resume_unwind, path::PathBuf, thread};

use secrecy::SecretString;

use self::library::Library;
use super::{Context, meta::Simulator};
use crate::{
    error::Error,
    report::Outcome,
    server::{self, Server},
    workspace::Workspace,
};

/// The product that the app belongs to.
const PRODUCT: &str = "portal28";
/// Signs the tokens of the users in the tests, and is known to one server that nobody else reaches.
const JWT_SECRET: &str = "the tests of the mobile library sign their users' tokens with this";

/// What whoever looks at the calls of the tests has to see and to set up.
const OPERATOR_SCOPES: [&str; 6] =
    ["events:read", "users:read", "users:write", "persons:read", "conversions:manage", "conversions:read"];

/// A server, with the keys of an app and of whoever looks at what became of its calls.
struct Live {
    url: String,
    write_key: SecretString,
    operator_key: SecretString,
    /// The simulated Meta, as it describes itself.
    meta: String,
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
    let (library, program) = built(workspace)?;
    library.check_size()?;
    swift::check(workspace, &library)?;
    let simulator = Simulator::start(&program, &workspace.target)?;
    let meta = simulator.settings()?;
    let mut settings = vec![("ACD_JWT_SECRET", JWT_SECRET)];
    settings.extend(meta.iter().map(|(name, value)| (*name, value.as_str())));
    let server = Server::start_with(workspace, "mobile", &settings)?;
    let live = Live {
        url: server.url(),
        write_key: server.key(PRODUCT, &["events:write"])?,
        operator_key: server.key(PRODUCT, &OPERATOR_SCOPES)?,
        meta: simulator.meta.clone(),
    };
    python::smoke(workspace, &library, &live)?;
    let compiled = kotlin::test(workspace, &library, &live)?;
    server.stop()?;
    aar::try_packing(workspace, &library, &compiled)?;
    if context.full {
        library::check_for_phones(workspace)?;
        kotlin::compile_example(workspace, &library)?;
    }
    Ok(Outcome::Passed)
}

/// The library, and the server that its calls are made to. The library is optimised as a whole, for which the compiler uses one
/// processor for a minute: the others build the server meanwhile, in another folder of cargo's.
fn built(workspace: &Workspace) -> Result<(Library, PathBuf), Error> {
    thread::scope(|scope| {
        let program = scope.spawn(|| server::build(workspace));
        let library = library::build(workspace);
        let program = program.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok((library?, program?))
    })
}
