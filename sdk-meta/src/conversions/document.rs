//! Events as JSON, for whoever has no [`Event`].

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use acd_core::json::Json;
use chrono::DateTime;

use super::app_data::{AppData, DeviceInfo};
use super::check::EventProblem;
use super::custom_data::{Content, CustomData};
use super::data_processing::DataProcessing;
use super::event::{ActionSource, Event, EventName, MessagingChannel};
use super::user_data::UserData;
use crate::error::{Error, ErrorKind, Result};
use crate::text::decimal;

/// An event as Meta's own JSON, for bindings and queues that hold documents. The person is normalised and hashed as the
/// document is read, and the event is checked as an [`Event`] is; whatever else it says is sent as it is. So whether an app
/// may track is said as Meta wants it, by 0 or 1.
///
/// `Debug` shows what that of an [`Event`] does.
#[derive(Clone, PartialEq)]
pub struct EventDocument {
    /// What is checked of it.
    event: Event,
    /// What is wrong with properties of the advertiser's own, which `event` lacks.
    in_the_clear: Vec<EventProblem>,
    /// All of it, with hashes in the place of what they were made of.
    json: Vec<u8>,
}

impl EventDocument {
    /// Reads a JSON array of events.
    ///
    /// # Errors
    /// [`ErrorKind::Request`] for other text, and for an event that lacks what all have or has it in another form, with its
    /// place in the array.
    pub fn read_all(json: &[u8]) -> Result<Vec<Self>> {
        let events = Json::read_elements(json);
        let events = events.ok_or_else(|| Error::new(ErrorKind::Request, "the events are no JSON array"))?;
        let each = events.into_iter().enumerate().map(|(index, json)| {
            Self::of(json).map_err(|Wrong { field, expected }| {
                Error::new(ErrorKind::Request, format!("event {index} cannot be read: `{field}` has to be {expected}"))
            })
        });
        each.collect()
    }

    /// What is known of the person.
    pub fn user_data(&self) -> &UserData {
        &self.event.user_data
    }

    fn of(json: Json<'_>) -> std::result::Result<Self, Wrong> {
        let wrong = Wrongs::default();
        let read = Self::with(&wrong, json);
        let is_whole = wrong.first.take().map_or(Ok(()), Err);
        is_whole.and(read.ok_or(Wrong { field: "event", expected: OBJECT }))
    }

    fn with(wrong: &Wrongs, json: Json<'_>) -> Option<Self> {
        let fields = Fields::of(wrong, json)?;
        let seconds = fields.get("event_time").and_then(|time| time.number()?.parse().ok());
        let time = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or_else(|| {
            wrong.note("event_time", "the seconds since 1970 as a whole number");
            DateTime::UNIX_EPOCH
        });
        let person = fields.get("user_data").and_then(UserData::of_json);
        let person = wrong.unless(person, "user_data", "an object of texts and lists of texts");
        let source = ActionSource::from(&*fields.needed("action_source"));
        let mut event = Event::new(EventName::from(&*fields.needed("event_name")), time, source, person);
        event.event_id = fields.owned("event_id");
        event.event_source_url = fields.owned("event_source_url");
        event.referrer_url = fields.owned("referrer_url");
        event.messaging_channel = fields.text("messaging_channel").map(|name| MessagingChannel::from(&*name));
        event.app_data = fields.object("app_data").map(|app| app_data(&app));
        event.data_processing = data_processing(&fields);
        let mut in_the_clear = Vec::new();
        if let Some(custom) = fields.object("custom_data") {
            event.custom_data = Some(custom_data(&custom));
            let own = custom.members.iter().filter(|(name, _)| !CustomData::KEYS.contains(&&**name));
            let own = own.filter(|(_, value)| holds_address(*value));
            in_the_clear.extend(own.map(|(name, _)| EventProblem::in_the_clear(format!("custom_data.{name}"))));
        }
        let json = fields.written(&event.user_data).ok();
        let json = wrong.unless(json, "user_data", "an object of texts and lists of texts");
        Some(Self { event, in_the_clear, json })
    }
}

impl fmt::Debug for EventDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.event, f)
    }
}

/// What can be sent: an [`Event`], and an [`EventDocument`].
pub trait Sendable: Sync + sealed::Sealed {
    #[doc(hidden)]
    fn checked(&self) -> &Event;

