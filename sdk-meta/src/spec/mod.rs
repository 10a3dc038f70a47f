//! What this crate sends and asks for, beside the names in Meta's specification. `tests/spec/names.json` holds them;
//! `tests/spec/extract.py` made it.

mod calls;
mod objects;
mod parameters;
mod sent;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

type Lists = BTreeMap<String, BTreeSet<String>>;

#[derive(Deserialize)]
struct Specification {
    version: String,
    /// Of calls, as `Campaign.api_update`.
    parameters: Lists,
    /// Of objects.
    fields: Lists,
    /// Of enumerations, as `Campaign.Objective`.
    values: Lists,
}

static SPECIFICATION: LazyLock<Specification> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../tests/spec/names.json")).unwrap());

/// Names that are in none of these lists and not excepted; and exceptions that have become needless.
fn strangers(lists: &Lists, of: &[&str], ours: &[&str], except: &[&str]) -> Vec<String> {
    let known = |name: &str| {
        of.iter().any(|list| lists.get(*list).unwrap_or_else(|| panic!("{list} is not in names.json")).contains(name))
    };
    let unknown = ours.iter().filter(|name| !known(name) && !except.contains(name)).map(|name| (*name).to_owned());
    let needless = except.iter().filter(|name| known(name) || !ours.contains(name));
    unknown.chain(needless.map(|name| format!("the exception {name}"))).collect()
}

#[test]
fn the_specification_is_that_of_the_version_that_is_called() {
    assert_eq!(SPECIFICATION.version, crate::GraphVersion::default().to_string());
}

#[test]
fn a_name_that_nobody_knows_is_found() {
    let lists = &SPECIFICATION.fields;
    assert!(strangers(lists, &["Campaign"], &["name", "objective"], &[]).is_empty());
    assert_eq!(strangers(lists, &["Campaign"], &["name", "nonsense"], &[]), ["nonsense"]);
    assert_eq!(strangers(lists, &["Campaign"], &["name"], &["name"]), ["the exception name"]);
}
