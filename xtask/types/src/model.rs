//! All wire types as shapes, in an order in which each comes after those it uses.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    contracts::Contracts,
    error::Error,
    registry::{DOMAINS, Domain, WireType},
    shape::{self, Shape},
};

/// A wire type with what is known of it.
#[derive(Debug)]
pub(crate) struct Named {
    /// Its name in JSON Schema.
    pub(crate) definition: String,
    /// Where it is from.
    pub(crate) kind: &'static WireType,
    /// What its documentation says.
    pub(crate) doc: Option<String>,
    /// What its values look like.
    pub(crate) shape: Shape,
}

/// The types of one domain.
#[derive(Debug)]
pub(crate) struct Module {
    /// The domain.
    pub(crate) domain: &'static Domain,
    /// Its types, each after those it uses.
    pub(crate) types: Vec<Named>,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct Model {
    /// The JSON Schemas it was made from.
    pub(crate) contracts: Contracts,
    /// By domain.
    pub(crate) modules: Vec<Module>,
    /// Definitions of which more can be read than is written: fields that may be left out.
    lenient: BTreeSet<String>,
}

impl Model {
    /// Reads the registry.
    pub(crate) fn load() -> Result<Self, Error> {
        let contracts = Contracts::collect()?;
        let mut shapes = BTreeMap::new();
        for definition in contracts.homes.keys() {
            shapes.insert(definition.clone(), shape::parse(&contracts, definition)?);
        }
        let lenient = lenient(&shapes);
        let mut modules = Vec::new();
        for domain in DOMAINS {
            let own = shapes.iter().filter(|(definition, _)| contracts.homes[*definition].domain == domain.name);
            let own = own.map(|(definition, shape)| (definition.as_str(), shape)).collect();
            let types = sorted(&own)?.into_iter().map(|definition| Named {
                kind: contracts.homes[definition].kind,
                doc: contracts.read[definition].get("description").and_then(|doc| doc.as_str()).map(str::to_owned),
                shape: shapes[definition].clone(),
                definition: definition.to_owned(),
            });
            modules.push(Module { domain, types: types.collect() });
        }
        Ok(Self { contracts, modules, lenient })
    }

    /// Whether more can be read than is written.
    pub(crate) fn is_lenient(&self, definition: &str) -> bool {
        self.lenient.contains(definition)
    }
}

fn lenient(shapes: &BTreeMap<String, Shape>) -> BTreeSet<String> {
    let mut found: BTreeSet<String> =
        shapes.iter().filter(|(_, shape)| shape.has_default()).map(|(name, _)| name.clone()).collect();
    loop {
        let before = found.len();
        for (name, shape) in shapes {
            let mut reaches = false;
            shape.each_reference(&mut |to| reaches |= found.contains(to));
            if reaches {
                found.insert(name.clone());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// The names such that each comes after those it refers to.
fn sorted<'s>(shapes: &BTreeMap<&'s str, &'s Shape>) -> Result<Vec<&'s str>, Error> {
    let mut done = Vec::with_capacity(shapes.len());
    let mut known = BTreeSet::new();
    while done.len() < shapes.len() {
        let before = done.len();
        for (&name, shape) in shapes {
            let mut ready = !known.contains(name);
            // What is not among these is of a domain before.
            shape.each_reference(&mut |to| ready &= known.contains(to) || !shapes.contains_key(to));
            if ready {
                known.insert(name);
                done.push(name);
            }
        }
        if done.len() == before {
            let rest = shapes.keys().find(|name| !known.contains(*name));
            return Err(Error::Recursive(rest.map_or_else(String::new, |name| (*name).to_owned())));
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_after_those_it_uses() {
        let (leaf, middle) = (Shape::Boolean, Shape::Reference("z".to_owned()));
        let root = Shape::Nullable(Box::new(Shape::Reference("m".to_owned())));
        let shapes = BTreeMap::from([("a", &root), ("m", &middle), ("z", &leaf)]);
        assert_eq!(sorted(&shapes).unwrap(), ["z", "m", "a"]);
        let own = Shape::Reference("a".to_owned());
        assert!(matches!(sorted(&BTreeMap::from([("a", &own)])), Err(Error::Recursive(name)) if name == "a"));
    }

    #[test]
    fn every_type_of_the_registry_is_understood() {
        let model = Model::load().unwrap();
        for module in &model.modules {
            assert_eq!(module.types.len(), module.domain.types.len(), "{}", module.domain.name);
        }
    }
}
