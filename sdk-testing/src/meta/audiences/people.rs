//! The people of an audience: who is told apart, and who is the same.

use std::collections::{BTreeMap, HashMap};

/// One row of an upload, once it is known to be good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// What the person is known by, each on its own: `EMAIL:…`, `EXTERN_ID:…`.
    pub(super) identifiers: Vec<String>,
    /// The hash of the person's country, if the row says it.
    pub(super) country: Option<String>,
}

/// People, each known by any of several identifiers. Everybody is taken to be on Meta's platforms: each row finds somebody.
#[derive(Debug, Default)]
pub(super) struct People {
    by_identifier: HashMap<String, u64>,
    people: BTreeMap<u64, Row>,
    last: u64,
}

impl People {
    pub(super) fn len(&self) -> usize {
        self.people.len()
    }

    /// How many are in a country, given as its hash: those of whom no country is known may be anywhere.
    pub(super) fn in_country(&self, country: &str) -> usize {
        self.people.values().filter(|person| person.country.as_deref().is_none_or(|own| own == country)).count()
    }

    /// Adds somebody; a person who is known by one of the identifiers already gains the others.
    pub(super) fn add(&mut self, row: Row) {
        let known = row.identifiers.iter().find_map(|identifier| self.by_identifier.get(identifier)).copied();
        let id = known.unwrap_or_else(|| {
            self.last += 1;
            self.last
        });
        let person = self.people.entry(id).or_default();
        person.country = row.country.or_else(|| person.country.take());
        for identifier in row.identifiers {
            if self.by_identifier.insert(identifier.clone(), id) != Some(id) {
                person.identifiers.push(identifier);
            }
        }
    }

    /// Removes whoever is known by one of the identifiers.
    pub(super) fn remove(&mut self, row: &Row) {
        for id in self.found(row) {
            for identifier in self.people.remove(&id).unwrap_or_default().identifiers {
                self.by_identifier.remove(&identifier);
            }
        }
    }

    /// How many would remain without these.
    pub(super) fn len_without(&self, rows: &[Row]) -> usize {
        let mut found: Vec<u64> = rows.iter().flat_map(|row| self.found(row)).collect();
        found.sort_unstable();
        found.dedup();
        self.len() - found.len()
    }

    fn found(&self, row: &Row) -> Vec<u64> {
        row.identifiers.iter().filter_map(|identifier| self.by_identifier.get(identifier)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(identifiers: &[&str]) -> Row {
        Row { identifiers: identifiers.iter().map(|text| (*text).to_owned()).collect(), country: None }
    }

    #[test]
    fn a_person_is_known_by_any_identifier() {
        let mut people = People::default();
        people.add(row(&["EMAIL:a", "PHONE:1"]));
        people.add(row(&["PHONE:1", "EXTERN_ID:x"]));
        people.add(row(&["EMAIL:b"]));
        assert_eq!((people.len(), people.len_without(&[row(&["EMAIL:a"]), row(&["EXTERN_ID:x"])])), (2, 1));
        people.remove(&row(&["EXTERN_ID:x"]));
        assert_eq!(people.len(), 1);
        people.remove(&row(&["EMAIL:a"]));
        assert_eq!(people.len(), 1, "gone under every identifier");
        people.add(row(&["EMAIL:a"]));
        assert_eq!(people.len(), 2);
    }

    #[test]
    fn whose_country_is_not_known_may_be_anywhere() {
        let mut people = People::default();
        people.add(Row { country: Some("us".into()), ..row(&["EMAIL:a"]) });
        people.add(row(&["EMAIL:b"]));
        assert_eq!((people.in_country("us"), people.in_country("de")), (2, 1));
    }
}
