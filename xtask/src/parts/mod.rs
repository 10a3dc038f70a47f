//! The parts of `cargo xtask test`: each is named, says what it needs, and can be run alone.

mod api;
mod deny;
mod features;
mod fuzz;
pub(crate) mod meta;
pub(crate) mod mobile;
mod msrv;
mod npm;
mod openapi;
mod pixel;
mod rust;
mod schemathesis;
pub(crate) mod sdk;
mod segment;
mod types;
mod wasm;

use std::{collections::BTreeSet, time::Instant};

pub(crate) use self::segment::FOLDER as SEGMENT_FOLDER;
use crate::{
    error::Error,
    report::{Outcome, Report},
    setup::{self, Need},
    workspace::Workspace,
};

/// One part of the tests; the order is the order they run in, quick and telling ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Part {
    /// Formatting.
    Fmt,
    /// Lints of every target, warnings denied.
    Clippy,
    /// Unit, integration and documentation tests of every crate; workers and servers are killed 40 times, 200 with `--full`.
    Rust,
    /// API documentation, warnings denied.
    Docs,
    /// The public interface of the core names no type of a crate that users would depend on unasked.
    Api,
    /// The client crates compile for WebAssembly, and one suite of behaviours passes under Node as it does natively.
    Wasm,
    /// Every feature of every published crate compiles alone; the dependency tree holds no second TLS or HTTP stack.
    Features,
    /// Coverage-guided tests of every parser that sees bytes from outside: 5 s each, 60 s with `--full`.
    Fuzz,
    /// The stated minimum Rust version is true.
    Msrv,
    /// The checked-in OpenAPI document is the one the code describes.
    Openapi,
    /// The TypeScript of `@acd/types` is what the Rust types describe, judges values as they do, and works as a package.
    Types,
    /// The mobile library is small enough, its Kotlin works on the JVM against a live server, its Swift is Swift; with `--full` its
    /// types hold on Android and iOS.
    Mobile,
    /// `@acd/sdk` is built, small enough, works under Node and in Chromium, against a live server, and as a package, in Bun, Deno and
    /// workerd too.
    Sdk,
    /// Segment's own Node client works against a live server.
    Segment,
    /// Meta's own Node and Python SDKs work against the simulated Graph API.
    Meta,
    /// The browser snippet keeps to people's consent in Chromium, and its two copies of an event count once.
    Pixel,
    /// Generated requests against a live server find no server error and no violation of the document.
    Schemathesis,
    /// Licences, advisories and sources of the dependencies; only with `--full`.
    Deny,
}

/// How parts are run.
#[derive(Debug)]
pub(crate) struct Context {
    /// The workspace.
    pub(crate) workspace: Workspace,
    /// Whether to repair what can be repaired instead of reporting it.
    pub(crate) fix: bool,
    /// Whether to run what takes minutes and changes rarely.
    pub(crate) full: bool,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Rust => "rust",
            Self::Docs => "docs",
            Self::Api => "api",
            Self::Wasm => "wasm",
            Self::Features => "features",
            Self::Fuzz => "fuzz",
            Self::Msrv => "msrv",
            Self::Openapi => "openapi",
            Self::Types => "types",
            Self::Mobile => "mobile",
            Self::Sdk => "sdk",
            Self::Segment => "segment",
            Self::Meta => "meta",
            Self::Pixel => "pixel",
            Self::Schemathesis => "schemathesis",
            Self::Deny => "deny",
        }
    }

    /// What it needs; `full` as in [`Context`].
    fn needs(self, full: bool) -> &'static [Need] {
        match self {
            Self::Fmt | Self::Clippy => &[Need::Components],
            Self::Rust => &[Need::Postgres, Need::Pgbouncer, Need::Redis],
            Self::Wasm => &[Need::Wasm, Need::Node],
            Self::Sdk => &[Need::Wasm, Need::Node, Need::Postgres, Need::Chromium],
            Self::Fuzz => &[Need::Cxx],
            Self::Types => &[Need::Node],
            // The compiler for WebAssembly may be the one that checks types for phones.
            Self::Mobile if full => &[Need::Postgres, Need::Maven, Need::Python, Need::Wasm],
            Self::Mobile => &[Need::Postgres, Need::Maven, Need::Python],
            Self::Segment => &[Need::Postgres, Need::Node],
            Self::Meta => &[Need::Node, Need::Python],
            Self::Pixel => &[Need::Postgres, Need::Node, Need::Chromium],
            Self::Schemathesis => &[Need::Postgres, Need::Python],
            Self::Docs | Self::Api | Self::Features | Self::Msrv | Self::Openapi | Self::Deny => &[],
        }
    }

    fn run(self, context: &Context) -> Result<Outcome, Error> {
        match self {
            Self::Fmt => rust::fmt(context),
            Self::Clippy => rust::clippy(context),
            Self::Rust => rust::test(context),
            Self::Docs => rust::docs(context),
            Self::Api => api::run(context),
            Self::Wasm => wasm::run(context),
            Self::Features => features::run(context),
            Self::Fuzz => fuzz::run(context),
            Self::Msrv => msrv::run(context),
            Self::Openapi => openapi::run(context),
            Self::Types => types::run(context),
            Self::Mobile => mobile::run(context),
            Self::Sdk => sdk::run(context),
            Self::Segment => segment::run(context),
            Self::Meta => meta::run(context),
            Self::Pixel => pixel::run(context),
            Self::Schemathesis => schemathesis::run(context),
            Self::Deny => deny::run(context),
        }
    }
}

/// Sets up what the parts need, then runs each whatever became of the ones before; true when none failed.
pub(crate) fn run(parts: &BTreeSet<Part>, context: &Context) -> bool {
    let needs: BTreeSet<Need> = parts.iter().flat_map(|part| part.needs(context.full)).copied().collect();
    let unmet = setup::ensure(&needs, &context.workspace);
    let mut report = Report::default();
    for part in parts {
        println!("==> {}", part.name());
        let start = Instant::now();
        let outcome = match part.needs(context.full).iter().find_map(|need| unmet.get(need)) {
            Some(missing) => Outcome::Failed(missing.to_string()),
            None => part.run(context).unwrap_or_else(|error| Outcome::Failed(error.to_string())),
        };
        report.add(part.name(), outcome, start.elapsed());
    }
    println!("{}", report.summary());
    report.is_success()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_part_is_called_as_the_report_names_it() {
        for part in Part::value_variants() {
            let value = part.to_possible_value().map(|value| value.get_name().to_owned());
            assert_eq!(value.as_deref(), Some(part.name()));
        }
    }
}
