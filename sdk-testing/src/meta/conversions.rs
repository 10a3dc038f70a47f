//! The Conversions API: <https://developers.facebook.com/docs/marketing-api/conversions-api/using-the-api>.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::{GraphError, refusal};
use super::params::{Params, as_text, decoded};

/// The most events in one request.
const MOST_EVENTS: usize = 1000;
/// How old an event may be, and how old one of a shop.
const OLDEST: TimeDelta = TimeDelta::days(7);
const OLDEST_OF_A_SHOP: TimeDelta = TimeDelta::days(62);
/// For how long a second event of the same name and id counts as the same.
const SAME_WITHIN: TimeDelta = TimeDelta::hours(48);
/// Within this time the browser's copy is the one that is kept.
const BROWSER_WINS_WITHIN: TimeDelta = TimeDelta::minutes(5);
const SOURCES: [&str; 9] = [
    "email",
    "website",
    "app",
    "phone_call",
    "chat",
    "physical_store",
    "system_generated",
    "business_messaging",
    "other",
];
/// What is hashed before it is sent.
const HASHED: [&str; 11] = ["em", "ph", "fn", "ln", "ge", "db", "ct", "st", "zp", "country", "external_id"];
/// What matches nobody, alone or with one another.
const WEAK: [&str; 6] = ["ct", "country", "st", "zp", "ge", "client_user_agent"];

/// Where an event came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Origin {
    Server,
    Browser,
}

/// An event that was taken.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Event {
    pixel: u64,
    event_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    origin: Origin,
    received: DateTime<Utc>,
    /// Whether it counts: of two that are the same, one does.
    counts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_event_code: Option<String>,
    /// The page on which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Where it happened, as a server says.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_source: Option<String>,
    /// The app and the device, of what happened in an app.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_data: Option<Value>,
    /// What is known of the person, by name.
    match_keys: Vec<String>,
}

impl Event {
    /// Whether it is one of this pixel's and counts.
    pub(super) fn counts_for(&self, pixel: u64) -> bool {
        self.pixel == pixel && self.counts
    }

    pub(super) fn name(&self) -> &str {
        &self.event_name
    }

    pub(super) const fn received(&self) -> DateTime<Utc> {
        self.received
    }

    /// From where it came, as statistics call it.
    pub(super) const fn source(&self) -> &'static str {
        match self.origin {
            Origin::Server => "SERVER",
            Origin::Browser => "BROWSER",
        }
    }

    /// Under what it is summed up; under nothing where that is not known of events.
    pub(super) fn values(&self, aggregation: &str) -> Vec<String> {
        let url = self.url.as_deref().and_then(|url| url::Url::parse(url).ok());
        match aggregation {
            "event" | "event_total_counts" | "pixel_fire" => vec![self.event_name.clone()],
            "event_source" => vec![self.source().to_owned()],
            "url" => url.map(String::from).into_iter().collect(),
            "host" => url.and_then(|url| url.host_str().map(str::to_owned)).into_iter().collect(),
            "match_keys" => self.match_keys.clone(),
            "had_pii" => vec![(!self.match_keys.is_empty()).to_string()],
            _ => Vec::new(),
        }
    }
}

/// The events of all pixels.
#[derive(Debug, Default)]
pub(super) struct Events {
    all: Vec<Event>,
    counted: HashMap<(u64, String, String), usize>,
}

impl Events {
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.all.iter()
    }

    /// Takes an event; pairs it with its copy from the other side.
    pub(super) fn take(&mut self, mut event: Event) {
        if let Some(id) = event.event_id.clone() {
            let key = (event.pixel, event.event_name.clone(), id);
            let at = self.all.len();
            match self.counted.get(&key).copied().and_then(|first| self.all.get_mut(first)) {
                Some(first) if event.received - first.received < SAME_WITHIN => {
                    let age = event.received - first.received;
                    let is_browsers = event.origin == Origin::Browser && first.origin == Origin::Server;
                    event.counts = is_browsers && age <= BROWSER_WINS_WITHIN;
                    first.counts = !event.counts;
                    if event.counts {
                        self.counted.insert(key, at);
                    }
                }
                _ => {
                    self.counted.insert(key, at);
                }
            }
        }
        self.all.push(event);
    }
}

