//! Lists of fields, as the parameter `fields` takes them.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// Names of fields in the order in which they were asked for, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldList(Vec<String>);

impl FieldList {
    pub(crate) fn of(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    pub(crate) fn add(&mut self, name: &str) {
        if !self.0.iter().any(|known| known == name) {
            self.0.push(name.to_owned());
        }
    }
}

/// From text with commas between the names. Those within the braces of an edge belong to its fields.
impl<'de> Deserialize<'de> for FieldList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut depth = 0_usize;
        let names = text.split(|c| {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == ',' && depth == 0
        });
        let mut list = Self(Vec::new());
        names.filter(|name| !name.is_empty()).for_each(|name| list.add(name));
        Ok(list)
    }
}

impl fmt::Display for FieldList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_an_edge_stay_together() {
        let read = |text: &str| serde_json::from_value::<FieldList>(text.into()).unwrap();
        let text = "name,ads.limit(5){id,creative{id,name}},status";
        assert_eq!(read(text).0, ["name", "ads.limit(5){id,creative{id,name}}", "status"]);
        assert_eq!(read(text).to_string(), text);
        assert_eq!(read(",id,,id").0, ["id"]);
        assert_eq!(read("}a,b").0, ["}a", "b"]);
        assert_eq!(read(""), FieldList::of(&[]));
    }
}
