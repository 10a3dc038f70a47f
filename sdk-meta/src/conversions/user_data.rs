//! What is known of a person.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use acd_core::json::Json;
use chrono::{DateTime, Utc};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hashed::Hashed;
use super::key::{PlainKey, UserKey};
use super::normalize::{ValueError, trim};

/// What is known of the person behind an event, as Meta matches it
/// ([customer information](https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters)).
///
/// Whatever Meta takes as a hash is normalised and hashed the moment it is given, and only the hash is kept: there is no way
/// to send it in the clear. A value that could match nobody is left out and reported by [`dropped`](Self::dropped); the
/// others stand. `Debug` shows the names of what is there.
///
/// ```
/// use acd_meta::conversions::UserData;
///
/// let user = UserData::new().email(" Mary@Example.com ").phone("+1 (650) 555-1212").city("???");
/// assert_eq!(user.dropped()[0].key(), "ct");
/// assert_eq!(format!("{user:?}"), "UserData(em, ph)");
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct UserData {
    // Both in the order of their keys, so that equal people are equal however they were described.
    hashed: Vec<(UserKey, Hashed)>,
    plain: Vec<(PlainKey, String)>,
    dropped: Vec<ValueError>,
}

impl UserData {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value that is sent as a hash; one that is a hash already stays as it is. Of the keys that are no
    /// [list](UserKey::is_list) the last value counts.
    #[must_use]
    pub fn with(mut self, key: UserKey, value: impl AsRef<str>) -> Self {
        self.add(key, value.as_ref());
        self
    }

    /// Adds a value as [`with`](Self::with) does, where a person is described in a loop.
    pub fn add(&mut self, key: UserKey, value: &str) {
        match key.hash(value) {
            Ok(hash) => self.put(key, hash),
            Err(error) => self.dropped.push(error),
        }
    }

    /// Adds a value that Meta takes as it is, in the place of one given before. Blanks around it are removed.
    #[must_use]
    pub fn plain(mut self, key: PlainKey, value: impl AsRef<str>) -> Self {
        self.add_plain(key, value.as_ref());
        self
    }

    /// Adds a value as [`plain`](Self::plain) does, where a person is described in a loop.
    pub fn add_plain(&mut self, key: PlainKey, value: &str) {
        let value = trim(value);
        match problem_of(key, value) {
            Some(reason) => self.dropped.push(ValueError::new(key.as_str(), reason)),
            None => {
                self.plain.retain(|(other, _)| *other != key);
                let at = self.plain.partition_point(|(other, _)| *other < key);
                self.plain.insert(at, (key, value.to_owned()));
            }
        }
    }

    /// Adds an e-mail address.
    #[must_use]
    pub fn email(self, address: impl AsRef<str>) -> Self {
        self.with(UserKey::Email, address)
    }

    /// Adds a phone number, its country code included. Extensions and the `(0)` of some national spellings belong removed.
    #[must_use]
    pub fn phone(self, number: impl AsRef<str>) -> Self {
        self.with(UserKey::Phone, number)
    }

    /// Adds a first name.
    #[must_use]
    pub fn first_name(self, name: impl AsRef<str>) -> Self {
        self.with(UserKey::FirstName, name)
    }

    /// Adds a last name.
    #[must_use]
    pub fn last_name(self, name: impl AsRef<str>) -> Self {
        self.with(UserKey::LastName, name)
    }

    /// Adds a gender.
    #[must_use]
    pub fn gender(self, word: impl AsRef<str>) -> Self {
        self.with(UserKey::Gender, word)
    }

    /// Adds a date of birth. `YYYY-MM-DD` is never misread.
    #[must_use]
    pub fn date_of_birth(self, date: impl AsRef<str>) -> Self {
        self.with(UserKey::DateOfBirth, date)
    }

    /// Adds a city.
    #[must_use]
    pub fn city(self, name: impl AsRef<str>) -> Self {
        self.with(UserKey::City, name)
    }

    /// Adds a state or province.
    #[must_use]
    pub fn state(self, name: impl AsRef<str>) -> Self {
        self.with(UserKey::State, name)
    }

    /// Adds a postal code.
    #[must_use]
    pub fn zip(self, code: impl AsRef<str>) -> Self {
        self.with(UserKey::Zip, code)
    }

    /// Adds a country.
    #[must_use]
    pub fn country(self, name: impl AsRef<str>) -> Self {
        self.with(UserKey::Country, name)
    }

