//! Which types of a crate have a JSON Schema, and by which path they can be named. Read from rustdoc's JSON, since most
//! are declared by macros.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    error::Error,
    rustdoc::{Documented, Item, is_automatic},
};

/// A public type with a JSON Schema.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WireType {
    /// Its name.
    pub(super) name: String,
    /// The shortest public path, with the crate.
    pub(super) path: String,
    /// The names of its type parameters that have no default.
    pub(super) parameters: Vec<String>,
    /// Whether it borrows.
    pub(super) has_lifetime: bool,
}

/// Every public type with a JSON Schema, in the order of names; an error names those that cannot be bound.
pub(super) fn wire_types(documented: &Documented, crate_name: &str) -> Result<Vec<WireType>, Error> {
    let paths = public_paths(documented, crate_name);
    let traits = traits(documented);
    let mut found = Vec::new();
    for (id, implemented) in &traits {
        if !implemented.contains("schemars::JsonSchema") {
            continue;
        }
        let Some(item) = documented.index.get(id) else { continue };
        let name = item.name.clone().unwrap_or_default();
        let refuse = |what: &str| Err(Error::Check(format!("{crate_name}: {name} has a JSON Schema but {what}")));
        let Some(path) = paths.get(id) else {
            return refuse("no public path: export it, or do not derive JsonSchema");
        };
        if !["Serialize", "Deserialize"].iter().all(|wanted| implemented.contains(*wanted)) {
            return refuse("is not both serialised and deserialised, so that no value can be tested both ways");
        }
        let (parameters, has_lifetime) = generics(item);
        found.push(WireType { name, path: path.join("::"), parameters, has_lifetime });
    }
    found.sort();
    match found.windows(2).find(|pair| matches!(pair, [one, other] if one.name == other.name)) {
        Some([one, other]) => Err(Error::Check(format!(
            "{} and {} would have one name in TypeScript: rename one of them",
            one.path, other.path
        ))),
        _ => Ok(found),
    }
}

/// The traits of serde and schemars that each type of the crate implements.
fn traits(documented: &Documented) -> BTreeMap<String, BTreeSet<String>> {
    let mut traits: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in documented.index.values().filter(|item| item.crate_id == 0 && !is_automatic(&item.inner)) {
        let Some(implementation) = item.inner.get("impl") else { continue };
        let (of, by) = (&implementation["trait"]["id"], &implementation["for"]["resolved_path"]["id"]);
        let Some(of) = documented.paths.get(&of.to_string()) else { continue };
        let name = match (of.path.first().map(String::as_str), of.path.last()) {
            (Some("schemars"), Some(name)) => format!("schemars::{name}"),
            (Some("serde" | "serde_core"), Some(name)) => name.clone(),
            _ => continue,
        };
        traits.entry(by.to_string()).or_default().insert(name);
    }
    traits
}

/// The shortest path by which each item can be named from outside.
fn public_paths(documented: &Documented, crate_name: &str) -> BTreeMap<String, Vec<String>> {
    let mut paths = BTreeMap::new();
    let mut open = vec![(documented.root.to_string(), vec![crate_name.replace('-', "_")], Vec::new())];
    while let Some((id, path, above)) = open.pop() {
        let Some(items) = module(documented, &id).filter(|_| !above.contains(&id)) else { continue };
        let above: Vec<_> = above.into_iter().chain([id]).collect();
        for id in items {
            let mut id = id.to_string();
            let Some(item) = documented.index.get(&id) else { continue };
            let mut name = item.name.clone();
            if let Some(import) = item.inner.get("use") {
                id = import["id"].to_string();
                let is_glob = import["is_glob"] == Value::Bool(true);
                name = (!is_glob).then(|| import["name"].as_str().unwrap_or_default().to_owned());
            }
            let path: Vec<_> = path.iter().cloned().chain(name).collect();
            if module(documented, &id).is_some() {
                open.push((id, path, above.clone()));
            } else {
                let known = paths.entry(id).or_insert_with(|| path.clone());
                if (path.len(), &path) < (known.len(), known) {
                    *known = path;
                }
            }
        }
    }
    paths
}

