//! The wire types of every client crate, as values that can be walked.
//!
//! The lists are generated, so that a type of tomorrow is there without anybody's doing.

mod analytics;
mod meta;
mod platform;

use schemars::{Schema, SchemaGenerator};

/// A wire type.
#[derive(Debug)]
pub(crate) struct WireType {
    /// Its name in Rust and in TypeScript.
    pub(crate) name: &'static str,
    /// The names of its type parameters.
    pub(crate) parameters: &'static [&'static str],
    /// Its JSON Schema, a reference where it has a definition.
    pub(crate) schema: fn(&mut SchemaGenerator) -> Schema,
    /// Reads JSON as this type and writes the value again.
    pub(crate) rewrite: fn(&str) -> serde_json::Result<String>,
}

/// The wire types of one crate.
#[derive(Debug)]
pub(crate) struct Domain {
    /// Its name in `@acd/types/<name>`.
    pub(crate) name: &'static str,
    /// What the crate is for, in a sentence.
    pub(crate) about: &'static str,
    /// The types, by name.
    pub(crate) types: &'static [WireType],
}

/// Every crate with wire types, each after those whose types it uses.
pub(crate) const DOMAINS: &[Domain] = &[
    Domain {
        name: "analytics",
        about: "The messages of the tracking API, as Segment's HTTP API has them.",
        types: analytics::TYPES,
    },
    Domain {
        name: "meta",
        about: "What Meta's Marketing API and Conversions API take and answer, and what its webhooks say.",
        types: meta::TYPES,
    },
    Domain { name: "platform", about: "What the ACD platform's own API takes and answers.", types: platform::TYPES },
];

macro_rules! wire_types {
    ($($name:ident($($parameter:ident),*) = $kind:ty;)*) => {
        pub(super) const TYPES: &[super::WireType] = &[$(super::WireType {
            name: stringify!($name),
            parameters: &[$(stringify!($parameter)),*],
            schema: |generator| generator.subschema_for::<$kind>(),
            rewrite: |text| serde_json::from_str::<$kind>(text).and_then(|value| serde_json::to_string(&value)),
        }),*];
    };
}

use wire_types;