    #[doc(hidden)]
    fn in_the_clear(&self) -> Vec<EventProblem>;

    #[doc(hidden)]
    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()>;
}

mod sealed {
    /// What reaches Meta is checked first, so that no other type is sent.
    pub trait Sealed {}
}

impl sealed::Sealed for Event {}
impl sealed::Sealed for EventDocument {}

impl Sendable for Event {
    fn checked(&self) -> &Event {
        self
    }

    fn in_the_clear(&self) -> Vec<EventProblem> {
        self.personal_data()
    }

    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(json, self)
    }
}

impl Sendable for EventDocument {
    fn checked(&self) -> &Event {
        &self.event
    }

    fn in_the_clear(&self) -> Vec<EventProblem> {
        let mut problems = self.event.personal_data();
        problems.extend_from_slice(&self.in_the_clear);
        problems
    }

    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
        json.extend_from_slice(&self.json);
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
struct Wrong {
    field: &'static str,
    expected: &'static str,
}

const A_TEXT: &str = "a text";
const OBJECT: &str = "an object without repeated names";

/// What was wrong with an event. Reading goes on, and the event is thrown away: to leave at each of its fields, with what was read
/// until then, is most of the code that it takes.
#[derive(Debug, Default)]
struct Wrongs {
    first: Cell<Option<Wrong>>,
}

impl Wrongs {
    /// The value, or any in its place.
    fn unless<T: Default>(&self, value: Option<T>, field: &'static str, expected: &'static str) -> T {
        if value.is_none() {
            self.note(field, expected);
        }
        value.unwrap_or_default()
    }

    fn note(&self, field: &'static str, expected: &'static str) {
        self.first.set(self.first.get().or(Some(Wrong { field, expected })));
    }
}

/// The members of an object that are not `null`.
struct Fields<'w, 'j> {
    wrong: &'w Wrongs,
    members: Vec<(Cow<'j, str>, Json<'j>)>,
}

impl<'w, 'j> Fields<'w, 'j> {
    /// None for what is no object, and for one in which a name comes twice: what is checked would not be what is read.
    fn of(wrong: &'w Wrongs, json: Json<'j>) -> Option<Self> {
        let mut members = json.members()?;
        let mut names: Vec<_> = members.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return None;
        }
        members.retain(|(_, value)| !value.is_null());
        Some(Self { wrong, members })
    }

