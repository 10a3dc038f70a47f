//! A small part of what can be targeted, under Meta's own ids where its pages give them. The numbers of people are plausible
//! and nothing more.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::audiences::bounds;

/// People in a country that the catalogue does not hold.
const ELSEWHERE: u64 = 1_000_000;
/// People in a place that the catalogue does not hold.
const SOME_PLACE: u64 = 100_000;

/// Everything there is.
#[derive(Debug, Default, Deserialize)]
pub(in super::super) struct Catalogue {
    /// Name and number of people by code.
    pub(super) countries: BTreeMap<String, (String, u64)>,
    /// Name and countries by key.
    pub(super) country_groups: BTreeMap<String, (String, Vec<String>)>,
    pub(super) places: Vec<Place>,
    /// Number and name.
    pub(super) locales: Vec<(u32, String)>,
    pub(super) options: Vec<Choice>,
    /// Ids of what could be targeted once.
    gone: Vec<String>,
}

/// A place smaller than a country.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    pub(super) key: String,
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    people: u64,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl Place {
    pub(super) fn text(&self, name: &str) -> Option<&Value> {
        self.other.get(name)
    }

    pub(super) fn shown(&self) -> Value {
        let mut shown = self.other.clone();
        shown.extend([
            ("key".to_owned(), json!(self.key)),
            ("name".to_owned(), json!(self.name)),
            ("type".to_owned(), json!(self.kind)),
        ]);
        Value::Object(shown)
    }
}

/// An interest, a behaviour, a school, an employer.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) name: String,
    /// The list of a targeting that it belongs to.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) path: Vec<String>,
    #[serde(default)]
    description: Option<String>,
    pub(super) people: u64,
}

impl Choice {
    pub(super) fn shown(&self) -> Value {
        let (lowest, highest) = bounds(self.people);
        json!({
            "id": self.id, "name": self.name, "type": self.kind, "path": self.path, "description": self.description,
            "audience_size_lower_bound": lowest, "audience_size_upper_bound": highest,
        })
    }
}

// What does not parse would be no catalogue; the test below sees that it does.
static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| serde_json::from_str(include_str!("catalogue.json")).unwrap_or_default());

/// The one catalogue.
pub(in super::super) fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

impl Catalogue {
    /// How many people a country has on Meta's platforms.
    pub(in super::super) fn people_of(&self, country: &str) -> u64 {
        self.countries.get(country).map_or(ELSEWHERE, |(_, people)| *people)
    }

    /// The countries of a group; none for one that is not there.
    pub(in super::super) fn countries_of(&self, group: &str) -> Vec<String> {
        self.country_groups.get(group).map(|(_, countries)| countries.clone()).unwrap_or_default()
    }

    /// How many people a smaller place has.
    pub(super) fn people_in(&self, key: &str) -> u64 {
        self.places.iter().find(|place| place.key == key).map_or(SOME_PLACE, |place| place.people)
    }

    pub(super) fn option(&self, id: &str) -> Option<&Choice> {
        self.options.iter().find(|option| option.id == id)
    }

    /// Whether it could be targeted once and cannot any more.
    pub(in super::super) fn is_gone(&self, id: &str) -> bool {
        self.gone.iter().any(|gone| gone == id)
    }

    /// Everybody.
    pub(super) fn everybody(&self) -> u64 {
        self.countries.values().map(|(_, people)| people).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_catalogue_is_whole() {
        let catalogue = catalogue();
        assert!(catalogue.people_of("US") > catalogue.people_of("LU"));
        assert!(catalogue.countries_of("eu").len() == 27 && catalogue.countries_of("atlantis").is_empty());
        let ids: BTreeSet<_> = catalogue.options.iter().map(|option| &option.id).collect();
        assert_eq!(ids.len(), catalogue.options.len());
        assert!(catalogue.gone.iter().all(|id| catalogue.is_gone(id) && catalogue.option(id).is_none()));
        for (_, countries) in catalogue.country_groups.values() {
            assert!(countries.iter().all(|code| catalogue.countries.contains_key(code)));
        }
    }
}