fn module<'d>(documented: &'d Documented, id: &str) -> Option<&'d Vec<Value>> {
    documented.index.get(id)?.inner.get("module")?["items"].as_array()
}

/// Its type parameters without default, and whether it has a lifetime.
fn generics(item: &Item) -> (Vec<String>, bool) {
    let parameters = ["struct", "enum"].iter().find_map(|kind| item.inner.get(kind)?["generics"]["params"].as_array());
    let mut types = Vec::new();
    let mut has_lifetime = false;
    for parameter in parameters.into_iter().flatten() {
        match parameter["name"].as_str() {
            Some(name) if name.starts_with('\'') => has_lifetime = true,
            // On the wire it is what its default is; Rust callers may bring a type of their own that is written alike.
            Some(name) if parameter["kind"]["type"]["default"].is_null() => types.push(name.to_owned()),
            Some(_) | None => {}
        }
    }
    (types, has_lifetime)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A crate with a private module whose struct is exported twice, and the given traits on it.
    fn documented(traits: &[(&str, &str)], exports: &[&str]) -> Documented {
        let implementation = |id: usize| {
            json!({ "crate_id": 0, "name": null, "inner": { "impl": {
                "is_synthetic": false, "blanket_impl": null, "trait": { "id": id },
                "for": { "resolved_path": { "id": 1 } },
            } } })
        };
        let mut index = json!({
            "0": { "crate_id": 0, "name": "x", "inner": { "module": { "items": [2, 3] } } },
            "1": { "crate_id": 0, "name": "Page", "inner": { "struct": { "generics": { "params": [
                { "name": "T", "kind": { "type": { "default": null } } },
                { "name": "D", "kind": { "type": { "default": { "generic": "T" } } } },
                { "name": "'a", "kind": { "lifetime": {} } },
            ] } } } },
            "3": { "crate_id": 0, "name": "deep", "inner": { "module": { "items": [4] } } },
        });
        for (at, name) in exports.iter().enumerate() {
            index[(2 + 2 * at).to_string()] =
                json!({ "crate_id": 0, "name": null, "inner": { "use": { "id": 1, "is_glob": false, "name": name } } });
        }
        let mut paths = json!({});
        for (at, (home, name)) in traits.iter().enumerate() {
            index[(10 + at).to_string()] = implementation(20 + at);
            paths[(20 + at).to_string()] = json!({ "crate_id": 9, "path": [home, name] });
        }
        serde_json::from_value(json!({ "root": 0, "index": index, "paths": paths })).unwrap()
    }

    const BOTH: [(&str, &str); 3] =
        [("schemars", "JsonSchema"), ("serde_core", "Serialize"), ("serde_core", "Deserialize")];

    #[test]
    fn a_type_is_found_by_its_shortest_public_path() {
        let found = wire_types(&documented(&BOTH, &["Page", "Sheet"]), "acd-x").unwrap();
        let wanted = WireType {
            name: "Page".to_owned(),
            path: "acd_x::Page".to_owned(),
            parameters: vec!["T".to_owned()],
            has_lifetime: true,
        };
        assert_eq!(found, [wanted]);
    }

    #[test]
    fn what_cannot_be_bound_is_an_error_that_names_it() {
        let hidden = wire_types(&documented(&BOTH, &[]), "acd-x").unwrap_err().to_string();
        assert!(hidden.contains("Page") && hidden.contains("no public path"), "{hidden}");
        let silent = wire_types(&documented(&BOTH[..2], &["Page"]), "acd-x").unwrap_err().to_string();
        assert!(silent.contains("Page") && silent.contains("both"), "{silent}");
        assert!(wire_types(&documented(&BOTH[1..], &["Page"]), "acd-x").unwrap().is_empty());
    }
}