    /// Adds the advertiser's own id of the person. It is hashed too: send the same form on every channel.
    #[must_use]
    pub fn external_id(self, id: impl AsRef<str>) -> Self {
        self.with(UserKey::ExternalId, id)
    }

    /// Sets the IP address of the browser or device.
    #[must_use]
    pub fn client_ip_address(self, address: impl AsRef<str>) -> Self {
        self.plain(PlainKey::ClientIpAddress, address)
    }

    /// Sets the user agent of the browser.
    #[must_use]
    pub fn client_user_agent(self, agent: impl AsRef<str>) -> Self {
        self.plain(PlainKey::ClientUserAgent, agent)
    }

    /// Sets the click id, from the cookie `_fbc` or from [`click_id`].
    #[must_use]
    pub fn click_id(self, fbc: impl AsRef<str>) -> Self {
        self.plain(PlainKey::ClickId, fbc)
    }

    /// Sets the browser id, from the cookie `_fbp`.
    #[must_use]
    pub fn browser_id(self, fbp: impl AsRef<str>) -> Self {
        self.plain(PlainKey::BrowserId, fbp)
    }

    /// All hashes, in the order in which they are written.
    pub fn hashed(&self) -> impl Iterator<Item = (UserKey, &Hashed)> {
        self.hashed.iter().map(|(key, hash)| (*key, hash))
    }

    /// The hashes of one key.
    pub fn hashes(&self, key: UserKey) -> impl Iterator<Item = Hashed> + '_ {
        self.hashed.iter().filter(move |(other, _)| *other == key).map(|(_, hash)| *hash)
    }

    /// All values that are sent as they are, in the order in which they are written.
    pub fn plain_values(&self) -> impl Iterator<Item = (PlainKey, &str)> {
        self.plain.iter().map(|(key, value)| (*key, value.as_str()))
    }

    /// The value of one key that is sent as it is.
    pub fn plain_value(&self, key: PlainKey) -> Option<&str> {
        self.plain.iter().find(|(other, _)| *other == key).map(|(_, value)| value.as_str())
    }

    /// The values that were left out, and why. Not sent and not stored.
    pub fn dropped(&self) -> &[ValueError] {
        &self.dropped
    }

    /// The keys that have a value, in the order in which they are written.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> + '_ {
        let hashed = self.by_key().filter_map(|hashes| hashes.first()).map(|(key, _)| key.as_str());
        let plain = self.plain.iter().map(|(key, _)| key.as_str());
        hashed.chain(plain)
    }

    /// Reads what serde would read, without a reader of every type that JSON has.
    pub(super) fn of_json(json: Json<'_>) -> Option<Self> {
        fn text(value: Json<'_>) -> Option<Cow<'_, str>> {
            let whole = |number: &&str| number.bytes().all(|digit| digit.is_ascii_digit());
            value.text().or_else(|| value.number().filter(whole).map(Cow::Borrowed))
        }
        let mut user = Self::new();
        for (name, value) in json.members()? {
            if let Some(key) = UserKey::from_name(&name) {
                let values = value.elements().unwrap_or_else(|| vec![value]);
                for value in values.into_iter().filter(|value| !value.is_null()) {
                    user.add(key, &text(value)?);
                }
            } else if let Some(key) = PlainKey::from_name(&name).filter(|_| !value.is_null()) {
                user.add_plain(key, &text(value)?);
            }
        }
        Some(user)
    }

    fn put(&mut self, key: UserKey, hash: Hashed) {
        // Nearly everyone has one of each: eight keys fit without growing again.
        if self.hashed.is_empty() {
            self.hashed.reserve(8);
        }
        let mut end = self.hashed.len();
        let mut at = end;
        while let Some((other, known)) = self.hashed.get_mut(..at).and_then(<[_]>::last_mut)
            && *other >= key
        {
            at -= 1;
            if *other > key {
                end = at;
            } else if !key.is_list() {
                *known = hash;
                return;
            } else if *known == hash {
                return;
            }
        }
        self.hashed.insert(end, (key, hash));
    }

    /// The hashes in runs of one key each.
    fn by_key(&self) -> impl Iterator<Item = &[(UserKey, Hashed)]> {
        self.hashed.chunk_by(|(key, _), (next, _)| key == next)
    }
}