/// An event of the browser's pixel.
pub(super) fn browser(pixel: u64, name: String, params: &Params, now: DateTime<Utc>) -> Event {
    let match_keys = params.names().filter_map(|name| name.strip_prefix("ud[")?.strip_suffix(']')).map(str::to_owned);
    Event {
        pixel,
        event_name: name,
        event_id: params.text("eid"),
        origin: Origin::Browser,
        received: now,
        counts: true,
        test_event_code: None,
        url: params.text("dl"),
        action_source: None,
        app_data: None,
        match_keys: match_keys.collect(),
    }
}

/// `POST /{pixel}/events`: one bad event refuses them all.
pub(super) fn receive(events: &mut Events, call: &Call, pixel: u64) -> Result<Value, GraphError> {
    let data = call.params.json("data").ok_or_else(|| GraphError::missing("data"))?;
    // One of the official SDKs sends a list of texts.
    let data: Vec<Value> = data.as_array().into_iter().flatten().map(decoded).collect();
    if data.is_empty() || data.len() > MOST_EVENTS {
        return Err(GraphError::invalid("data", format!("must be an array of 1 to {MOST_EVENTS} events")));
    }
    let mut messages = Vec::new();
    for (index, event) in data.iter().enumerate() {
        check(index, event, call.now, &mut messages)?;
    }
    for event in &data {
        let text = |member: &str| event.get(member).and_then(Value::as_str).map(str::to_owned);
        events.take(Event {
            pixel,
            event_name: event.get("event_name").map(as_text).unwrap_or_default(),
            event_id: event.get("event_id").filter(|id| !id.is_null()).map(as_text),
            origin: Origin::Server,
            received: call.now,
            counts: true,
            test_event_code: call.params.text("test_event_code"),
            url: text("event_source_url"),
            action_source: text("action_source"),
            app_data: event.get("app_data").filter(|data| !data.is_null()).cloned(),
            match_keys: event.get("user_data").and_then(Value::as_object).map(match_keys).unwrap_or_default(),
        });
    }
    Ok(json!({ "events_received": data.len(), "messages": messages }))
}

fn check(index: usize, event: &Value, now: DateTime<Utc>, messages: &mut Vec<Value>) -> Result<(), GraphError> {
    let wrong = |member: &str, problem: &str| GraphError::invalid(&format!("data[{index}][\"{member}\"]"), problem);
    let text = |member: &str| event.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("event_name").ok_or_else(|| wrong("event_name", "must be non-empty."))?;
    let source = text("action_source").ok_or_else(|| wrong("action_source", "must be non-empty."))?;
    if !SOURCES.contains(&source) {
        return Err(wrong("action_source", &format!("must be one of {{{}}}.", SOURCES.join(", "))));
    }
    let time = event.get("event_time").and_then(|time| time.as_i64().or_else(|| time.as_str()?.parse().ok()));
    let time = time.ok_or_else(|| wrong("event_time", "must be a Unix timestamp in seconds."))?;
    let oldest = if source == "physical_store" { OLDEST_OF_A_SHOP } else { OLDEST };
    if time < (now - oldest).timestamp() {
        let explanation = format!("Event {index} is older than {} days.", oldest.num_days());
        return Err(GraphError::refused(&refusal::EVENT_TOO_OLD, explanation).blaming("event_time"));
    }
    if time > (now + TimeDelta::minutes(1)).timestamp() {
        return Err(wrong("event_time", "must not be in the future."));
    }
    let user =
        event.get("user_data").and_then(Value::as_object).ok_or_else(|| wrong("user_data", "must be an object."))?;
    check_user(index, user, messages)?;
    if source == "website" {
        if text("event_source_url").is_none() {
            return Err(wrong("event_source_url", "is required for website events."));
        }
        if !user.contains_key("client_user_agent") {
            return Err(wrong("user_data", "must hold client_user_agent for website events."));
        }
    }
    if source == "app" {
        check_app(event.get("app_data").unwrap_or(&Value::Null)).map_err(|problem| wrong("app_data", problem))?;
    }
    if name == "Purchase" {
        let custom = event.get("custom_data").unwrap_or(&Value::Null);
        let value = custom.get("value").map(as_text).and_then(|value| value.parse::<f64>().ok());
        let currency = custom.get("currency").and_then(Value::as_str);
        if value.is_none_or(|value| value < 0.0) {
            return Err(wrong("custom_data", "must hold a value of zero or more for purchases."));
        }
        if !currency.is_some_and(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic())) {
            return Err(wrong("custom_data", "must hold a currency of three letters for purchases."));
        }
    }
    Ok(())
}

