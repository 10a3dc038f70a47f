//! Searching for what targetings are made of: the ids of interests, places, languages.

use acd_core::Operation;
use http::Method;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use crate::ads::targeting::{Named, PlaceKey};
use crate::limits::{APP, ads_read};
use crate::macros::{open_enum, request};
use crate::text::TextOrNumber;
use crate::{AdAccountId, MetaCall, MetaClient, Page};

/// `GET /search`
/// ([page](https://developers.facebook.com/docs/marketing-api/audiences/reference/targeting-search), read 2026-11)
pub const SEARCH: Operation =
    Operation::new("meta.targeting.search", Method::GET, "/{version}/search").safe().pool(APP);
/// `GET /act_{account}/targetingsearch`
/// ([page](https://developers.facebook.com/docs/marketing-api/audiences/reference/detailed-targeting), read 2026-11)
pub const DETAILED: Operation = ads_read("meta.targeting.detailed", "/{version}/{account}/targetingsearch");
/// `GET /act_{account}/targetingbrowse`
pub const BROWSE: Operation = ads_read("meta.targeting.browse", "/{version}/{account}/targetingbrowse");
/// `GET /act_{account}/targetingsuggestions`
pub const SUGGEST: Operation = ads_read("meta.targeting.suggest", "/{version}/{account}/targetingsuggestions");
/// `GET /act_{account}/targetingvalidation`
pub const VALIDATE: Operation = ads_read("meta.targeting.validate", "/{version}/{account}/targetingvalidation");

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[SEARCH, DETAILED, BROWSE, SUGGEST, VALIDATE];

open_enum! {
    /// The member of a targeting in which something belongs. Meta knows about a hundred; these are those that are searched
    /// for.
    TargetingType {
        Interests = "interests",
        Behaviors = "behaviors",
        LifeEvents = "life_events",
        Industries = "industries",
        Income = "income",
        FamilyStatuses = "family_statuses",
        EducationSchools = "education_schools",
        EducationMajors = "education_majors",
        WorkEmployers = "work_employers",
        WorkPositions = "work_positions",
    }
}

open_enum! {
    /// What kind of place it is.
    PlaceType {
        Country = "country",
        CountryGroup = "country_group",
        Region = "region",
        City = "city",
        Subcity = "subcity",
        Zip = "zip",
        GeoMarket = "geo_market",
        ElectoralDistrict = "electoral_district",
    }
}

/// An interest, a behaviour, a school: something that people have in common.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TargetingOption {
    /// The id that a targeting names; none for what was asked about by name and is not there.
    #[serde(default, deserialize_with = "id", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "crate::text::schema::maybe_id"))]
    pub id: Option<String>,
    /// The name, which Meta changes at times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where in a targeting it belongs.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "type")]
    pub kind: Option<TargetingType>,
    /// The categories above it, and itself.
    #[serde(default)]
    pub path: Vec<String>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// At least so many people have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience_size_lower_bound: Option<i64>,
    /// At most so many people have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience_size_upper_bound: Option<i64>,
    /// Whether it can be targeted; said where that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// What Meta says besides.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl TargetingOption {
    /// As a [`Targeting`](crate::ads::targeting::Targeting) names it.
    #[must_use]
    pub fn named(&self) -> Option<Named> {
        self.id.clone().map(|id| Named { id, name: self.name.clone() })
    }
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<TextOrNumber>::deserialize(deserializer).map(|id| id.map(|id| id.0))
}

/// A place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TargetingPlace {
    /// The key that a targeting names; for a country its code.
    pub key: String,
    /// The name.
    pub name: String,
    /// What kind of place it is.
    #[serde(rename = "type")]
    pub kind: PlaceType,
    /// The country, as a code of two letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// The name of its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The key of its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_id: Option<u64>,
    /// What Meta says besides, such as `supports_city`.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl TargetingPlace {
    /// As [`GeoLocations`](crate::ads::targeting::GeoLocations) names it; countries go by their code alone.
    #[must_use]
    pub fn place_key(&self) -> PlaceKey {
        PlaceKey { key: self.key.clone(), ..PlaceKey::default() }
    }
}

/// A language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TargetingLocale {
    /// The number that [`Targeting::locales`](crate::ads::targeting::Targeting::locales) names.
    pub key: u32,
    /// The name.
    pub name: String,
}

request! {
    /// Which places are searched for.
    SearchPlaces {
        /// The beginning of the name; empty for all.
        q: String,
        ..
        /// Places of these kinds alone.
        location_types: Vec<PlaceType>,
        /// Places of this country alone, as a code of two letters.
        country_code: String,
        /// Places of this region alone.
        region_id: u64,
        /// Whether a country's code may be given as well as its name.
        match_country_code: bool,
        /// The most rows; 8 when left out.
        limit: u32,
    }
}

request! {
    /// What [`DETAILED`] searches for, among everything that people may have in common.
    SearchTargeting {
        /// Words of the name.
        q: String,
        ..
        /// This kind alone.
        limit_type: TargetingType,
        /// The most rows.
        limit: u32,
    }
}

/// Something that is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct TargetingRef {
    /// Where in a targeting it belongs.
    #[serde(rename = "type")]
    pub kind: TargetingType,
    /// Its id.
    pub id: String,
}

