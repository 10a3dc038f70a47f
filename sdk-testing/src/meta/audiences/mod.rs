//! Custom audiences: <https://developers.facebook.com/docs/marketing-api/reference/custom-audience>.

mod lookalike;
mod payload;
mod people;
mod session;
mod share;
mod users;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

pub(super) use share::{is_shared_with, list};
pub(super) use users::remove_from_all;

use super::call::Call;
use super::error::{GraphError, refusal};
use super::kind::Kind;
use super::nodes::Node;
use super::params::as_text;
use super::shape::{Field, Shape, accept, may, must};
use super::state::State;
use people::People;
use session::{Action, Session};

const SUBTYPES: &[&str] = &[
    "APP",
    "BAG_OF_ACCOUNTS",
    "BIDDING",
    "CLAIM",
    "CUSTOM",
    "ENGAGEMENT",
    "EXCLUSION",
    "FOX",
    "LOOKALIKE",
    "MANAGED",
    "MEASUREMENT",
    "MESSENGER_SUBSCRIBER_LIST",
    "OFFLINE_CONVERSION",
    "PARTNER",
    "PRIMARY",
    "REGULATED_CATEGORIES_AUDIENCE",
    "STUDY_RULE_AUDIENCE",
    "VIDEO",
    "WEBSITE",
];
const SOURCES: &[&str] = &["USER_PROVIDED_ONLY", "PARTNER_PROVIDED_ONLY", "BOTH_USER_AND_PARTNER_PROVIDED"];
const RESTRICTIONS: &[&str] = &["NONE", "EXCLUSION_ONLY", "NO_DERIVATIVES"];
const LABELS: &[&str] = &[
    "APP_USERS",
    "AT_RISK",
    "CART_ABANDONERS",
    "DISENGAGED",
    "DISQUALIFIED_LEADS",
    "ENGAGED_USERS",
    "GENERAL_CUSTOMERS",
    "HIGH_VALUE_CUSTOMERS",
    "LOW_VALUE_CUSTOMERS",
    "OTHER_1",
    "OTHER_2",
    "OTHER_3",
    "QUALIFIED_LEADS",
    "RECENT_PURCHASERS",
    "TRIAL_USERS",
];
const FIELDS: [Field; 19] = [
    must("name", Shape::Text(400)),
    must("subtype", Shape::One(SUBTYPES)).fixed(),
    may("description", Shape::Text(1000)),
    may("customer_file_source", Shape::One(SOURCES)),
    may("retention_days", Shape::Integer),
    may("rule", Shape::Text(100_000)),
    may("rule_aggregation", Shape::Text(100_000)),
    may("prefill", Shape::Flag).fixed(),
    may("pixel_id", Shape::Id).fixed(),
    may("origin_audience_id", Shape::Id).fixed(),
    may("lookalike_spec", Shape::Object).fixed(),
    may("is_value_based", Shape::Flag).fixed(),
    may("usage_restriction", Shape::One(RESTRICTIONS)).fixed(),
    may("audience_labels", Shape::Names(LABELS)),
    may("opt_out_link", Shape::Text(2000)),
    may("allowed_domains", Shape::List).fixed(),
    may("inclusions", Shape::List),
    may("exclusions", Shape::List),
    may("use_for_products", Shape::List),
];
/// How many audiences of a kind an ad account may have.
const MOST: [(&str, usize); 4] = [("CUSTOM", 500), ("WEBSITE", 10_000), ("APP", 200), ("LOOKALIKE", 500)];
/// The longest that somebody stays in a website audience, in days.
const LONGEST_RETENTION: i64 = 180;
/// Ads are shown to no fewer.
const SMALLEST: usize = 100;
/// Fewer are never told apart.
const SMALLEST_SHOWN: usize = 1000;

/// Who is in the audiences, and who is on the way.
#[derive(Debug, Default)]
pub(super) struct Audiences {
    people: BTreeMap<u64, People>,
    /// Oldest first.
    sessions: Vec<Session>,
    /// Lookalikes that are being filled: until when, and with how many.
    growing: BTreeMap<u64, (DateTime<Utc>, u64)>,
    /// How many lookalikes hold.
    alike: BTreeMap<u64, u64>,
}

impl Audiences {
    /// How many people an audience holds; none while that is not known.
    pub(super) fn size(&self, audience: u64) -> Option<u64> {
        match self.growing.contains_key(&audience) {
            true => None,
            false => {
                let named = self.people.get(&audience).map_or(0, |people| people.len() as u64);
                Some(self.alike.get(&audience).copied().unwrap_or_default() + named)
            }
        }
    }

    fn open(&self, audience: u64) -> impl Iterator<Item = &Session> {
        self.sessions.iter().filter(move |session| session.is_open() && session.audience == Some(audience))
    }
}