/// The device is sixteen texts, of which the kind of system and its version are required.
fn check_app(app: &Value) -> Result<(), &'static str> {
    if !app.is_object() {
        return Err("is required for app events.");
    }
    let is_flag =
        |name: &str| app.get(name).is_some_and(|flag| flag.is_boolean() || matches!(flag.as_u64(), Some(0 | 1)));
    if !is_flag("advertiser_tracking_enabled") || !is_flag("application_tracking_enabled") {
        return Err("must hold advertiser_tracking_enabled and application_tracking_enabled, each 0 or 1.");
    }
    let device: Vec<String> = app.get("extinfo").and_then(Value::as_array).into_iter().flatten().map(as_text).collect();
    match device.as_slice() {
        [system, _, _, _, version, ..] if device.len() == 16 => {
            let is_known = matches!(system.as_str(), "i2" | "a2") && !version.is_empty();
            is_known.then_some(()).ok_or("must hold extinfo with i2 or a2 first and the system's version fifth.")
        }
        _ => Err("must hold extinfo, an array of sixteen texts."),
    }
}

/// A value that is not hashed where it should be matches nobody, so it is said and does not count.
fn check_user(index: usize, user: &Map<String, Value>, messages: &mut Vec<Value>) -> Result<(), GraphError> {
    let mut usable = Vec::new();
    for (key, value) in user {
        let values: Vec<String> = match value {
            Value::Null => continue,
            Value::Array(items) => items.iter().map(as_text).collect(),
            one => vec![as_text(one)],
        };
        let is_good = |value: &String| {
            !value.is_empty() && (!HASHED.contains(&key.as_str()) || is_hashed(value) || key == "external_id")
        };
        if !values.is_empty() && values.iter().all(is_good) {
            usable.push(key.as_str());
        } else {
            messages.push(json!(format!("data[{index}].user_data.{key} is not hashed with SHA-256 and was not used")));
        }
    }
    if usable.iter().all(|key| WEAK.contains(key))
        || matches!(usable[..], ["client_user_agent", "db"] | ["fn", "ge"] | ["ge", "ln"])
    {
        let explanation = format!("Event {index} holds too few customer information parameters to match anyone.");
        return Err(GraphError::refused(&refusal::TOO_FEW_CUSTOMER_PARAMETERS, explanation).blaming("user_data"));
    }
    Ok(())
}

/// What says who somebody is.
fn match_keys(user: &Map<String, Value>) -> Vec<String> {
    user.keys().filter(|key| HASHED.contains(&key.as_str())).cloned().collect()
}

