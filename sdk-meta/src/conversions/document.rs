//! Events as JSON, for whoever has no [`Event`].

use serde::{Deserialize as _, Serialize, Serializer};
use serde_json::{Map, Value};

use super::app_data::{AppData, DeviceInfo};
use super::custom_data::{Content, CustomData};
use super::data_processing::DataProcessing;
use super::event::{ActionSource, Event, EventName, MessagingChannel};
use super::user_data::UserData;
use crate::error::{Error, ErrorKind, Result};

/// An event as Meta's own JSON, for bindings and queues that hold documents. The person is normalised and hashed as the
/// document is read, and checked it is as an [`Event`] is; whatever else it says is sent as it is.
///
/// `Debug` shows what that of an [`Event`] does.
#[derive(Clone, Debug, PartialEq)]
pub struct EventDocument {
    /// What is checked of it.
    event: Event,
    json: Json,
}

/// All of it, with hashes in the place of what they were made of.
#[derive(Clone, PartialEq)]
struct Json(Map<String, Value>);

impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl EventDocument {
    /// Reads a JSON array of events.
    ///
    /// # Errors
    /// [`ErrorKind::Request`] for other text, and for an event that lacks what all have or has it in another form, with its
    /// place in the array.
    pub fn read_all(json: &[u8]) -> Result<Vec<Self>> {
        let unreadable = |cause: serde_json::Error| {
            // The cause may repeat a value, and with it a person.
            Error::new(
                ErrorKind::Request,
                format!("the events are no JSON array of objects, see line {}", cause.line()),
            )
        };
        let all: Vec<Map<String, Value>> = serde_json::from_slice(json).map_err(unreadable)?;
        let each = all.into_iter().enumerate().map(|(index, json)| {
            Self::of(json).map_err(|problem| {
                let Wrong { field, expected } = problem;
                Error::new(ErrorKind::Request, format!("event {index} cannot be read: `{field}` has to be {expected}"))
            })
        });
        each.collect()
    }

    /// What is known of the person.
    pub fn user_data(&self) -> &UserData {
        &self.event.user_data
    }

    fn of(mut json: Map<String, Value>) -> std::result::Result<Self, Wrong> {
        json.retain(|_, value| !value.is_null());
        let fields = Fields(&json);
        let need = |name: &'static str| fields.text(name)?.ok_or(Wrong { field: name, expected: "a text" });
        let wrong_time = Wrong { field: "event_time", expected: "the seconds since 1970 as a whole number" };
        let time = json.get("event_time").and_then(Value::as_i64);
        let time = time.and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0)).ok_or(wrong_time)?;
        let wrong_person = Wrong { field: "user_data", expected: "an object of texts and lists of texts" };
        let person = json.get("user_data").ok_or(wrong_person)?;
        let person = UserData::deserialize(person).map_err(|_| wrong_person)?;

        let source = ActionSource::from(need("action_source")?);
        let mut event = Event::new(EventName::from(need("event_name")?), time, source, person);
        event.event_id = fields.owned("event_id")?;
        event.event_source_url = fields.owned("event_source_url")?;
        event.referrer_url = fields.owned("referrer_url")?;
        event.messaging_channel = fields.text("messaging_channel")?.map(MessagingChannel::from);
        event.custom_data = fields.object("custom_data")?.map(custom_data).transpose()?;
        event.app_data = fields.object("app_data")?.map(app_data).transpose()?;
        event.data_processing = data_processing(fields)?;

        let hashed = serde_json::to_value(&event.user_data).map_err(|_| wrong_person)?;
        json.insert("user_data".to_owned(), hashed);
        Ok(Self { event, json: Json(json) })
    }
}

impl Serialize for EventDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.json.0.serialize(serializer)
    }
}

/// What can be sent: an [`Event`], and an [`EventDocument`].
pub trait Sendable: Serialize + Sync + sealed::Sealed {
    #[doc(hidden)]
    fn checked(&self) -> &Event;
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
}

impl Sendable for EventDocument {
    fn checked(&self) -> &Event {
        &self.event
    }
}

#[derive(Clone, Copy)]
struct Wrong {
    field: &'static str,
    expected: &'static str,
}

/// The members of an object.
#[derive(Clone, Copy)]
struct Fields<'j>(&'j Map<String, Value>);

