//! What Meta would refuse, found before anything is sent: one bad event makes it refuse the whole request.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::custom_data::CustomData;
use super::event::{ActionSource, Event, EventName};
use super::key::{PlainKey, UserKey};

/// How old an event may be.
const OLDEST: TimeDelta = TimeDelta::days(7);
/// How old an event of a shop may be.
const OLDEST_IN_STORE: TimeDelta = TimeDelta::days(62);
/// How far the clock of whoever made the event may be ahead of this one.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(1);

/// Sets of keys that find nobody: Meta refuses events that have no others.
const TOO_WEAK: [&[&str]; 4] = [
    &["ct", "country", "st", "zp", "ge", "client_user_agent"],
    &["db", "client_user_agent"],
    &["fn", "ge"],
    &["ln", "ge"],
];

/// Why an event would be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventProblem {
    field: Cow<'static, str>,
    reason: &'static str,
}

impl EventProblem {
    fn new(field: impl Into<Cow<'static, str>>, reason: &'static str) -> Self {
        Self { field: field.into(), reason }
    }

    pub(super) fn in_the_clear(field: impl Into<Cow<'static, str>>) -> Self {
        Self::new(field, "holds an e-mail address in the clear: leave it out, it belongs in `user_data`")
    }

    pub(super) const fn too_large() -> Self {
        Self { field: Cow::Borrowed("custom_data"), reason: "makes the event larger than a whole request may be" }
    }

    /// The field on the wire, such as `custom_data.value`.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The cause and the remedy. The value is not repeated.
    pub fn reason(&self) -> &str {
        self.reason
    }
}

impl fmt::Display for EventProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.reason)
    }
}

/// An event that was not sent because Meta would refuse it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidEvent {
    /// Its place among the events given, from 0.
    pub index: usize,
    /// Its id, if it has one.
    pub event_id: Option<String>,
    /// What is wrong with it.
    pub problems: Vec<EventProblem>,
}

