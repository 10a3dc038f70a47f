//! Pixels and what came in through them: <https://developers.facebook.com/docs/marketing-api/reference/ads-pixel>.

use std::collections::BTreeMap;

use chrono::{DateTime, Timelike as _, Utc};
use serde_json::{Value, json};

use super::call::Call;
use super::clock;
use super::conversions::Event;
use super::error::GraphError;
use super::kind::Kind;
use super::nodes::Node;
use super::shape::{Field, Shape, accept, may, must};
use super::state::State;

const FIELDS: [Field; 5] = [
    must("name", Shape::Text(400)),
    may("data_use_setting", Shape::One(&["EMPTY", "ADVERTISING_AND_ANALYTICS", "ANALYTICS_ONLY"])),
    may("enable_automatic_matching", Shape::Flag),
    may("automatic_matching_fields", Shape::Names(MATCHED)),
    may(
        "first_party_cookie_status",
        Shape::One(&["EMPTY", "FIRST_PARTY_COOKIE_DISABLED", "FIRST_PARTY_COOKIE_ENABLED"]),
    ),
];
/// What a pixel looks for on pages by itself.
const MATCHED: &[&str] = &["country", "ct", "db", "em", "external_id", "fn", "ge", "ln", "ph", "st", "zp"];
/// By what Meta sums up.
const AGGREGATIONS: [&str; 16] = [
    "browser_type",
    "custom_data_field",
    "device_os",
    "device_type",
    "event",
    "event_detection_method",
    "event_processing_results",
    "event_source",
    "event_total_counts",
    "event_value_count",
    "had_pii",
    "host",
    "match_keys",
    "pixel_fire",
    "url",
    "url_by_rule",
];

/// `POST /act_{account}/adspixels`.
pub(super) fn create(state: &mut State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    let mut fields = accept(&FIELDS, &call.params, true)?;
    let defaults = json!({
        "data_use_setting": "ADVERTISING_AND_ANALYTICS", "enable_automatic_matching": false, "is_unavailable": false,
        "automatic_matching_fields": [], "first_party_cookie_status": "FIRST_PARTY_COOKIE_ENABLED",
        "creation_time": clock::written(call.now),
    });
    for (name, value) in defaults.as_object().into_iter().flatten() {
        fields.entry(name).or_insert_with(|| value.clone());
    }
    let id = state.nodes.create(Kind::AdsPixel, account.id, fields, call.now).id;
    if let Some(node) = state.nodes.get_mut(id) {
        node.fields.insert("code".into(), json!(code(id)));
    }
    Ok(json!({ "id": id.to_string() }))
}

/// `POST /{pixel}`.
pub(super) fn update(state: &mut State, call: &Call, node: &Node) -> Result<Value, GraphError> {
    let fields = accept(&FIELDS, &call.params, false)?;
    if let Some(node) = state.nodes.get_mut(node.id) {
        node.set(fields, call.now);
    }
    Ok(json!({ "success": true }))
}

/// What is put on a website.
fn code(id: u64) -> String {
    format!(
        "<script>fbq('init', '{id}'); fbq('track', 'PageView');</script>\n<noscript><img height=\"1\" width=\"1\" \
         style=\"display:none\" src=\"https://www.facebook.com/tr?id={id}&ev=PageView&noscript=1\"/></noscript>"
    )
}

/// `GET /{pixel}/stats`: the events that count, hour by hour. What is not known of an event, such as its browser, is not
/// summed up: those lists are empty.
pub(super) fn stats(state: &State, call: &Call, node: &Node) -> Result<Value, GraphError> {
    let aggregation = call.params.text("aggregation").unwrap_or_else(|| "event".to_owned());
    if !AGGREGATIONS.contains(&aggregation.as_str()) {
        let problem = format!("must be one of {{{}}} - got \"{aggregation}\".", AGGREGATIONS.join(", "));
        return Err(GraphError::invalid("aggregation", problem));
    }
    let time = |name: &str| -> Result<Option<DateTime<Utc>>, GraphError> {
        let Some(text) = call.params.text(name) else { return Ok(None) };
        clock::read(&text).map(Some).ok_or_else(|| GraphError::invalid(name, "must be a valid time"))
    };
    let (start, end) = (time("start_time")?, time("end_time")?);
    let (name, source) = (call.params.text("event"), call.params.text("event_source"));
    let mut hours: BTreeMap<DateTime<Utc>, BTreeMap<String, u64>> = BTreeMap::new();
    let is_wanted = |event: &&Event| {
        event.counts_for(node.id)
            && start.is_none_or(|start| event.received() >= start)
            && end.is_none_or(|end| event.received() < end)
            && name.as_deref().is_none_or(|name| name == event.name())
            && source.as_deref().is_none_or(|source| source.eq_ignore_ascii_case(event.source()))
    };
    for event in state.events.iter().filter(is_wanted) {
        let hour = event.received().with_minute(0).and_then(|time| time.with_second(0)?.with_nanosecond(0));
        let sums = hours.entry(hour.unwrap_or(event.received())).or_default();
        for value in event.values(&aggregation) {
            *sums.entry(value).or_default() += 1;
        }
    }
    let row = |(hour, sums): (DateTime<Utc>, BTreeMap<String, u64>)| {
        let data: Vec<Value> = sums.iter().map(|(value, count)| json!({ "value": value, "count": count })).collect();
        json!({ "start_time": clock::written(hour), "aggregation": aggregation, "data": data })
    };
    Ok(json!({ "data": hours.into_iter().rev().map(row).collect::<Vec<_>>() }))
}
