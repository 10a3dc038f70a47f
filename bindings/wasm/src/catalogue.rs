//! Every operation that can be called.

use std::sync::LazyLock;

use acd_core::{Error, ErrorKind, Operation};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

static CATALOGUE: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let mut all: Vec<_> = acd_meta::operations().chain(acd_platform::operations()).collect();
    all.sort_unstable_by_key(Operation::name);
    all
});

/// The operation of this name.
pub(crate) fn find(name: &str) -> Result<&'static Operation, Error> {
    let place = CATALOGUE.binary_search_by(|operation| operation.name().cmp(name));
    let found = place.ok().and_then(|place| CATALOGUE.get(place));
    // Only a caller that goes around the package's own methods comes here.
    found.ok_or_else(|| Error::new(ErrorKind::Request, format!("there is no operation `{name}`")))
}

/// Name, method and path of every operation as JSON, in the order of names: what the package's methods are made from.
#[wasm_bindgen]
pub fn operations() -> String {
    let all = CATALOGUE.iter().map(|operation| {
        let (name, path) = (operation.name(), operation.path());
        Described { name, method: operation.method().as_str().to_owned(), path }
    });
    // Texts can always be written.
    serde_json::to_string(&all.collect::<Vec<_>>()).unwrap_or_default()
}

#[derive(Serialize)]
struct Described {
    name: &'static str,
    method: String,
    path: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_found_by_its_name_alone() {
        assert!(CATALOGUE.iter().all(|operation| find(operation.name()).is_ok_and(|found| found == operation)));
        assert_eq!(find("platform.keys").unwrap_err().kind(), ErrorKind::Request);
        assert!(operations().starts_with(r#"[{"name":""#));
    }
}