impl fmt::Display for InvalidEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}", self.index)?;
        if let Some(id) = &self.event_id {
            write!(f, " ({id})")?;
        }
        f.write_str(" would be refused:")?;
        for (nth, problem) in self.problems.iter().enumerate() {
            write!(f, "{} {problem}", if nth == 0 { "" } else { ";" })?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidEvent {}

impl Event {
    /// What Meta would refuse in this event at this time, and personal data in the clear where they do not belong.
    ///
    /// ```
    /// use acd_meta::conversions::{ActionSource, Event, EventName, UserData};
    /// use chrono::{TimeDelta, DateTime};
    ///
    /// let now = DateTime::from(std::time::SystemTime::now());
    /// let user = UserData::new().email("mary@example.com");
    /// let event = Event::new(EventName::Lead, now - TimeDelta::days(8), ActionSource::PhoneCall, user);
    /// assert_eq!(event.problems(now)[0].field(), "event_time");
    /// ```
    pub fn problems(&self, now: DateTime<Utc>) -> Vec<EventProblem> {
        let mut problems = self.refusals(now);
        problems.extend(self.personal_data());
        problems
    }

    /// What Meta would refuse.
    pub(super) fn refusals(&self, now: DateTime<Utc>) -> Vec<EventProblem> {
        let mut found = Vec::new();
        let mut refuse = |wrong: bool, field: &'static str, reason: &'static str| {
            if wrong {
                found.push(EventProblem::new(field, reason));
            }
        };
        refuse(self.event_name.as_str().trim().is_empty(), "event_name", "is blank");
        refuse(self.action_source.as_str().trim().is_empty(), "action_source", "is blank");
        refuse(self.event_id.as_ref().is_some_and(|id| id.trim().is_empty()), "event_id", "is blank: leave it out");

        let in_store = self.action_source == ActionSource::PhysicalStore;
        let age = now.timestamp_millis() - self.event_time.timestamp_millis();
        let is_older = |than: TimeDelta| age > than.num_milliseconds();
        refuse(!in_store && is_older(OLDEST), "event_time", "is more than 7 days ago");
        refuse(in_store && is_older(OLDEST_IN_STORE), "event_time", "is more than 62 days ago");
        refuse(age < -CLOCK_SKEW.num_milliseconds(), "event_time", "is in the future: give the time in UTC");

        match self.action_source {
            ActionSource::Website => {
                let url = self.event_source_url.as_deref().unwrap_or_default();
                let is_url = url.starts_with("https://") || url.starts_with("http://");
                refuse(!is_url, "event_source_url", "is required of events of a website, as a whole URL");
                let agent = self.user_data.plain_value(PlainKey::ClientUserAgent);
                refuse(agent.is_none(), "user_data.client_user_agent", "is required of events of a website");
            }
            ActionSource::App => match &self.app_data {
                None => refuse(true, "app_data", "is required of events of an app"),
                Some(app) => {
                    let is_phone = matches!(app.extinfo.version.as_str(), "i2" | "a2");
                    refuse(!is_phone, "app_data.extinfo", "needs `i2` or `a2` as its first text");
                    refuse(
                        app.extinfo.os_version.is_empty(),
                        "app_data.extinfo",
                        "needs the system's version as its fifth",
                    );
                }
            },
            ActionSource::BusinessMessaging => {
                let reason = "is required of events of business messaging";
                refuse(self.messaging_channel.is_none(), "messaging_channel", reason);
            }
            _ => {}
        }

        let mut keys = self.user_data.keys().peekable();
        let none = keys.peek().is_none();
        refuse(
            none,
            "user_data",
            "holds nothing that could be matched: give an e-mail address, a phone number or an id",
        );
        let keys: Vec<_> = keys.collect();
        let weak = |set: &&[&str]| keys.iter().all(|key| set.contains(key));
        let reason = "holds too little to find a person: add an e-mail address, a phone number or an id";
        refuse(!none && TOO_WEAK.iter().any(weak), "user_data", reason);

        let address = self.user_data.plain_value(PlainKey::ClientIpAddress);
        let lost = self.data_processing.as_ref().is_some_and(|options| options.needs_location()) && address.is_none();
        refuse(
            lost,
            "data_processing_options_country",
            "and the state are required with `LDU` unless the IP address is given",
        );

        let purchase = self.event_name == EventName::Purchase;
        let worth = self.custom_data.as_ref();
        let no_value = worth.is_none_or(|data| data.value.is_none());
        refuse(purchase && no_value, "custom_data.value", "is required of purchases");
        let no_currency = worth.is_none_or(|data| data.currency.is_none());
        refuse(purchase && no_currency, "custom_data.currency", "is required of purchases");
        if let Some(data) = worth {
            found.extend(data.refusals());
        }
        found
    }

    /// E-mail addresses in texts that Meta takes in the clear.
    pub(super) fn personal_data(&self) -> Vec<EventProblem> {
        let urls = [("event_source_url", &self.event_source_url), ("referrer_url", &self.referrer_url)];
        let urls = urls.into_iter().filter(|(_, url)| url.as_deref().is_some_and(has_address));
        let mut found: Vec<_> = urls.map(|(field, _)| EventProblem::in_the_clear(field)).collect();
        if let Some(data) = &self.custom_data {
            let texts = [
                ("custom_data.content_name", &data.content_name),
                ("custom_data.content_category", &data.content_category),
                ("custom_data.order_id", &data.order_id),
                ("custom_data.search_string", &data.search_string),
                ("custom_data.status", &data.status),
                ("custom_data.item_number", &data.item_number),
            ];
            let texts = texts.into_iter().filter(|(_, text)| text.as_deref().is_some_and(is_address));
            found.extend(texts.map(|(field, _)| EventProblem::in_the_clear(field)));
            let properties = data.properties.iter().filter(|(_, value)| holds_address(value));
            found.extend(properties.map(|(name, _)| EventProblem::in_the_clear(format!("custom_data.{name}"))));
        }
        found
    }
}

impl CustomData {
    fn refusals(&self) -> Vec<EventProblem> {
        let mut found = Vec::new();
        let numbers = [("custom_data.value", self.value), ("custom_data.predicted_ltv", self.predicted_ltv)];
        for (field, number) in numbers {
            // Not a number and infinity would be written as null.
            if number.is_some_and(|number| !number.is_finite() || number < 0.0) {
                found.push(EventProblem::new(field, "is not a number from 0 on"));
            }
        }
        if self.net_revenue.is_some_and(|number| !number.is_finite()) {
            found.push(EventProblem::new("custom_data.net_revenue", "is not a number"));
        }
        let prices = self.contents.iter().filter_map(|content| content.item_price);
        if prices.into_iter().any(|price| !price.is_finite() || price < 0.0) {
            found.push(EventProblem::new("custom_data.contents.item_price", "is not a number from 0 on"));
        }
        let is_code = |code: &str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
        if self.currency.as_deref().is_some_and(|code| !is_code(code)) {
            found.push(EventProblem::new("custom_data.currency", "is not three letters after ISO 4217"));
        }
        let taken = self.properties.keys().filter(|name| Self::KEYS.contains(&name.as_str()));
        found.extend(
            taken.map(|name| EventProblem::new(format!("custom_data.{name}"), "has a field of its own: set that one")),
        );
        found
    }
}

pub(super) fn is_address(text: &str) -> bool {
    text.contains('@') && UserKey::Email.normalize(text).is_ok()
}

fn has_address(url: &str) -> bool {
    url.split(['?', '&', '=', '#', ';', '/']).any(|part| is_address(&part.replace("%40", "@")))
}

fn holds_address(value: &Value) -> bool {
    match value {
        Value::String(text) => is_address(text),
        Value::Array(values) => values.iter().any(holds_address),
        Value::Object(values) => values.values().any(holds_address),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{AppData, Content, DataProcessing, DeviceInfo, MessagingChannel, UserData};
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).unwrap()
    }

    fn mary() -> UserData {
        UserData::new().email("mary@example.com").client_user_agent("Mozilla/5.0")
    }

    fn event(source: ActionSource) -> Event {
        Event::new(EventName::Lead, now(), source, mary())
    }

    fn fields(event: &Event) -> Vec<String> {
        event.problems(now()).iter().map(|problem| problem.field().to_owned()).collect()
    }

    #[test]
    fn what_meta_requires_passes() {
        let page = Event::website(EventName::PageView, now(), "https://shop.test/", mary());
        let sale = Event { event_name: EventName::Purchase, ..page.clone() }.custom_data(CustomData::worth(0.0, "usd"));
        let app = event(ActionSource::App).app_data(AppData::new(DeviceInfo::ios("18.1"), true, true));
        let messaging = ActionSource::BusinessMessaging;
        let chat = Event { messaging_channel: Some(MessagingChannel::Whatsapp), ..event(messaging) };
        let unknown = event(ActionSource::Unknown("kiosk".to_owned()));
        for event in [page, sale, app, chat, unknown] {
            assert_eq!(event.problems(now()), [], "{event:?}");
        }
    }

    #[test]
    fn each_source_has_its_required_fields() {
        let website = Event { user_data: UserData::new().email("mary@example.com"), ..event(ActionSource::Website) };
        assert_eq!(fields(&website), ["event_source_url", "user_data.client_user_agent"]);
        assert_eq!(fields(&event(ActionSource::App)), ["app_data"]);
        let app = event(ActionSource::App).app_data(AppData::new(DeviceInfo::default(), true, true));
        assert_eq!(fields(&app), ["app_data.extinfo", "app_data.extinfo"]);
        assert_eq!(fields(&event(ActionSource::BusinessMessaging)), ["messaging_channel"]);
    }

    #[test]
    fn the_time_has_to_be_in_its_window() {
        let at = |source, age: TimeDelta| Event { event_time: now() - age, ..event(source) };
        let second = TimeDelta::seconds(1);
        assert_eq!(fields(&at(ActionSource::Email, OLDEST)), [""; 0]);
        assert_eq!(fields(&at(ActionSource::Email, OLDEST + second)), ["event_time"]);
        assert_eq!(fields(&at(ActionSource::PhysicalStore, OLDEST_IN_STORE)), [""; 0]);
        assert_eq!(fields(&at(ActionSource::PhysicalStore, OLDEST_IN_STORE + second)), ["event_time"]);
        assert_eq!(fields(&at(ActionSource::Email, -CLOCK_SKEW)), [""; 0]);
        assert_eq!(fields(&at(ActionSource::Email, -CLOCK_SKEW - second)), ["event_time"]);
    }

    #[test]
    fn weak_users_are_refused() {
        let weak = [
            UserData::new(),
            UserData::new().city("Berlin").country("de"),
            UserData::new().date_of_birth("1990-01-02").client_user_agent("m"),
            UserData::new().first_name("Mary").gender("f"),
            UserData::new().last_name("Smith"),
            UserData::new().email("no address"),
        ];
        for user_data in weak {
            assert_eq!(fields(&Event { user_data, ..event(ActionSource::Email) }), ["user_data"]);
        }
        let strong = [UserData::new().external_id("7"), UserData::new().first_name("Mary").last_name("Smith")];
        for user_data in strong {
            assert_eq!(fields(&Event { user_data, ..event(ActionSource::Email) }), [""; 0]);
        }
    }

    #[test]
    fn money_is_checked() {
        let purchase = Event { event_name: EventName::Purchase, ..event(ActionSource::Email) };
        assert_eq!(fields(&purchase), ["custom_data.value", "custom_data.currency"]);
        for value in [-0.01, f64::NAN, f64::INFINITY] {
            assert_eq!(fields(&purchase.clone().custom_data(CustomData::worth(value, "EUR"))), ["custom_data.value"]);
        }
        assert_eq!(fields(&purchase.clone().custom_data(CustomData::worth(1.0, "euro"))), ["custom_data.currency"]);
        let content = Content { item_price: Some(f64::NAN), ..Content::default() };
        let data = CustomData { contents: vec![content], net_revenue: Some(-2.0), ..CustomData::worth(1.0, "EUR") };
        assert_eq!(fields(&purchase.custom_data(data)), ["custom_data.contents.item_price"]);
    }

    #[test]
    fn limited_use_needs_a_place() {
        let limited = event(ActionSource::Email).data_processing(DataProcessing::limited_by_location());
        assert_eq!(fields(&limited), ["data_processing_options_country"]);
        let user_data = mary().client_ip_address("198.51.100.7");
        assert_eq!(fields(&Event { user_data, ..limited }), [""; 0]);
    }

    #[test]
    fn addresses_in_the_clear_are_found() {
        let data = CustomData { search_string: Some(" mary@example.com ".to_owned()), ..CustomData::new() }
            .property("buyer", json!({"contacts": ["mary@example.com"]}))
            .property("handle", "@mary")
            .property("value", 3);
        let url = "https://shop.test/thanks?order=1&mail=mary%40example.com";
        let event = Event::website(EventName::Lead, now(), url, mary()).custom_data(data);
        let expected = ["custom_data.value", "event_source_url", "custom_data.search_string", "custom_data.buyer"];
        assert_eq!(fields(&event), expected);
        assert!(event.problems(now()).iter().all(|problem| !problem.to_string().contains("mary")));
    }
}
