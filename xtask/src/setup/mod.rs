//! What a command needs on the machine: looked for first, installed when it can be, otherwise named exactly.

mod chromium;
mod components;
mod cxx;
mod maven;
mod node;
mod packages;
mod phones;
mod postgres;
mod python;
mod redis;
mod wasm;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use self::packages::{Manager, Packages};
pub(crate) use self::{
    chromium::find as chromium, node::Node, phones::check as check_for_phone,
    python::environment as python_environment, wasm::Compiler,
};
use crate::{error::Error, workspace::Workspace};

/// Something a part of the tests runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// rustfmt and clippy of the running toolchain.
    Components,
    /// The server programs of PostgreSQL, for the private cluster.
    Postgres,
    /// The transaction pooler that the server must work behind.
    Pgbouncer,
    /// Redis, for the nonces of signed calls.
    Redis,
    /// Node.js and npm.
    Node,
    /// A Chromium that runs without a screen.
    Chromium,
    /// Python 3 able to make virtual environments.
    Python,
    /// Maven with a JDK.
    Maven,
    /// A C++ compiler, for libFuzzer.
    Cxx,
    /// A compiler with a standard library, or the source of one, for WebAssembly.
    Wasm,
}

impl Need {
    fn name(self) -> &'static str {
        match self {
            Self::Components => "rustfmt or clippy",
            Self::Postgres => "PostgreSQL 15 or newer (server programs)",
            Self::Pgbouncer => "pgbouncer",
            Self::Redis => "redis-server",
            Self::Node => "Node.js 20 or newer with npm",
            Self::Chromium => "Chromium",
            Self::Python => "Python 3 with venv",
            Self::Maven => "Maven with a JDK 17 or newer",
            Self::Cxx => "a C++ compiler",
            Self::Wasm => "a Rust compiler for wasm32-unknown-unknown",
        }
    }

    fn is_met(self, tools: &Path) -> bool {
        match self {
            Self::Components => components::found(),
            Self::Postgres => postgres::server_found(),
            Self::Pgbouncer => postgres::pgbouncer_found(),
            Self::Redis => redis::found(),
            Self::Node => Node::find(tools).is_some(),
            Self::Chromium => chromium::find().is_some(),
            Self::Python => python::found(),
            Self::Maven => maven::found(),
            Self::Cxx => cxx::found(),
            Self::Wasm => Compiler::find().is_some(),
        }
    }

    /// The error that names it and how to get it.
    pub(crate) fn missing(self) -> Error {
        Error::Missing { what: self.name(), remedy: self.packages().otherwise.to_owned() }
    }

    fn packages(self) -> Packages {
        match self {
            Self::Components => Packages { apt: &[], brew: &[], otherwise: components::REMEDY },
            Self::Postgres => postgres::SERVER,
            Self::Pgbouncer => postgres::PGBOUNCER,
            Self::Redis => redis::PACKAGES,
            Self::Node => node::PACKAGES,
            Self::Chromium => chromium::PACKAGES,
            Self::Python => python::PACKAGES,
            Self::Maven => maven::PACKAGES,
            Self::Cxx => cxx::PACKAGES,
            Self::Wasm => wasm::PACKAGES,
        }
    }
}

/// Makes every need met that can be; what could not be is in the answer with the reason and the remedy.
pub(crate) fn ensure(needs: &BTreeSet<Need>, workspace: &Workspace) -> BTreeMap<Need, Error> {
    let tools = tools_folder(workspace);
    let mut manager = Manager::default();
    let mut unmet = BTreeMap::new();
    for &need in needs {
        if need.is_met(&tools) {
            continue;
        }
        println!("setup: {} is missing", need.name());
        if let Err(error) = install(need, &tools, &mut manager) {
            println!("setup: {error}");
            unmet.insert(need, error);
        }
    }
    unmet
}

fn install(need: Need, tools: &Path, manager: &mut Manager) -> Result<(), Error> {
    let missing = |remedy| Error::Missing { what: need.name(), remedy };
    match need {
        Need::Components => components::install()?,
        _ => manager.install(need.packages()).map_err(missing)?,
    }
    if need == Need::Node && !need.is_met(tools) {
        node::install_newer(tools)?;
    }
    if need.is_met(tools) { Ok(()) } else { Err(need.missing()) }
}

/// Where tools live that are installed for this repository alone.
pub(crate) fn tools_folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("tools")
}
