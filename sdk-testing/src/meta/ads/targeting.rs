//! <https://developers.facebook.com/docs/marketing-api/audiences/reference/targeting-specs>

use serde_json::{Map, Value};

use super::super::call::Call;
use super::super::error::{GraphError, refusal};
use super::super::nodes::Node;
use super::super::params::as_text;
use super::super::targeting::catalogue;

/// The countries in which an ad says who pays and who benefits.
const EU: &[&str] = &[
    "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU", "MT",
    "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
];
/// The categories with restricted targeting.
const RESTRICTED: &[&str] = &["HOUSING", "EMPLOYMENT", "CREDIT", "FINANCIAL_PRODUCTS_SERVICES"];
/// From this version on they say whether Meta may widen the audience.
const EXPLICIT_SINCE: u8 = 26;

/// Checks `targeting` among an ad set's fields.
pub(super) fn check(call: &Call, campaign: &Node, fields: &Map<String, Value>) -> Result<(), GraphError> {
    let targeting = fields.get("targeting").unwrap_or(&Value::Null);
    check_places(targeting)?;
    let countries = targeting.get("geo_locations").and_then(|places| places.get("countries")).and_then(Value::as_array);
    let is_in_eu = countries.is_some_and(|list| list.iter().filter_map(Value::as_str).any(|code| EU.contains(&code)));
    if is_in_eu && !(fields.contains_key("dsa_payor") && fields.contains_key("dsa_beneficiary")) {
        let explanation = "Ads in the European Union name who pays and who benefits: dsa_payor, dsa_beneficiary.";
        return Err(GraphError::refused(&refusal::DSA_MISSING, explanation).blaming("dsa_beneficiary"));
    }
    let categories = campaign.fields.get("special_ad_categories").and_then(Value::as_array);
    let is_restricted = categories
        .is_some_and(|list| list.iter().filter_map(Value::as_str).any(|category| RESTRICTED.contains(&category)));
    if is_restricted && call.version >= EXPLICIT_SINCE {
        let choice = targeting.get("targeting_automation").and_then(|automation| automation.get("advantage_audience"));
        if !matches!(choice.and_then(Value::as_i64), Some(0 | 1)) {
            let problem = "must hold targeting_automation.advantage_audience as 0 or 1 in a special ad category";
            return Err(GraphError::invalid("targeting", problem));
        }
    }
    Ok(())
}

/// The part of a targeting that stands alone: where, and how old; none of what is gone.
pub(in super::super) fn check_places(targeting: &Value) -> Result<(), GraphError> {
    let places = targeting.get("geo_locations").and_then(Value::as_object);
    let has_audience = targeting.get("custom_audiences").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    let nowhere = Map::new();
    let Some(places) = places.filter(|places| !places.is_empty()).or(has_audience.then_some(&nowhere)) else {
        return Err(GraphError::invalid("targeting", "must hold geo_locations with at least one place"));
    };
    if places.get("location_types").and_then(Value::as_array).is_some_and(|types| !types.is_empty()) {
        let explanation = "Leave location_types out: everyone in or recently in the place is reached.";
        return Err(GraphError::refused(&refusal::LOCATION_TYPES, explanation).blaming("targeting"));
    }
    let age = |name: &str| targeting.get(name).and_then(Value::as_i64);
    let (youngest, oldest) = (age("age_min").unwrap_or(18), age("age_max").unwrap_or(65));
    if !(13..=65).contains(&youngest) || !(13..=65).contains(&oldest) || youngest > oldest {
        return Err(GraphError::invalid("targeting", "must hold age_min and age_max from 13 to 65, in this order"));
    }
    let groups = targeting.get("flexible_spec").and_then(Value::as_array);
    for group in groups.into_iter().flatten().chain([targeting]) {
        let options = group.as_object().into_iter().flatten().filter_map(|(_, list)| list.as_array()).flatten();
        let ids = options.filter_map(|option| option.get("id")).map(as_text);
        if let Some(gone) = ids.into_iter().find(|id| catalogue().is_gone(id)) {
            let explanation = format!("The category {gone} is no longer available. Search for one that is.");
            return Err(GraphError::refused(&refusal::TARGETING_GONE, explanation).blaming("targeting"));
        }
    }
    Ok(())
}