/// `POST /act_{account}/customaudiences`.
pub(super) fn create(state: &mut State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    let mut fields = accept(&FIELDS, &call.params, true)?;
    let subtype = fields.get("subtype").map(as_text).unwrap_or_default();
    let size = match subtype.as_str() {
        "CUSTOM" if !fields.contains_key("customer_file_source") => {
            return Err(GraphError::missing("customer_file_source"));
        }
        "WEBSITE" if !fields.contains_key("rule") => return Err(GraphError::missing("rule")),
        "LOOKALIKE" => Some(lookalike::size(state, account, &mut fields)?),
        _ => None,
    };
    check(&fields)?;
    let same = |node: &&Node| node.kind == Kind::CustomAudience && node.owner == account.id;
    let count = state.nodes.iter().filter(same).filter(|node| node.text("subtype") == subtype).count();
    if MOST.iter().any(|(kind, most)| *kind == subtype && count >= *most) {
        let message = format!("(#2654) Failed to create custom audience: the ad account has {count} of this kind");
        return Err(GraphError::new(2654, message));
    }
    fields.insert("time_created".into(), json!(call.now.timestamp()));
    fields.insert("time_updated".into(), json!(call.now.timestamp()));
    let id = state.nodes.create(Kind::CustomAudience, account.id, fields, call.now).id;
    if let Some(size) = size {
        state.audiences.growing.insert(id, (call.now + lookalike::FILLED_AFTER, size));
    }
    refresh(state, id);
    Ok(json!({ "id": id.to_string() }))
}

/// `POST /{audience}`.
pub(super) fn update(state: &mut State, call: &Call, node: &Node) -> Result<Value, GraphError> {
    let mut fields = accept(&FIELDS, &call.params, false)?;
    check(&fields)?;
    fields.insert("time_updated".into(), json!(call.now.timestamp()));
    if let Some(node) = state.nodes.get_mut(node.id) {
        node.set(fields, call.now);
    }
    Ok(json!({ "success": true }))
}

/// `DELETE /{audience}`: nothing remains.
pub(super) fn delete(state: &mut State, node: &Node) -> Value {
    state.nodes.remove(node.id);
    state.audiences.people.remove(&node.id);
    state.audiences.growing.remove(&node.id);
    state.audiences.sessions.retain(|session| session.audience != Some(node.id));
    json!({ "success": true })
}

/// `GET /{audience}/…`.
pub(super) fn get(state: &State, call: &Call, node: &Node, edge: &str) -> Result<Option<Value>, GraphError> {
    match edge {
        "sessions" => users::sessions(state, call, node).map(Some),
        "adaccounts" => share::accounts(state, call, node).map(Some),
        _ => Ok(None),
    }
}

/// `POST` and `DELETE` of `/{audience}/…`.
pub(super) fn change(state: &mut State, call: &Call, node: &Node, edge: &str) -> Result<Option<Value>, GraphError> {
    match (call.method.as_str(), edge) {
        ("POST", "users") => users::receive(state, call, node, Action::Add).map(Some),
        ("DELETE", "users") => users::receive(state, call, node, Action::Remove).map(Some),
        ("POST", "usersreplace") => users::receive(state, call, node, Action::Replace).map(Some),
        ("POST", "adaccounts") => share::share(state, call, node, true).map(Some),
        ("DELETE", "adaccounts") => share::share(state, call, node, false).map(Some),
        _ => Ok(None),
    }
}

/// Ends what the time has ended: uploads that were not finished, lookalikes that are filled by now.
pub(super) fn settle(state: &mut State, now: DateTime<Utc>) {
    let audiences = &mut state.audiences;
    let mut changed = Vec::new();
    for session in &mut audiences.sessions {
        if session.expire(now) {
            changed.extend(session.audience);
        }
    }
    let filled = audiences.growing.extract_if(.., |_, (at, _)| *at <= now).collect::<Vec<_>>();
    for (id, (_, size)) in filled {
        audiences.alike.insert(id, size);
        changed.push(id);
    }
    for id in changed {
        refresh(state, id);
    }
}

/// Says that Meta found an audience to break its rules, or takes that back; whether there is such an audience.
pub(super) fn flag(state: &mut State, audience: u64, is_flagged: bool) -> bool {
    let Some(node) = state.nodes.get_mut(audience).filter(|node| node.kind == Kind::CustomAudience) else {
        return false;
    };
    node.fields.insert(FLAGGED.to_owned(), json!(is_flagged));
    refresh(state, audience);
    true
}

/// Where a node keeps whether it is flagged; no field that can be read.
const FLAGGED: &str = "is_flagged";

fn is_flagged(node: &Node) -> bool {
    node.fields.get(FLAGGED).and_then(Value::as_bool) == Some(true)
}

