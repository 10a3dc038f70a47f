//! Every operation that can be called.

use std::sync::LazyLock;

use acd_core::{Error, ErrorKind, Operation};
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

/// A line for each operation with its name, method and path, in the order of names: what the package's methods are made from.
#[wasm_bindgen]
pub fn operations() -> String {
    let mut lines = String::new();
    for operation in CATALOGUE.iter() {
        for word in [operation.name(), " ", operation.method().as_str(), " ", operation.path(), "\n"] {
            lines.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_found_by_its_name_alone() {
        assert!(CATALOGUE.iter().all(|operation| find(operation.name()).is_ok_and(|found| found == operation)));
        assert_eq!(find("platform.keys").unwrap_err().kind(), ErrorKind::Request);
        let first: Vec<_> = operations().lines().next().unwrap().split(' ').map(str::to_owned).collect();
        assert_eq!(first, ["meta.accounts.get", "GET", "/{version}/{account}"]);
    }
}