/// The click id of an `fbclid` that a landing page's URL carried, as the cookie `_fbc` holds it for 90 days. `seen` is when
/// the page was first opened with it. The case of `fbclid` is kept: Meta tells it apart
/// ([fbc](https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/fbp-and-fbc)).
pub fn click_id(fbclid: &str, seen: DateTime<Utc>) -> String {
    format!("fb.1.{}.{fbclid}", seen.timestamp_millis())
}

fn problem_of(key: PlainKey, value: &str) -> Option<&'static str> {
    let wrong = match key {
        _ if value.is_empty() => return Some("is blank"),
        PlainKey::ClientIpAddress => value.parse().map_or(true, |address: IpAddr| address.is_unspecified()),
        PlainKey::MobileAdvertiserId => value.bytes().all(|byte| matches!(byte, b'0' | b'-')),
        PlainKey::ClickId | PlainKey::BrowserId => !is_browser_mark(value),
        PlainKey::LeadId | PlainKey::PageId => !value.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    wrong.then_some(match key {
        PlainKey::ClientIpAddress => "is not an IP address of anybody",
        PlainKey::MobileAdvertiserId => "is what a device says that lets nobody track it",
        PlainKey::ClickId | PlainKey::BrowserId => "has not the form fb.1.<milliseconds>.<id>",
        _ => "is not a number",
    })
}

/// `fb.{index}.{milliseconds}.{id}`.
fn is_browser_mark(value: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = value.splitn(4, '.');
    parts.next() == Some("fb")
        && parts.next().is_some_and(digits)
        && parts.next().is_some_and(digits)
        && parts.next().is_some_and(|id| !id.is_empty())
}

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("UserData");
        self.keys().for_each(|key| {
            tuple.field(&format_args!("{key}"));
        });
        tuple.finish()
    }
}

/// The hashes of one key, as a list.
struct Hashes<'u>(&'u [(UserKey, Hashed)]);

impl Serialize for Hashes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(_, hash)| hash))
    }
}

impl Serialize for UserData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for hashes in self.by_key() {
            match hashes {
                [(key, hash)] if !key.is_list() => map.serialize_entry(key.as_str(), hash)?,
                [(key, _), ..] => map.serialize_entry(key.as_str(), &Hashes(hashes))?,
                [] => {}
            }
        }
        for (key, value) in &self.plain {
            map.serialize_entry(key.as_str(), value)?;
        }
        map.end()
    }
}

/// Reads what was written before, and what another sends in the clear: it is normalised and hashed while it is read, as by
/// [`UserData::with`]. Keys that are not known are ignored, and so is what is `null`.
impl<'de> Deserialize<'de> for UserData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = UserData;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what is known of a person")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UserData, A::Error> {
                let mut user = UserData::new();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    let (key, may_be_list) = match (UserKey::from_name(&name), PlainKey::from_name(&name)) {
                        (Some(key), _) => (Key::Hashed(key), true),
                        (None, Some(key)) => (Key::Plain(key), false),
                        (None, None) => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    map.next_value_seed(Values { key, may_be_list, user: &mut user })?;
                }
                Ok(user)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

#[derive(Clone, Copy)]
enum Key {
    Hashed(UserKey),
    Plain(PlainKey),
}

/// Reads what is given under one key, text by text, without keeping any of it in the clear.
struct Values<'u> {
    key: Key,
    may_be_list: bool,
    user: &'u mut UserData,
}

impl Values<'_> {
    fn add(self, value: &str) {
        match self.key {
            Key::Hashed(key) => self.user.add(key, value),
            Key::Plain(key) => self.user.add_plain(key, value),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a whole number")?;
        if self.may_be_list { f.write_str(", or a list of them") } else { Ok(()) }
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.add(value);
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.add(&value.to_string());
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        u64::try_from(value).map_err(|_| unreadable()).and_then(|value| self.visit_u64(value))
    }

    // What serde says of others by itself would show them.
    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        Err(unreadable())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        Err(unreadable())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        if !self.may_be_list {
            return Err(serde::de::Error::invalid_type(Unexpected::Seq, &self));
        }
        let Self { key, user, .. } = self;
        while let Some(()) = values.next_element_seed(Values { key, may_be_list: false, user: &mut *user })? {}
        Ok(())
    }
}