/// Writes down how large an audience is and how it is doing.
fn refresh(state: &mut State, audience: u64) {
    let size = state.audiences.size(audience);
    let is_replaced = state.audiences.open(audience).any(|session| session.action == Action::Replace);
    let last = state.audiences.sessions.iter().rfind(|session| session.audience == Some(audience));
    let has_failed = last.is_some_and(Session::is_failed_replacement);
    let Some(node) = state.nodes.get_mut(audience) else { return };
    let operation = match () {
        () if is_flagged(node) => (471, "Flagged: the audience is not used until its restrictions are resolved"),
        () if is_replaced => (300, "replace_in_progress"),
        () if has_failed => (400, "replace_error"),
        () if size.is_none() => (441, "The audience is being populated"),
        () => (200, "Normal"),
    };
    let delivery = match size {
        Some(size) if size >= SMALLEST as u64 => (200, "This audience is ready for use."),
        Some(_) => (300, "The audience is too small for ads to be delivered to it."),
        None => (300, "The audience is not ready yet."),
    };
    let (lowest, highest) = size.map_or((json!(-1), json!(-1)), |size| {
        let (lowest, highest) = bounds(size);
        (json!(lowest), json!(highest))
    });
    let status = |(code, description): (i64, &str)| json!({ "code": code, "description": description });
    node.fields.extend(Map::from_iter([
        ("operation_status".to_owned(), status(operation)),
        ("delivery_status".to_owned(), status(delivery)),
        ("approximate_count_lower_bound".to_owned(), lowest),
        ("approximate_count_upper_bound".to_owned(), highest),
    ]));
}

/// A number of people as Meta shows it, so that nobody is found in it: two digits, and a range above.
pub(super) fn bounds(size: u64) -> (u64, u64) {
    if size <= SMALLEST_SHOWN as u64 {
        return (SMALLEST_SHOWN as u64, SMALLEST_SHOWN as u64);
    }
    let unit = 10_u64.pow(size.ilog10() - 1);
    let lowest = size / unit * unit;
    (lowest, (lowest + lowest * 3 / 17) / (unit / 10).max(1) * (unit / 10).max(1))
}

fn check(fields: &Map<String, Value>) -> Result<(), GraphError> {
    let days = fields.get("retention_days").and_then(Value::as_i64);
    if days.is_some_and(|days| !(1..=LONGEST_RETENTION).contains(&days)) {
        return Err(GraphError::invalid("retention_days", format!("must be from 1 to {LONGEST_RETENTION}")));
    }
    match fields.get("rule").and_then(Value::as_str) {
        Some(rule) if !is_rule(rule) => {
            let explanation = "A rule holds inclusions.rules, each with event_sources and retention_seconds.";
            Err(GraphError::refused(&refusal::AUDIENCE_RULE, explanation).blaming("rule"))
        }
        _ => Ok(()),
    }
}

fn is_rule(rule: &str) -> bool {
    let Ok(rule) = serde_json::from_str::<Value>(rule) else { return false };
    let rules = rule.get("inclusions").and_then(|inclusions| inclusions.get("rules")).and_then(Value::as_array);
    rules.is_some_and(|rules| {
        !rules.is_empty()
            && rules.iter().all(|rule| {
                let sources = rule.get("event_sources").and_then(Value::as_array);
                let is_named = |source: &Value| source.get("id").is_some() && source.get("type").is_some();
                sources.is_some_and(|sources| !sources.is_empty() && sources.iter().all(is_named))
                    && rule.get("retention_seconds").and_then(Value::as_i64).is_some()
            })
    })
}

/// The audiences of a targeting: each is the ad account's own, or shared with it, and not flagged.
pub(super) fn check_targeting(state: &State, account: &Node, targeting: &Value) -> Result<(), GraphError> {
    for list in ["custom_audiences", "excluded_custom_audiences"] {
        for audience in targeting.get(list).and_then(Value::as_array).into_iter().flatten() {
            let id = audience.get("id").map(as_text).unwrap_or_default();
            let found = id.parse().ok().and_then(|id| state.nodes.of_kind(id, Kind::CustomAudience));
            match found.filter(|node| node.owner == account.id || is_shared_with(node, account.id)) {
                None => {
                    let explanation = format!("The audience {id} is deleted, or the ad account may not use it.");
                    return Err(GraphError::refused(&refusal::DEAD_AUDIENCE, explanation).blaming("targeting"));
                }
                Some(node) if is_flagged(node) => {
                    let explanation = format!("The audience {id} is flagged.");
                    return Err(GraphError::refused(&refusal::FLAGGED_SEED, explanation).blaming("targeting"));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_as_ranges_in_which_nobody_is_found() {
        for (size, expected) in [
            (0, (1000, 1000)),
            (1000, (1000, 1000)),
            (1999, (1900, 2230)),
            (25_000, (25_000, 29_400)),
            (2_660_000, (2_600_000, 3_050_000)),
        ] {
            assert_eq!(bounds(size), expected, "{size}");
        }
    }

    #[test]
    fn a_rule_says_where_and_for_how_long() {
        let source = json!({ "type": "pixel", "id": "1" });
        let rule = json!({ "inclusions": { "operator": "or", "rules": [{ "event_sources": [source], "retention_seconds": 86_400 }] } });
        assert!(is_rule(&rule.to_string()));
        let without = json!({ "inclusions": { "operator": "or", "rules": [{ "event_sources": [source] }] } });
        for text in [without.to_string(), json!({ "inclusions": { "rules": [] } }).to_string(), "{".to_owned()] {
            assert!(!is_rule(&text), "{text}");
        }
    }
}