/// Searching for what targetings are made of.
#[derive(Clone, Copy, Debug)]
pub struct TargetingSearchClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> TargetingSearchClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    fn search<T: serde::de::DeserializeOwned + 'static>(&self, kind: &str, query: &impl Serialize) -> MetaCall<'c, T> {
        MetaCall::json(self.meta, &SEARCH).param("type", kind).query(query)
    }

    /// Interests whose name holds these words, at most `limit`; Meta gives 8 otherwise. Safe to repeat.
    pub fn interests(&self, words: &str, limit: Option<u32>) -> MetaCall<'c, Page<TargetingOption>> {
        self.search("adinterest", &json!({ "q": words, "limit": limit }))
    }

    /// Interests beside those of these names, in Meta's own spelling. Safe to repeat.
    pub fn related_interests(&self, names: &[&str]) -> MetaCall<'c, Page<TargetingOption>> {
        self.search("adinterestsuggestion", &json!({ "interest_list": names }))
    }

    /// Whether interests of these ids can still be targeted. Safe to repeat.
    pub fn check_interests(&self, ids: &[&str]) -> MetaCall<'c, Page<TargetingOption>> {
        self.search("adinterestvalid", &json!({ "interest_fbid_list": ids }))
    }

    /// Everything of one kind, at most `limit`. Safe to repeat.
    pub fn category(&self, kind: &TargetingType, limit: Option<u32>) -> MetaCall<'c, Page<TargetingOption>> {
        self.search("adTargetingCategory", &json!({ "class": kind, "limit": limit }))
    }

    /// Places. Safe to repeat.
    pub fn places(&self, query: &SearchPlaces) -> MetaCall<'c, Page<TargetingPlace>> {
        self.search("adgeolocation", query)
    }

    /// Languages whose name begins so. Safe to repeat.
    pub fn locales(&self, beginning: &str) -> MetaCall<'c, Page<TargetingLocale>> {
        self.search("adlocale", &json!({ "q": beginning }))
    }

    /// Whatever people may have in common, of all kinds at once. Safe to repeat.
    pub fn detailed(&self, account: &AdAccountId, query: &SearchTargeting) -> MetaCall<'c, Page<TargetingOption>> {
        MetaCall::json(self.meta, &DETAILED).account(account).query(query)
    }

    /// Everything that people may have in common, at most `limit`. Safe to repeat.
    pub fn browse(&self, account: &AdAccountId, limit: Option<u32>) -> MetaCall<'c, Page<TargetingOption>> {
        MetaCall::json(self.meta, &BROWSE).account(account).query(&json!({ "limit": limit }))
    }

    /// What goes with these. Safe to repeat.
    pub fn suggest(&self, account: &AdAccountId, known: &[TargetingRef]) -> MetaCall<'c, Page<TargetingOption>> {
        MetaCall::json(self.meta, &SUGGEST).account(account).query(&json!({ "targeting_list": known }))
    }

    /// Whether these can still be targeted: each comes back with [`valid`](TargetingOption::valid). Safe to repeat.
    pub fn validate(&self, account: &AdAccountId, list: &[TargetingRef]) -> MetaCall<'c, Page<TargetingOption>> {
        MetaCall::json(self.meta, &VALIDATE).account(account).query(&json!({ "targeting_list": list }))
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;

    use super::*;
    use crate::macros::check_enum;
    use crate::testing::{scripted, sent};

    #[test]
    fn ids_come_as_numbers_as_text_and_not_at_all() {
        let body = r#"{"data":[
            {"name":"Japan","valid":true,"id":6003700426513,"audience_size":68310258},
            {"id":"6003022269556","name":"Rugby football","path":[],"description":null},
            {"name":"nonexistantkeyword","valid":false}]}"#;
        let (harness, meta) = scripted([answer(200).body(body)]);
        let call = meta.targeting_search().check_interests(&["6003700426513", "1"]);
        let found = harness.run(call.into_future()).unwrap().data;
        let ids: Vec<_> = found.iter().map(|option| option.id.as_deref()).collect();
        assert_eq!(ids, [Some("6003700426513"), Some("6003022269556"), None]);
        assert_eq!((found[0].valid, found[2].named()), (Some(true), None));
        let line = &sent(&harness)[0].0;
        assert_eq!(
            line,
            "GET /v26.0/search?type=adinterestvalid&interest_fbid_list=%5B%226003700426513%22%2C%221%22%5D"
        );
    }

    #[test]
    fn places_are_asked_for_by_kind_and_country() {
        let city = r#"{"key":"2418779","name":"Danville","type":"city","country_code":"US","region":"California",
            "region_id":3847,"supports_region":true,"supports_city":true}"#;
        let (harness, meta) = scripted([answer(200).body(format!(r#"{{"data":[{city}]}}"#))]);
        let query = SearchPlaces {
            location_types: Some(vec![PlaceType::City]),
            country_code: Some("US".to_owned()),
            ..SearchPlaces::new("Dan")
        };
        let found = harness.run(meta.targeting_search().places(&query).into_future()).unwrap().data;
        assert_eq!((found[0].place_key().key.as_str(), &found[0].kind), ("2418779", &PlaceType::City));
        let line = &sent(&harness)[0].0;
        assert!(line.contains("type=adgeolocation") && line.contains("location_types=%5B%22city%22%5D"), "{line}");
    }

    #[test]
    fn values_of_tomorrow_survive() {
        check_enum::<TargetingType>();
        check_enum::<PlaceType>();
    }
}
