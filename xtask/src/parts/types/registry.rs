//! The list of a crate's wire types as Rust, which the generator of the TypeScript is compiled with.

use std::collections::BTreeSet;

use super::discover::WireType;

/// The source of the list.
pub(super) fn render(crate_name: &str, types: &[WireType]) -> String {
    let mut source = format!(
        "//! Generated from the public items of {crate_name} by `cargo xtask test --only types --fix`; not to be edited.\n\n"
    );
    let parameters: BTreeSet<&str> = types.iter().flat_map(|kind| &kind.parameters).map(String::as_str).collect();
    if !parameters.is_empty() {
        let names = parameters.into_iter().collect::<Vec<_>>().join(" ");
        source.push_str(&format!("crate::parameter::parameters!({names});\n\n"));
    }
    source.push_str("super::wire_types! {\n");
    for WireType { name, path, parameters, has_lifetime } in types {
        let lifetime = has_lifetime.then_some("'_");
        let arguments: Vec<&str> = lifetime.into_iter().chain(parameters.iter().map(String::as_str)).collect();
        let arguments = if arguments.is_empty() { String::new() } else { format!("<{}>", arguments.join(", ")) };
        source.push_str(&format!("    {name}({}) = {path}{arguments};\n", parameters.join(", ")));
    }
    source.push_str("}\n");
    source
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_lifetimes_are_filled_in() {
        let kind = |name: &str, parameters: &[&str], has_lifetime| WireType {
            name: name.to_owned(),
            path: format!("acd_x::{name}"),
            parameters: parameters.iter().map(|&name| name.to_owned()).collect(),
            has_lifetime,
        };
        let source = render("acd-x", &[kind("Batch", &[], true), kind("Page", &["T"], false)]);
        assert!(source.contains("parameter::parameters!(T);\n"), "{source}");
        assert!(source.contains("    Batch() = acd_x::Batch<'_>;\n    Page(T) = acd_x::Page<T>;\n"), "{source}");
    }
}
