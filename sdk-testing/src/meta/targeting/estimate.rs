//! How many people a targeting finds:
//! <https://developers.facebook.com/docs/marketing-api/reference/ad-account/delivery_estimate>.

use serde_json::{Value, json};

use super::super::ads::{GOALS, check_places};
use super::super::audiences::{self, bounds};
use super::super::call::Call;
use super::super::error::GraphError;
use super::super::nodes::Node;
use super::super::params::as_text;
use super::super::state::State;
use super::catalogue::catalogue;

/// The ages that can be told apart; 65 stands for everybody older.
const AGES: (u64, u64) = (13, 65);
/// The lists of a targeting of which anyone fits who is in one.
const LISTS: [&str; 10] = [
    "interests",
    "behaviors",
    "life_events",
    "industries",
    "income",
    "family_statuses",
    "education_schools",
    "education_majors",
    "work_employers",
    "work_positions",
];
/// From this version on the estimate tells of a month alone.
const MONTHS_ALONE_SINCE: u8 = 26;

/// `GET /act_{account}/reachestimate`.
pub(in super::super) fn reach(state: &State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    let targeting = call.params.json("targeting_spec").ok_or_else(|| GraphError::missing("targeting_spec"))?;
    let (lowest, highest, is_ready) = shown(people(state, account, &targeting)?);
    Ok(json!({ "data": {
        "users_lower_bound": lowest, "users_upper_bound": highest, "estimate_ready": is_ready,
    }}))
}

/// `GET /act_{account}/delivery_estimate`, and that of an ad set with what it has itself.
pub(in super::super) fn delivery(
    state: &State,
    call: &Call,
    account: &Node,
    ad_set: Option<&Node>,
) -> Result<Value, GraphError> {
    let given = |param: &str, field: &str| {
        let own = || ad_set.and_then(|ad_set| ad_set.fields.get(field).cloned());
        call.params.json(param).or_else(own).ok_or_else(|| GraphError::missing(param))
    };
    let goal = as_text(&given("optimization_goal", "optimization_goal")?);
    if !GOALS.contains(&goal.as_str()) {
        let problem = format!("must be one of {{{}}} - got \"{goal}\".", GOALS.join(", "));
        return Err(GraphError::invalid("optimization_goal", problem));
    }
    let targeting = given("targeting_spec", "targeting")?;
    let people = people(state, account, &targeting)?;
    let (lowest, highest, is_ready) = shown(people);
    let mut estimate = json!({
        "estimate_mau_lower_bound": lowest, "estimate_mau_upper_bound": highest, "estimate_ready": is_ready,
    });
    if call.version < MONTHS_ALONE_SINCE {
        estimate["estimate_dau"] = json!(people.map_or(-1, |people| people as i64 * 7 / 10));
    }
    Ok(json!({ "data": [estimate] }))
}

fn shown(people: Option<u64>) -> (i64, i64, bool) {
    people.map_or((-1, -1, false), |people| {
        let (lowest, highest) = bounds(people);
        (lowest as i64, highest as i64, true)
    })
}

/// How many people there are; none while an audience is being filled.
fn people(state: &State, account: &Node, targeting: &Value) -> Result<Option<u64>, GraphError> {
    check_places(targeting)?;
    audiences::check_targeting(state, account, targeting)?;
    let everybody = catalogue().everybody();
    let in_places = in_places(targeting.get("geo_locations"));
    let outside = in_places.map_or(0, |_| in_places_or_none(targeting.get("excluded_geo_locations")));
    let mut people = in_places.unwrap_or(everybody).saturating_sub(outside);
    let age = |name: &str, default: u64| targeting.get(name).and_then(Value::as_u64).unwrap_or(default);
    let years = (age("age_max", AGES.1) + 1).saturating_sub(age("age_min", 18));
    people = people * years / (AGES.1 - AGES.0 + 1);
    if items(targeting.get("genders")).len() == 1 {
        people /= 2;
    }
    for group in std::iter::once(targeting).chain(&items(targeting.get("flexible_spec"))) {
        let any: u64 = LISTS.iter().flat_map(|list| items(group.get(*list))).map(|item| people_with(&item)).sum();
        if any > 0 {
            people = (u128::from(people) * u128::from(any.min(everybody)) / u128::from(everybody.max(1))) as u64;
        }
    }
    let sizes = |list: &str| -> Option<u64> {
        let ids = items(targeting.get(list));
        ids.iter()
            .filter_map(|audience| as_text(audience.get("id")?).parse().ok())
            .map(|id| state.audiences.size(id))
            .sum()
    };
    let (Some(inside), Some(outside)) = (sizes("custom_audiences"), sizes("excluded_custom_audiences")) else {
        return Ok(None);
    };
    if !items(targeting.get("custom_audiences")).is_empty() {
        people = people.min(inside);
    }
    Ok(Some(people.saturating_sub(outside)))
}

fn items(list: Option<&Value>) -> Vec<Value> {
    list.and_then(Value::as_array).cloned().unwrap_or_default()
}

fn people_with(item: &Value) -> u64 {
    let id = item.get("id").map_or_else(|| as_text(item), as_text);
    catalogue().option(&id).map_or(10_000_000, |option| option.people)
}

fn in_places_or_none(places: Option<&Value>) -> u64 {
    in_places(places).unwrap_or_default()
}

/// None where no place is named.
fn in_places(places: Option<&Value>) -> Option<u64> {
    let places = places?.as_object().filter(|places| !places.is_empty())?;
    let list = |name: &str| items(places.get(name));
    let keys =
        |name: &str| list(name).into_iter().map(|place| place.get("key").map_or_else(|| as_text(&place), as_text));
    let catalogue = catalogue();
    let countries: u64 = list("countries").iter().map(|code| catalogue.people_of(&as_text(code))).sum();
    let groups: u64 = keys("country_groups")
        .flat_map(|group| catalogue.countries_of(&group))
        .map(|code| catalogue.people_of(&code))
        .sum();
    let smaller = ["regions", "cities", "zips", "geo_markets", "electoral_districts", "places", "neighborhoods"];
    let smaller: u64 = smaller.into_iter().flat_map(keys).map(|key| catalogue.people_in(&key)).sum();
    let circles = list("custom_locations").len() as u64 * 50_000;
    Some(countries + groups + smaller + circles)
}