    fn get(&self, name: &str) -> Option<Json<'j>> {
        self.members.iter().find(|(other, _)| other == name).map(|(_, value)| *value)
    }

    /// What the field holds, if the event has it and it is of the form that is expected.
    fn read<T>(&self, field: &'static str, expected: &'static str, of: impl Fn(Json<'j>) -> Option<T>) -> Option<T> {
        let read = of(self.get(field)?);
        if read.is_none() {
            self.wrong.note(field, expected);
        }
        read
    }

    fn text(&self, field: &'static str) -> Option<Cow<'j, str>> {
        self.read(field, A_TEXT, Json::text)
    }

    fn needed(&self, field: &'static str) -> Cow<'j, str> {
        self.wrong.unless(self.text(field), field, A_TEXT)
    }

    fn owned(&self, field: &'static str) -> Option<String> {
        self.text(field).map(Cow::into_owned)
    }

    fn number(&self, field: &'static str) -> Option<f64> {
        self.read(field, "a number", |value| decimal(value.number()?))
    }

    fn object(&self, field: &'static str) -> Option<Self> {
        self.read(field, OBJECT, |value| Fields::of(self.wrong, value))
    }

    fn list(&self, field: &'static str) -> Vec<Json<'j>> {
        self.read(field, "a list", Json::elements).unwrap_or_default()
    }

    /// All of it, with this person in the place of what they were read from.
    fn written(&self, person: &UserData) -> serde_json::Result<Vec<u8>> {
        let mut json = Vec::new();
        for (name, value) in &self.members {
            json.push(if json.is_empty() { b'{' } else { b',' });
            serde_json::to_writer(&mut json, name)?;
            json.push(b':');
            match &**name {
                "user_data" => serde_json::to_writer(&mut json, person)?,
                _ => json.extend_from_slice(value.as_str().as_bytes()),
            }
        }
        json.push(b'}');
        Ok(json)
    }
}

fn custom_data(fields: &Fields<'_, '_>) -> CustomData {
    let mut custom = CustomData::default();
    for content in fields.list("contents") {
        if let Some(content) = Fields::of(fields.wrong, content) {
            custom.contents.push(Content { item_price: content.number("item_price"), ..Content::default() });
        } else {
            fields.wrong.note("contents", "a list of objects without repeated names");
        }
    }
    custom.value = fields.number("value");
    custom.currency = fields.owned("currency");
    custom.content_name = fields.owned("content_name");
    custom.content_category = fields.owned("content_category");
    custom.order_id = fields.owned("order_id");
    custom.search_string = fields.owned("search_string");
    custom.status = fields.owned("status");
    custom.predicted_ltv = fields.number("predicted_ltv");
    custom.net_revenue = fields.number("net_revenue");
    custom.item_number = fields.owned("item_number");
    custom
}

fn app_data(fields: &Fields<'_, '_>) -> AppData {
    let allowed = |field| {
        let expected = "0 or 1";
        let allowed = fields.read(field, expected, |value| match value.number()? {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        });
        fields.wrong.unless(allowed, field, expected)
    };
    let texts: Option<Vec<_>> = fields.list("extinfo").into_iter().map(Json::text).collect();
    let texts = texts.filter(|texts| texts.len() == 16);
    let texts = fields.wrong.unless(texts, "extinfo", "sixteen texts");
    let text = |place: usize| texts.get(place).map(|text| text.to_string()).unwrap_or_default();
    let device = DeviceInfo { version: text(0), os_version: text(4), ..DeviceInfo::default() };
    AppData::new(device, allowed("advertiser_tracking_enabled"), allowed("application_tracking_enabled"))
}

fn data_processing(fields: &Fields<'_, '_>) -> Option<DataProcessing> {
    let field = "data_processing_options";
    fields.get(field)?;
    let options = fields.list(field).into_iter().map(|option| option.text().map(Cow::into_owned));
    let options = fields.wrong.unless(options.collect::<Option<Vec<_>>>(), field, "a list of texts");
    let place = |field| fields.read(field, "a whole number", |value| value.number()?.parse().ok());
    Some(DataProcessing::of(options, place("data_processing_options_country"), place("data_processing_options_state")))
}

fn holds_address(value: Json<'_>) -> bool {
    let any = |values: Vec<Json<'_>>| values.into_iter().any(holds_address);
    match value.as_str().as_bytes().first() {
        Some(b'"') => value.text().is_some_and(|text| super::check::is_address(&text)),
        Some(b'[') => value.elements().is_some_and(any),
        Some(b'{') => value.members().is_some_and(|members| any(members.into_iter().map(|(_, value)| value).collect())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use serde_json::{Value, json};

    use super::super::fields::everything;
    use super::*;

    fn read(document: &Value) -> Result<EventDocument> {
        let mut all = EventDocument::read_all(json!([document]).to_string().as_bytes())?;
        Ok(all.remove(0))
    }

    fn sent(document: &EventDocument) -> Value {
        let mut json = Vec::new();
        document.write(&mut json).unwrap();
        serde_json::from_slice(&json).unwrap()
    }

    fn problems(event: &impl Sendable) -> Vec<EventProblem> {
        let mut problems = event.checked().refusals(now());
        problems.extend(event.in_the_clear());
        problems
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).unwrap()
    }

    #[test]
    fn a_document_is_sent_as_the_event_that_it_is() {
        let written = serde_json::to_value(everything()).unwrap();
        assert_eq!(sent(&read(&written).unwrap()), written);
        let mut clear = written.clone();
        clear["user_data"] = json!({ "em": " Mary@Example.com ", "ph": [16_505_551_212_u64], "ct": "???" });
        clear["of_tomorrow"] = json!({ "kept": [1] });
        clear["opt_out"] = Value::Null;
        let document = read(&clear).unwrap();
        assert_eq!(document.user_data().dropped()[0].key(), "ct");
        let sent = sent(&document);
        let mary = UserData::new().email("mary@example.com").phone("16505551212");
        assert_eq!(sent["user_data"], serde_json::to_value(mary).unwrap());
        assert_eq!((&sent["of_tomorrow"]["kept"], sent.get("opt_out")), (&json!([1]), None));
        let printed = format!("{document:?}");
        assert!(printed.contains("em") && !printed.to_lowercase().contains("mary@"), "{printed}");
    }

    /// Whatever is wrong with an event is found in its document too.
    #[test]
    fn a_document_is_checked_as_the_event_that_it_is() {
        let base = serde_json::to_value(everything()).unwrap();
        let changes = [
            json!({}),
            json!({ "event_name": " ", "event_id": "" }),
            json!({ "event_time": 1_700_000_000 }),
            json!({ "event_time": 1_800_000_000 }),
            json!({ "action_source": "physical_store", "event_time": 1_762_000_000 }),
            json!({ "event_source_url": "shop", "user_data": { "em": ["f".repeat(64)] } }),
            json!({ "event_source_url": "https://shop.test/?mail=mary%40example.com", "referrer_url": "//a/b@c.de" }),
            json!({ "action_source": "app", "app_data": null }),
            json!({ "action_source": "app", "app_data": { "advertiser_tracking_enabled": 0,
                "application_tracking_enabled": 1, "extinfo": vec![""; 16] } }),
            json!({ "action_source": "business_messaging", "messaging_channel": null }),
            json!({ "user_data": {} }),
            json!({ "user_data": { "fn": "0".repeat(64), "ge": "1".repeat(64) } }),
            json!({ "data_processing_options": ["LDU"], "data_processing_options_country": 0,
                "user_data": { "em": "f".repeat(64), "client_user_agent": "m" } }),
            json!({ "custom_data": null }),
            json!({ "custom_data": { "value": -1, "currency": "euro", "predicted_ltv": -2.5,
                "contents": [{ "id": "1", "item_price": -0.5 }] } }),
            json!({ "custom_data": { "value": 1, "currency": "EUR", "status": "mary@example.com",
                "buyer": { "mail": ["mary@example.com"] } } }),
        ];
        for change in changes {
            let mut event = base.clone();
            event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let typed: Event = serde_json::from_value(event.clone()).unwrap();
            let document = read(&event).unwrap();
            assert_eq!(problems(&document), problems(&typed), "{change}");
        }
    }

    #[test]
    fn what_is_no_event_is_named_without_its_value() {
        let base = serde_json::to_value(everything()).unwrap();
        for (change, expected) in [
            (json!({ "event_time": "mary" }), "event 0 cannot be read: `event_time` has to be the seconds since 1970"),
            (json!({ "event_name": null }), "`event_name` has to be a text"),
            (json!({ "user_data": null }), "`user_data` has to be an object"),
            (json!({ "user_data": { "em": { "mary": 1 } } }), "`user_data` has to be an object"),
            (json!({ "custom_data": { "value": "mary" } }), "`value` has to be a number"),
            (json!({ "custom_data": { "contents": ["mary"] } }), "`contents` has to be a list of objects"),
            (json!({ "app_data": { "extinfo": ["mary"] } }), "`extinfo` has to be sixteen texts"),
            (json!({ "data_processing_options": "mary" }), "`data_processing_options` has to be a list"),
        ] {
            let mut event = base.clone();
            event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let error = read(&event).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Request);
            assert!(error.message().contains(expected) && !error.message().contains("mary"), "{error}");
        }
        for twice in [r#""event_name":"Lead","event_name":"mary""#, r#""custom_data":{"status":"mary","status":null}"#]
        {
            let mut event = base.clone();
            event.as_object_mut().unwrap().retain(|name, _| !twice.contains(&format!("\"{name}\"")));
            let text = format!("[{{{twice},{}]", &event.to_string()[1..]);
            let error = EventDocument::read_all(text.as_bytes()).unwrap_err();
            assert!(error.message().contains("repeated") && !error.message().contains("mary"), "{error}");
        }
        for text in ["{}", r#"["mary"]"#, "[", r#"[{"user_data":{"em":"mary"}]"#] {
            let error = EventDocument::read_all(text.as_bytes()).unwrap_err();
            assert!(!format!("{error:?}").contains("mary"), "{error:?}");
        }
    }
}
