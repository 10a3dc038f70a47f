//! Lists of fields, as the parameter `fields` takes them.

use std::fmt;

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

impl fmt::Display for FieldList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}
