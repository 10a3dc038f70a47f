//! The JSON Schemas of all wire types, as they are read and as they are written.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::{
    error::Error,
    registry::{DOMAINS, WireType},
};

/// What every reference begins with.
pub(crate) const PREFIX: &str = "#/$defs/";

/// Where a definition is in TypeScript.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home {
    /// The domain.
    pub(crate) domain: &'static str,
    /// The type.
    pub(crate) kind: &'static WireType,
}

/// The homes of definitions by their names.
pub(crate) type Homes = BTreeMap<String, Home>;

/// All definitions, by the name that schemars gives them.
#[derive(Debug)]
pub(crate) struct Contracts {
    /// As Rust reads them.
    pub(crate) read: Map<String, Value>,
    /// As Rust writes them.
    pub(crate) written: Map<String, Value>,
    /// Which of them are types with a name. The others are instances of generic types, and written in place.
    pub(crate) homes: Homes,
}

impl Contracts {
    /// Asks every type of the registry.
    pub(crate) fn collect() -> Result<Self, Error> {
        let settings = SchemaSettings::draft2020_12();
        let (read, homes) = definitions(settings.clone().for_deserialize())?;
        let (written, _) = definitions(settings.for_serialize())?;
        Ok(Self { read, written, homes })
    }
}

fn definitions(settings: SchemaSettings) -> Result<(Map<String, Value>, Homes), Error> {
    let mut generator = settings.into_generator();
    let mut homes = Homes::new();
    for domain in DOMAINS {
        for kind in domain.types {
            let schema = (kind.schema)(&mut generator);
            let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix(PREFIX));
            let Some(name) = reference else {
                let what = "no definition of its own".to_owned();
                return Err(Error::Unknown { at: format!("{}.{}", domain.name, kind.name), what });
            };
            let home = Home { domain: domain.name, kind };
            if let Some(other) = homes.insert(name.to_owned(), home) {
                return Err(Error::SameSchema {
                    one: format!("{}.{}", other.domain, other.kind.name),
                    other: format!("{}.{}", domain.name, kind.name),
                });
            }
        }
    }
    Ok((generator.take_definitions(true), homes))
}
