//! Writing structured fields in their one canonical form, RFC 9651, section 4.1.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Bare, InnerList, Item, Parameters};

impl fmt::Display for Bare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::String(text) => {
                f.write_str("\"")?;
                for c in text.chars() {
                    if matches!(c, '"' | '\\') {
                        f.write_str("\\")?;
                    }
                    write!(f, "{c}")?;
                }
                f.write_str("\"")
            }
            Self::Token(text) => f.write_str(text),
            Self::Bytes(bytes) => write!(f, ":{}:", STANDARD.encode(bytes)),
            Self::Boolean(value) => f.write_str(if *value { "?1" } else { "?0" }),
        }
    }
}

impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, value)| match value {
            Bare::Boolean(true) => write!(f, ";{name}"),
            value => write!(f, ";{name}={value}"),
        })
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.bare, self.parameters)
    }
}

impl fmt::Display for InnerList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (at, item) in self.items.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            write!(f, "{space}{item}")?;
        }
        write!(f, "){}", self.parameters)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::super::{Dictionary, Member, dictionary};
    use super::*;

    const KEY: &str = "[a-z*][a-z0-9_.*-]{0,8}";

    fn bare() -> impl Strategy<Value = Bare> {
        prop_oneof![
            (-999_999_999_999_999_i64..=999_999_999_999_999).prop_map(Bare::Integer),
            "[ -~]{0,12}".prop_map(Bare::String),
            "[A-Za-z*][A-Za-z0-9:/!#$%&'*+.^_`|~-]{0,8}".prop_map(Bare::Token),
            vec(any::<u8>(), 0..24).prop_map(Bare::Bytes),
            any::<bool>().prop_map(Bare::Boolean),
        ]
    }

    fn parameters() -> impl Strategy<Value = Parameters> {
        btree_map(KEY, bare(), 0..4).prop_map(|map: BTreeMap<_, _>| Parameters(map.into_iter().collect()))
    }

    fn item() -> impl Strategy<Value = Item> {
        (bare(), parameters()).prop_map(|(bare, parameters)| Item { bare, parameters })
    }

    fn member() -> impl Strategy<Value = Member> {
        let list = (vec(item(), 0..4), parameters()).prop_map(|(items, parameters)| InnerList { items, parameters });
        prop_oneof![item().prop_map(Member::Item), list.prop_map(Member::List)]
    }

    fn written(members: &[(String, Member)]) -> String {
        let one = |(name, member): &(String, Member)| match member {
            Member::Item(item) => format!("{name}={item}"),
            Member::List(list) => format!("{name}={list}"),
        };
        members.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(members in btree_map(KEY, member(), 0..5)) {
            let members: Vec<_> = members.into_iter().collect();
            prop_assert_eq!(dictionary(&written(&members)), Ok(Dictionary(members)));
        }

        #[test]
        fn reading_never_panics_and_writing_is_its_fixed_point(text in "[ -~\t]{0,80}") {
            if let Ok(read) = dictionary(&text) {
                let canonical = written(&read.0);
                prop_assert_eq!(dictionary(&canonical), Ok(read));
            }
        }

        #[test]
        fn text_close_to_a_signature_input_never_panics(text in "[a-z0-9=();:\", \\\\?*.-]{0,80}") {
            let _ = dictionary(&text);
        }
    }
}
