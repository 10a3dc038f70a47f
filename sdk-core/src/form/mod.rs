//! Form bodies: `application/x-www-form-urlencoded`, from anything that serialises.

mod encoder;
mod error;
mod key;
mod value;

use serde::Serialize;

use encoder::Encoder;
use value::Value;

use crate::Result;
use crate::error::{Error, ErrorKind};

/// How structure is written in a form that only knows pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Pairs alone; a list repeats its key.
    Plain,
    /// Maps and lists in brackets: `a[b][c]=v`, `items[0][price]=v`.
    Nested,
}

/// Writes `value` as pairs. Every name and value is percent-encoded except for RFC 3986's unreserved characters, a space
/// as `%20`, so that forms and queries are read alike by every decoder.
pub(crate) fn encode(value: &(impl Serialize + ?Sized), dialect: Dialect) -> Result<String> {
    let mut encoder = Encoder::new(dialect);
    let written = value.serialize(Value::top(&mut encoder));
    match written {
        Ok(()) => Ok(encoder.finish()),
        Err(cause) => Err(Error::new(ErrorKind::Request, format!("the form cannot be written: {cause}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;

    fn nested(value: &impl Serialize) -> String {
        encode(value, Dialect::Nested).unwrap()
    }

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Mode {
        SendInvoice,
        Fixed(u32),
        Range { from: u32 },
    }

    #[derive(Serialize)]
    struct Item {
        price: &'static str,
        quantity: u8,
    }

    #[derive(Serialize)]
    struct Update {
        customer: &'static str,
        items: Vec<Item>,
        coupon: Option<&'static str>,
        trial: Option<Option<u64>>,
        mode: Mode,
        live: bool,
        expand: [&'static str; 1],
        none: Vec<u8>,
    }

    #[test]
    fn structure_is_written_in_brackets() {
        let update = Update {
            customer: "cus 1&2",
            items: vec![Item { price: "price_x", quantity: 2 }, Item { price: "price_y", quantity: 1 }],
            coupon: None,
            trial: Some(None),
            mode: Mode::SendInvoice,
            live: true,
            expand: ["latest_invoice.lines"],
            none: Vec::new(),
        };
        assert_eq!(
            nested(&update),
            "customer=cus%201%262&items[0][price]=price_x&items[0][quantity]=2&items[1][price]=price_y\
             &items[1][quantity]=1&trial=&mode=send_invoice&live=true&expand[0]=latest_invoice.lines"
        );
    }

    #[test]
    fn nothing_is_cleared_unless_it_is_said() {
        assert_eq!(nested(&json!({"metadata": {"k": null}, "list": [], "map": {}})), "metadata[k]=");
        assert_eq!(nested(&BTreeMap::from([("a", None), ("b", Some(1))])), "b=1");
        assert_eq!(nested(&BTreeMap::from([("a", ())])), "a=");
    }

    #[test]
    fn variants_that_carry_something_are_a_level_of_their_own() {
        let modes = BTreeMap::from([("a", Mode::Fixed(7)), ("b", Mode::Range { from: 1 })]);
        assert_eq!(nested(&modes), "a[fixed]=7&b[range][from]=1");
    }

    #[test]
    fn more_is_escaped_than_a_browser_would() {
        assert_eq!(nested(&BTreeMap::from([("a", "!*()' ~é+")])), "a=%21%2A%28%29%27%20~%C3%A9%2B");
    }

    #[test]
    fn maps_are_in_the_order_of_their_keys() {
        let map: HashMap<String, u32> = (0..50).map(|n| (format!("{n:02}"), n)).collect();
        let expected: Vec<String> = (0..50).map(|n| format!("m[{n:02}]={n}")).collect();
        assert_eq!(nested(&BTreeMap::from([("m", map)])), expected.join("&"));
    }

    #[test]
    fn a_plain_form_repeats_the_key_of_a_list() {
        let plain = |value: Json| encode(&value, Dialect::Plain);
        assert_eq!(plain(json!({"a": ["x y", 2], "b": true, "c": null})).unwrap(), "a=x%20y&a=2&b=true&c=");
        for bad in [json!({"a": {"b": 1}}), json!({"a": [[1]]}), json!({"a": [{"b": 1}]})] {
            let error = plain(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Request);
            assert!(error.to_string().contains("`a`"), "{error}");
        }
    }

    #[test]
    fn what_no_form_can_hold_is_refused_by_its_place() {
        for (bad, place) in [(json!({"m": {"a[b": 1}}), "`m`"), (json!({"m": {"": 1}}), "`m`")] {
            let error = encode(&bad, Dialect::Nested).unwrap_err();
            assert!(error.to_string().contains(place), "{error}");
        }
        assert!(encode(&json!([1]), Dialect::Nested).is_err());
        assert!(encode(&7, Dialect::Nested).is_err());
        assert!(encode(&BTreeMap::from([("a", f64::NAN)]), Dialect::Nested).is_err());
        assert!(encode(&BTreeMap::from([(vec![1], 1)]), Dialect::Nested).is_err());
    }

    /// Reads a nested form: every value a string, every list an object of its indices.
    fn decode(form: &str) -> Json {
        let text = |part: &str| percent_decode_str(part).decode_utf8().unwrap().into_owned();
        let mut root = json!({});
        for (key, value) in form.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap()) {
            let mut at = &mut root;
            for name in key.split('[').map(|name| text(name.trim_end_matches(']'))) {
                if !at.is_object() {
                    *at = json!({});
                }
                at = &mut at[name];
            }
            assert!(at.is_null(), "{key} came twice");
            *at = json!(text(value));
        }
        root
    }

    /// What the decoder is to give for a value: `None` for one that leaves no trace.
    fn expected(value: &Json) -> Option<Json> {
        let object = |entries: Vec<(String, Option<Json>)>| {
            let entries: serde_json::Map<_, _> =
                entries.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
            (!entries.is_empty()).then_some(Json::Object(entries))
        };
        match value {
            Json::Null => Some(json!("")),
            Json::String(text) => Some(json!(text)),
            Json::Array(items) => object(items.iter().enumerate().map(|(n, v)| (n.to_string(), expected(v))).collect()),
            Json::Object(map) => object(map.iter().map(|(key, value)| (key.clone(), expected(value))).collect()),
            scalar => Some(json!(scalar.to_string())),
        }
    }

    fn values() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<u64>().prop_map(Json::from),
            any::<String>().prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
                prop::collection::btree_map("[^\\[\\]]{1,8}", inner, 0..5).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(map in prop::collection::btree_map("[^\\[\\]]{1,8}", values(), 0..6)) {
            let value = json!(map);
            let form = nested(&value);
            prop_assert_eq!(decode(&form), expected(&value).unwrap_or(json!({})));
            prop_assert_eq!(nested(&map.into_iter().collect::<HashMap<_, _>>()), form);
        }

        #[test]
        fn a_plain_form_is_read_by_any_decoder(map in prop::collection::btree_map(".{1,8}", any::<String>(), 0..6)) {
            let form = encode(&map, Dialect::Plain).unwrap();
            let read: BTreeMap<String, String> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            prop_assert_eq!(read, map);
        }
    }
}
