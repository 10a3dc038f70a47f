//! Audiences of people like those of another:
//! <https://developers.facebook.com/docs/marketing-api/audiences/guides/lookalike-audiences>.

use chrono::TimeDelta;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::super::error::{GraphError, refusal};
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::params::as_text;
use super::super::state::State;
use super::super::targeting::catalogue;
use super::{is_flagged, is_shared_with};

/// Meta needs one to six hours to find the people.
pub(super) const FILLED_AFTER: TimeDelta = TimeDelta::hours(1);
/// A seed of fewer people says too little.
const SMALLEST_SEED: usize = 100;
/// Shares are counted in hundredths.
const SHARES: std::ops::RangeInclusive<u64> = 1..=20;

/// How many people the audience will hold; refused where Meta would refuse it.
pub(super) fn size(state: &State, account: &Node, fields: &mut Map<String, Value>) -> Result<u64, GraphError> {
    let spec = fields.get("lookalike_spec").cloned().ok_or_else(|| GraphError::missing("lookalike_spec"))?;
    let wrong = |problem: &str| GraphError::invalid("lookalike_spec", problem);
    let share = match (spec.get("type").and_then(Value::as_str), spec.get("ratio")) {
        (None | Some("custom_ratio"), Some(ratio)) => {
            hundredths(ratio).ok_or_else(|| wrong("must hold ratio from 0.01 to 0.20 in steps of 0.01"))?
        }
        (Some("similarity"), None) => 1,
        (Some("reach"), None) => 5,
        _ => return Err(wrong("must hold either type, similarity or reach, or ratio")),
    };
    let from = match spec.get("starting_ratio") {
        None => 0,
        Some(ratio) => hundredths(ratio)
            .filter(|from| *from < share)
            .ok_or_else(|| wrong("must hold starting_ratio below ratio, in steps of 0.01"))?,
    };
    let countries = countries(&spec)?;
    let is_of_an_event = spec.get("page_id").is_some() || spec.get("origin_ids").is_some();
    match fields.get("origin_audience_id") {
        Some(origin) => check_seed(state, account, origin, &spec, &countries)?,
        None if is_of_an_event && spec.get("conversion_type").is_some() => {}
        None => return Err(GraphError::missing("origin_audience_id")),
    }
    let is_same = |node: &&Node| {
        node.kind == Kind::CustomAudience
            && node.owner == account.id
            && node.fields.get("origin_audience_id") == fields.get("origin_audience_id")
            && node.fields.get("lookalike_spec") == Some(&spec)
    };
    if state.nodes.iter().any(|node| is_same(&node)) {
        let explanation = "There is a lookalike audience with the same source, country and size.";
        return Err(GraphError::refused(&refusal::DUPLICATE_LOOKALIKE, explanation));
    }
    Ok(countries.iter().map(|country| catalogue().people_of(country) * (share - from) / 100).sum())
}

fn hundredths(ratio: &Value) -> Option<u64> {
    let share = as_text(ratio).parse::<f64>().ok()? * 100.0;
    let whole = share.round();
    ((share - whole).abs() < 1e-6 && whole >= 0.0).then_some(whole as u64).filter(|share| SHARES.contains(share))
}

/// The countries where people are looked for.
fn countries(spec: &Value) -> Result<Vec<String>, GraphError> {
    let places = spec.get("location_spec").and_then(|places| places.get("geo_locations"));
    let named: Vec<String> = match (spec.get("country"), places) {
        (Some(country), None) => vec![as_text(country)],
        (None, Some(places)) => {
            let list = |name: &str| places.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
            let groups = list("country_groups");
            let grouped = groups.iter().flat_map(|group| catalogue().countries_of(&as_text(group)));
            list("countries").iter().map(as_text).chain(grouped).collect()
        }
        _ => return Err(GraphError::invalid("lookalike_spec", "must hold either country or location_spec")),
    };
    let is_country = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if named.is_empty() || !named.iter().all(is_country) {
        let explanation = "A country is given by the two letters of its ISO 3166 code.";
        return Err(GraphError::refused(&refusal::LOOKALIKE_COUNTRY, explanation).blaming("lookalike_spec"));
    }
    Ok(named)
}

fn check_seed(
    state: &State,
    account: &Node,
    origin: &Value,
    spec: &Value,
    countries: &[String],
) -> Result<(), GraphError> {
    let seed = as_text(origin).parse().ok().and_then(|id| state.nodes.of_kind(id, Kind::CustomAudience));
    let seed = seed.filter(|seed| seed.owner == account.id || is_shared_with(seed, account.id));
    let seed =
        seed.ok_or_else(|| GraphError::invalid("origin_audience_id", "must be an audience of this ad account"))?;
    if is_flagged(seed) {
        let explanation = "The origin audience is flagged.";
        return Err(GraphError::refused(&refusal::FLAGGED_SEED, explanation).blaming("origin_audience_id"));
    }
    if seed.text("subtype") == "LOOKALIKE" {
        return Err(GraphError::invalid("origin_audience_id", "must not be a lookalike audience itself"));
    }
    // Seeds of other kinds fill up by what people do, which is not simulated.
    if seed.text("subtype") != "CUSTOM" {
        return Ok(());
    }
    let is_anywhere = spec.get("allow_international_seeds").map(as_text).is_some_and(|flag| flag == "true");
    let people = state.audiences.people.get(&seed.id);
    let count = people.map_or(0, |people| {
        let in_country = |country: &String| people.in_country(&hash_of(country));
        if is_anywhere { people.len() } else { countries.iter().map(in_country).max().unwrap_or_default() }
    });
    if count < SMALLEST_SEED {
        let message = format!(
            "(#2654) Source Audience Too Small: the origin audience has {count} people in the country, and a lookalike \
             audience needs {SMALLEST_SEED}."
        );
        return Err(GraphError::new(2654, message).blaming("origin_audience_id"));
    }
    Ok(())
}

/// A country as uploads hold it.
fn hash_of(country: &str) -> String {
    Sha256::digest(country.to_ascii_lowercase().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shares_are_whole_hundredths_up_to_twenty() {
        for (ratio, expected) in [
            (json!(0.01), Some(1)),
            (json!("0.20"), Some(20)),
            (json!(0.07), Some(7)),
            (json!(0), None),
            (json!(0.21), None),
            (json!(0.015), None),
            (json!("much"), None),
        ] {
            assert_eq!(hundredths(&ratio), expected, "{ratio}");
        }
    }

    #[test]
    fn countries_are_hashed_as_uploads_hold_them() {
        assert_eq!(hash_of("US"), "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621");
    }

    #[test]
    fn either_a_country_or_places() {
        let spec =
            json!({ "location_spec": { "geo_locations": { "countries": ["US"], "country_groups": ["mercosur"] } } });
        assert!(countries(&spec).unwrap().contains(&"BR".to_owned()));
        for (spec, subcode) in [
            (json!({}), None),
            (json!({ "country": "USA" }), Some(1_713_089)),
            (json!({ "location_spec": { "geo_locations": {} } }), Some(1_713_089)),
        ] {
            assert_eq!(countries(&spec).map_err(|error| error.subcode), Err(subcode), "{spec}");
        }
    }
}