impl<'j> Fields<'j> {
    fn text(self, field: &'static str) -> std::result::Result<Option<&'j str>, Wrong> {
        self.as_some(field, "a text", Value::as_str)
    }

    fn owned(self, field: &'static str) -> std::result::Result<Option<String>, Wrong> {
        Ok(self.text(field)?.map(str::to_owned))
    }

    fn number(self, field: &'static str) -> std::result::Result<Option<f64>, Wrong> {
        self.as_some(field, "a number", Value::as_f64)
    }

    fn object(self, field: &'static str) -> std::result::Result<Option<Fields<'j>>, Wrong> {
        self.as_some(field, "an object", |value| value.as_object().map(Fields))
    }

    fn list(self, field: &'static str) -> std::result::Result<&'j [Value], Wrong> {
        let list = self.as_some(field, "a list", |value| value.as_array().map(Vec::as_slice))?;
        Ok(list.unwrap_or_default())
    }

    fn as_some<T>(
        self,
        field: &'static str,
        expected: &'static str,
        read: impl FnOnce(&'j Value) -> Option<T>,
    ) -> std::result::Result<Option<T>, Wrong> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some).ok_or(Wrong { field, expected }),
        }
    }
}

fn custom_data(fields: Fields<'_>) -> std::result::Result<CustomData, Wrong> {
    let mut contents = Vec::new();
    for content in fields.list("contents")? {
        let content = content.as_object().ok_or(Wrong { field: "contents", expected: "a list of objects" })?;
        contents.push(Content { item_price: Fields(content).number("item_price")?, ..Content::default() });
    }
    let others = fields.0.iter().filter(|(name, _)| !CustomData::KEYS.contains(&name.as_str()));
    Ok(CustomData {
        value: fields.number("value")?,
        currency: fields.owned("currency")?,
        contents,
        content_name: fields.owned("content_name")?,
        content_category: fields.owned("content_category")?,
        order_id: fields.owned("order_id")?,
        search_string: fields.owned("search_string")?,
        status: fields.owned("status")?,
        predicted_ltv: fields.number("predicted_ltv")?,
        net_revenue: fields.number("net_revenue")?,
        item_number: fields.owned("item_number")?,
        properties: others.map(|(name, value)| (name.clone(), value.clone())).collect(),
        ..CustomData::default()
    })
}

fn app_data(fields: Fields<'_>) -> std::result::Result<AppData, Wrong> {
    let allowed = |field| {
        let expected = "0 or 1";
        let allowed = fields.as_some(field, expected, |value| value.as_u64().filter(|number| *number < 2))?;
        allowed.map(|number| number == 1).ok_or(Wrong { field, expected })
    };
    let wrong = Wrong { field: "extinfo", expected: "sixteen texts" };
    let texts: Option<Vec<&str>> = fields.list("extinfo")?.iter().map(Value::as_str).collect();
    let texts = texts.filter(|texts| texts.len() == 16).ok_or(wrong)?;
    let text = |place: usize| texts.get(place).copied().unwrap_or_default().to_owned();
    let device = DeviceInfo { version: text(0), os_version: text(4), ..DeviceInfo::default() };
    Ok(AppData::new(device, allowed("advertiser_tracking_enabled")?, allowed("application_tracking_enabled")?))
}

fn data_processing(fields: Fields<'_>) -> std::result::Result<Option<DataProcessing>, Wrong> {
    let field = "data_processing_options";
    if !fields.0.contains_key(field) {
        return Ok(None);
    }
    let options = fields.list(field)?.iter().map(|option| option.as_str().map(str::to_owned));
    let options = options.collect::<Option<Vec<_>>>().ok_or(Wrong { field, expected: "a list of texts" })?;
    let place = |field| fields.as_some(field, "a whole number", |value| u32::try_from(value.as_u64()?).ok());
    let (country, state) = (place("data_processing_options_country")?, place("data_processing_options_state")?);
    Ok(Some(DataProcessing::of(options, country, state)))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use serde_json::json;

    use super::super::fields::everything;
    use super::*;

    fn read(document: &Value) -> Result<EventDocument> {
        let mut all = EventDocument::read_all(json!([document]).to_string().as_bytes())?;
        Ok(all.remove(0))
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).unwrap()
    }

    #[test]
    fn a_document_is_sent_as_the_event_that_it_is() {
        let written = serde_json::to_value(everything()).unwrap();
        assert_eq!(serde_json::to_value(read(&written).unwrap()).unwrap(), written);
        let mut clear = written.clone();
        clear["user_data"] = json!({ "em": " Mary@Example.com ", "ph": [16_505_551_212_u64], "ct": "???" });
        clear["of_tomorrow"] = json!({ "kept": [1] });
        clear["opt_out"] = Value::Null;
        let document = read(&clear).unwrap();
        assert_eq!(document.user_data().dropped()[0].key(), "ct");
        let sent = serde_json::to_value(&document).unwrap();
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
            assert_eq!(document.checked().problems(now()), typed.problems(now()), "{change}");
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
        for text in ["{}", r#"["mary"]"#, "[", r#"[{"user_data":{"em":"mary"}]"#] {
            let error = EventDocument::read_all(text.as_bytes()).unwrap_err();
            assert!(!format!("{error:?}").contains("mary"), "{error:?}");
        }
    }
}
