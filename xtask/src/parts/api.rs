//! The public interface of the core names no foreign type but those of the crates that users see anyway: a new major
//! version of any other dependency is then no breaking change.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Context;
use crate::{
    error::Error,
    report::Outcome,
    rustdoc::{self, Documented, is_automatic},
};

const CRATE: &str = "acd-core";

/// The standard library, the vocabulary of HTTP, and the traits that users derive.
const ALLOWED: [&str; 7] = ["alloc", "bytes", "core", "http", "serde", "serde_core", "std"];

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let documented = rustdoc::document(&context.workspace, CRATE)?;
    let leaks = leaks(&documented);
    if leaks.is_empty() {
        return Ok(Outcome::Passed);
    }
    let list = leaks.into_iter().collect::<Vec<_>>().join(", ");
    Err(Error::Check(format!("the public interface of {CRATE} names types of other crates: {list}")))
}

/// `crate::Type in item` for each type that users would depend on unasked.
fn leaks(documented: &Documented) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let own = documented.index.values().filter(|item| item.crate_id == 0 && !is_automatic(&item.inner));
    for item in own {
        let mut ids = Vec::new();
        named_ids(&item.inner, &mut ids);
        for named in ids.into_iter().filter_map(|id| documented.paths.get(&id)) {
            let home = named.path.first().map_or("", String::as_str);
            if named.crate_id != 0 && !ALLOWED.contains(&home) {
                let place = item.name.as_deref().unwrap_or("an implementation");
                found.insert(format!("{} in {place}", named.path.join("::")));
            }
        }
    }
    found
}

/// The ids of all types and traits that are named anywhere in an item.
fn named_ids(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if matches!(key.as_str(), "resolved_path" | "trait") && value.get("id").is_some() {
                    found.push(value["id"].to_string());
                }
                named_ids(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| named_ids(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn documented(home: &str) -> Documented {
        let item = |inner| json!({ "crate_id": 0, "name": "send", "inner": inner });
        let named = json!({ "resolved_path": { "id": 7, "path": "Client" } });
        let json = json!({
            "index": {
                "1": item(json!({ "function": { "sig": { "inputs": [["client", named]] } } })),
                "2": item(json!({ "impl": { "blanket_impl": {}, "for": { "resolved_path": { "id": 8 } } } })),
            },
            "paths": {
                "7": { "crate_id": 3, "path": [home, "Client"] },
                "8": { "crate_id": 4, "path": ["tokio", "Anything"] },
            },
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_foreign_type_is_found_with_its_place() {
        assert_eq!(leaks(&documented("reqwest")).into_iter().collect::<Vec<_>>(), ["reqwest::Client in send"]);
        assert!(leaks(&documented("http")).is_empty());
    }
}
