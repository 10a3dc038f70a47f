//! The text that is signed, RFC 9421, section 2.5.

use std::fmt::Write as _;

use super::components::{Component, Message, Refused};
use super::structured::InnerList;

/// Reads the covered components; one that is named twice is refused, as the RFC demands.
pub(super) fn covered(list: &InnerList) -> Result<Vec<Component>, Refused> {
    let mut components: Vec<Component> = Vec::with_capacity(list.items.len());
    for item in &list.items {
        let component = Component::from_item(item)?;
        if components.contains(&component) {
            return Err(format!("the signature covers `{}` twice", component.name()).into());
        }
        components.push(component);
    }
    Ok(components)
}

/// One line for each component, and the parameters last, without a line break after them.
pub(super) fn signature_base(list: &InnerList, message: &Message<'_>) -> Result<String, Refused> {
    let mut base = String::with_capacity(512);
    for component in covered(list)? {
        let value = component.value(message)?;
        // Writing to a string cannot fail.
        let _ = writeln!(base, "\"{}\": {value}", component.name());
    }
    let _ = write!(base, "\"@signature-params\": {list}");
    Ok(base)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
    use proptest::prelude::*;

    use super::super::structured::{Bare, Parameters};
    use super::*;

    fn list(names: &[&str]) -> InnerList {
        let items = names.iter().map(|name| Bare::String((*name).to_owned()).into()).collect();
        InnerList { items, parameters: Parameters(vec![("created".to_owned(), Bare::Integer(1))]) }
    }

    #[test]
    fn a_component_named_twice_is_refused() {
        assert!(covered(&list(&["@method", "date", "@method"])).is_err());
        assert!(covered(&list(&["@method", "date"])).is_ok());
    }

    #[test]
    fn an_absent_field_is_refused() {
        let message = Message { method: &Method::GET, uri: &Uri::from_static("/"), headers: &HeaderMap::new() };
        assert!(signature_base(&list(&["date"]), &message).is_err());
        assert_eq!(
            signature_base(&list(&["@path"]), &message).unwrap(),
            "\"@path\": /\n\"@signature-params\": (\"@path\");created=1"
        );
    }

    proptest! {
        /// Two different requests never share a base, or a signature of one would be one of the other.
        #[test]
        fn every_covered_value_is_in_the_base_exactly_once(
            method in "(GET|POST|X-[A-Z]{1,5})", path in "/[a-z0-9/%._-]{0,20}", query in "[a-z0-9=&%]{0,20}",
            value in "[!-~]([ -~]{0,20}[!-~])?",
        ) {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let uri: Uri = format!("{path}?{query}").parse().unwrap();
            let mut headers = HeaderMap::new();
            headers.insert("x-v", HeaderValue::from_str(&value).unwrap());
            let message = Message { method: &method, uri: &uri, headers: &headers };
            let base = signature_base(&list(&["@method", "@path", "@query", "x-v"]), &message).unwrap();
            let expected = [
                format!("\"@method\": {method}"), format!("\"@path\": {path}"), format!("\"@query\": ?{query}"),
                format!("\"x-v\": {value}"),
                "\"@signature-params\": (\"@method\" \"@path\" \"@query\" \"x-v\");created=1".to_owned(),
            ];
            prop_assert_eq!(base.split('\n').collect::<Vec<_>>(), expected);
        }

        #[test]
        fn any_field_value_gives_a_base_or_a_refusal(value in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                let mut headers = HeaderMap::new();
                headers.insert(HeaderName::from_static("x-v"), value);
                let message = Message { method: &Method::GET, uri: &Uri::from_static("/"), headers: &headers };
                if let Ok(base) = signature_base(&list(&["x-v"]), &message) {
                    prop_assert_eq!(base.lines().count(), 2, "no value can add a line");
                    prop_assert!(base.is_ascii());
                }
            }
        }
    }
}