fn unreadable<E: serde::de::Error>() -> E {
    E::custom("expected a text or a whole number")
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error as Problem, MapDeserializer};
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_lists_and_equal_people_are_written_once() {
        let user = UserData::new()
            .email("mary@example.com")
            .email(" MARY@example.com")
            .email("mary@example.org")
            .with(UserKey::FirstInitial, "M")
            .with(UserKey::FirstInitial, "A")
            .client_user_agent("Mozilla/5.0");
        let written = serde_json::to_value(&user).unwrap();
        assert_eq!(written["em"].as_array().unwrap().len(), 2);
        assert_eq!(written["fi"], Hashed::of(b"a").to_string());
        assert_eq!(written["client_user_agent"], "Mozilla/5.0");
        assert_eq!(serde_json::from_value::<UserData>(written).unwrap(), user);
    }

    #[test]
    fn a_bad_value_is_left_out_alone_and_named() {
        let user = UserData::new()
            .email("nobody")
            .phone("+1 650 555 1212")
            .client_ip_address("localhost")
            .client_ip_address("0.0.0.0")
            .plain(PlainKey::MobileAdvertiserId, "00000000-0000-0000-0000-000000000000")
            .click_id("AbC")
            .plain(PlainKey::LeadId, "l1");
        let dropped: Vec<_> = user.dropped().iter().map(|error| error.key()).collect();
        assert_eq!(dropped, ["em", "client_ip_address", "client_ip_address", "madid", "fbc", "lead_id"]);
        assert_eq!(user.keys().collect::<Vec<_>>(), ["ph"]);
    }

    #[test]
    fn what_is_read_in_the_clear_is_hashed_at_once() {
        let clear = json!({"em": [" Mary@Example.com", null, "00".repeat(32)], "ph": 16505551212_u64, "lead_id": 7, "new": [1],
                "fn": null, "fbc": null});
        let clear_text = clear.to_string();
        let read: UserData = serde_json::from_value(clear).unwrap();
        let told = UserData::new().email("mary@example.com").with(UserKey::Email, "00".repeat(32));
        assert_eq!(read, told.phone("+1 650 555 1212").plain(PlainKey::LeadId, "7"));
        assert!(!serde_json::to_string(&read).unwrap().to_lowercase().contains("mary"));
        let of_json = |text: &str| UserData::of_json(Json::read(text.as_bytes()).unwrap());
        assert_eq!(of_json(&clear_text), Some(read));
        for wrong in ["[]", "1", r#"{"em":{}}"#, r#"{"em":[["mary"]]}"#, r#"{"fbc":["mary"]}"#, r#"{"ph":1.5}"#] {
            assert_eq!(of_json(wrong), None, "{wrong}");
        }
        let bad: UserData = serde_json::from_value(json!({"em": "mary at example.com", "external_id": "7"})).unwrap();
        assert_eq!(bad.keys().collect::<Vec<_>>(), ["external_id"]);
        assert_eq!(bad.dropped()[0].key(), "em");
        for wrong in [
            json!({"em": {"mary": 1}}),
            json!({"ph": [-1650555]}),
            json!({"ph": 1650555.5}),
            json!({"ph": true}),
            json!({"fbc": ["mary"]}),
            json!({"em": [["mary"]]}),
        ] {
            let error = serde_json::from_value::<UserData>(wrong).unwrap_err().to_string();
            assert!(error.contains("a text"), "{error}");
            assert!(["mary", "1650555", "true"].iter().all(|value| !error.contains(value)), "{error}");
        }
        // Other formats know signed numbers alone.
        let signed = MapDeserializer::<_, Problem>::new([("ph", 16_505_551_212_i64)].into_iter());
        assert_eq!(UserData::deserialize(signed).unwrap(), UserData::new().phone("16505551212"));
    }

    #[test]
    fn printing_shows_no_person() {
        let user =
            UserData::new().email("mary@example.com").client_ip_address("198.51.100.7").click_id("fb.1.2.SeCrEt");
        assert_eq!(format!("{user:?}"), "UserData(em, client_ip_address, fbc)");
    }

    #[test]
    fn a_click_id_keeps_the_case_of_its_click() {
        let seen = DateTime::from_timestamp_millis(1_554_763_741_205).unwrap();
        let fbc = click_id("AbCdEf", seen);
        assert_eq!(fbc, "fb.1.1554763741205.AbCdEf");
        assert_eq!(UserData::new().click_id(&fbc).plain_value(PlainKey::ClickId), Some(fbc.as_str()));
    }
}