/// 64 hexadecimal digits in lower case, with or without what Meta's parameter builder appends.
fn is_hashed(value: &str) -> bool {
    let hash = value.split_once('.').map_or(value, |(hash, _)| hash);
    hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(change: Value) -> Result<Vec<Value>, (i64, Option<i64>)> {
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let mut event = json!({
            "event_name": "Lead", "event_time": now.timestamp(), "action_source": "website",
            "event_source_url": "https://a.example/", "user_data": { "em": "0".repeat(64), "client_user_agent": "x" },
        });
        event.as_object_mut().unwrap().extend(change.as_object().cloned().unwrap());
        let mut messages = Vec::new();
        check(0, &event, now, &mut messages).map(|()| messages).map_err(|error| (error.code, error.subcode))
    }

    #[test]
    fn events_are_judged_one_by_one() {
        let weak = json!({ "client_user_agent": "x", "ct": "0".repeat(64) });
        for (change, expected) in [
            (json!({}), Ok(vec![])),
            (json!({ "event_name": "" }), Err((100, None))),
            (json!({ "action_source": "carrier_pigeon" }), Err((100, None))),
            (json!({ "event_time": 1_767_225_600 - 8 * 86_400 }), Err((100, Some(2_804_003)))),
            (json!({ "event_time": 1_767_225_600 - 8 * 86_400, "action_source": "physical_store" }), Ok(vec![])),
            (json!({ "event_time": 1_767_225_600 + 3600 }), Err((100, None))),
            (json!({ "event_source_url": null }), Err((100, None))),
            (json!({ "user_data": weak }), Err((100, Some(2_804_050)))),
            (json!({ "event_name": "Purchase" }), Err((100, None))),
            (json!({ "event_name": "Purchase", "custom_data": { "value": 1, "currency": "USD" } }), Ok(vec![])),
        ] {
            assert_eq!(verdict(change.clone()), expected, "{change}");
        }
    }

    #[test]
    fn events_of_an_app_tell_of_the_device() {
        let device = |first: &str, version: &str| {
            let mut texts = vec![String::new(); 16];
            (texts[0], texts[4]) = (first.to_owned(), version.to_owned());
            json!(texts)
        };
        let app = |extinfo: Value| json!({ "advertiser_tracking_enabled": 0, "application_tracking_enabled": true, "extinfo": extinfo });
        let of_app = |app: Value| verdict(json!({ "action_source": "app", "event_source_url": null, "app_data": app }));
        assert_eq!(of_app(app(device("a2", "16"))), Ok(vec![]));
        for wrong in [
            Value::Null,
            app(device("w2", "16")),
            app(device("i2", "")),
            app(json!(["i2", "", "", "", "18.1"])),
            app(Value::Null),
            json!({ "extinfo": device("i2", "18.1") }),
            json!({ "advertiser_tracking_enabled": 2, "application_tracking_enabled": 1, "extinfo": device("i2", "18.1") }),
        ] {
            assert_eq!(of_app(wrong.clone()), Err((100, None)), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_hashed_is_named_and_not_used() {
        let user = json!({ "em": "a@b.example", "fbp": "fb.1.1.1", "client_user_agent": "x" });
        assert_eq!(verdict(json!({ "user_data": user })).map(|messages| messages.len()), Ok(1));
        assert!(is_hashed(&format!("{}.AQIDBAUG", "a".repeat(64))) && !is_hashed(&"A".repeat(64)));
    }

    #[test]
    fn of_two_copies_one_counts_and_for_five_minutes_it_is_the_browsers() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        let mut params = Params::default();
        params.add("eid", json!("e"));
        let server = |at| Event { origin: Origin::Server, ..browser(1, "Lead".into(), &params, at) };
        let browser = |at| browser(1, "Lead".into(), &params, at);
        let counts = |both: [Event; 2]| {
            let mut events = Events::default();
            both.into_iter().for_each(|event| events.take(event));
            events.iter().map(|event| event.counts).collect::<Vec<_>>()
        };
        assert_eq!(counts([server(start), browser(start + TimeDelta::minutes(4))]), [false, true]);
        assert_eq!(counts([server(start), browser(start + TimeDelta::minutes(6))]), [true, false]);
        assert_eq!(counts([browser(start), server(start)]), [true, false]);
        assert_eq!(counts([server(start), server(start + TimeDelta::hours(47))]), [true, false]);
        assert_eq!(counts([server(start), server(start + TimeDelta::hours(48))]), [true, true]);
    }
}
