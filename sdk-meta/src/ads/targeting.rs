//! Who shall see an ad.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::AudienceId;
use crate::macros::open_enum;

open_enum! {
    /// Where ads run.
    PublisherPlatform {
        Facebook = "facebook",
        Instagram = "instagram",
        AudienceNetwork = "audience_network",
        Messenger = "messenger",
        Threads = "threads",
        Whatsapp = "whatsapp",
    }
}

open_enum! {
    /// On what ads run.
    DevicePlatform {
        Mobile = "mobile",
        Desktop = "desktop",
        ConnectedTv = "connected_tv",
    }
}

/// Places.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct GeoLocations {
    /// Countries, as ISO 3166-1 codes of two letters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// Groups of countries, such as `europe`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub country_groups: Vec<String>,
    /// Regions by key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<PlaceKey>,
    /// Cities by key, with a circle around them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cities: Vec<PlaceKey>,
    /// Postal codes by key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zips: Vec<PlaceKey>,
    /// Circles around points.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_locations: Vec<Circle>,
    /// Further kinds of places by their names. `location_types` is refused.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl GeoLocations {
    /// Whole countries.
    pub fn countries<C: Into<String>>(codes: impl IntoIterator<Item = C>) -> Self {
        Self { countries: codes.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}

/// A place by the key that Meta's search gives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct PlaceKey {
    /// The key, such as `US:94025` or `2430536`.
    pub key: String,
    /// The radius around a city.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius: Option<f64>,
    /// `mile` or `kilometer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_unit: Option<String>,
    /// What Meta says besides.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A circle around a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Circle {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// The radius.
    pub radius: f64,
    /// `mile` or `kilometer`.
    pub distance_unit: String,
}

/// Something by its id: an interest, a behaviour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Named {
    /// The id that Meta's search gives.
    pub id: String,
    /// The name, which Meta ignores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// An audience by its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct AudienceRef {
    /// The audience.
    pub id: AudienceId,
}

/// What Meta may do beyond the targeting.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct TargetingAutomation {
    /// 1 lets Meta look beyond it. From v26 on 0 or 1 has to be said where a restricted subject is advertised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advantage_audience: Option<u8>,
    /// What Meta says besides.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Who shall see an ad
/// ([page](https://developers.facebook.com/docs/marketing-api/audiences/reference/basic-targeting), read 2026-11). What is
/// left out restricts nothing; only the places are required.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Targeting {
    /// Where.
    pub geo_locations: GeoLocations,
    /// Where not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_geo_locations: Option<GeoLocations>,
    /// The youngest, from 13.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_min: Option<u8>,
    /// The oldest; 65 stands for 65 and over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_max: Option<u8>,
    /// 1 for men, 2 for women; empty for everybody.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub genders: Vec<u8>,
    /// Languages, by Meta's numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locales: Vec<u32>,
    /// Any of these interests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interests: Vec<Named>,
    /// Any of these behaviours.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub behaviors: Vec<Named>,
    /// Members of any of these audiences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_audiences: Vec<AudienceRef>,
    /// No members of these audiences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded_custom_audiences: Vec<AudienceRef>,
    /// All of these have to fit; within each, any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flexible_spec: Vec<Map<String, Value>>,
    /// None of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclusions: Option<Map<String, Value>>,
    /// Where ads run; empty leaves it to Meta.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub publisher_platforms: Vec<PublisherPlatform>,
    /// Places on Facebook, such as `feed`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facebook_positions: Vec<String>,
    /// Places on Instagram, such as `reels`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instagram_positions: Vec<String>,
    /// On what ads run; empty for everything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub device_platforms: Vec<DevicePlatform>,
    /// What Meta may do beyond it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targeting_automation: Option<TargetingAutomation>,
    /// Further members by their names.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::macros::check_enum;

    #[test]
    fn what_is_left_out_is_not_sent_and_what_is_unknown_survives() {
        let targeting = Targeting {
            geo_locations: GeoLocations::countries(["US", "CA"]),
            age_min: Some(18),
            ..Targeting::default()
        };
        let written = json!({ "geo_locations": { "countries": ["US", "CA"] }, "age_min": 18 });
        assert_eq!(serde_json::to_value(&targeting).unwrap(), written);
        let mut read = written;
        read["brand_safety_content_filter_levels"] = json!(["FACEBOOK_STANDARD"]);
        read["geo_locations"]["geo_markets"] = json!([{ "key": "DMA:501" }]);
        let targeting: Targeting = serde_json::from_value(read.clone()).unwrap();
        assert_eq!(serde_json::to_value(&targeting).unwrap(), read);
    }

    #[test]
    fn values_of_tomorrow_survive() {
        check_enum::<PublisherPlatform>();
        check_enum::<DevicePlatform>();
    }
}
