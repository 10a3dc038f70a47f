use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The id by which the server recognises an event that reaches it twice. Two are equal when they are the same text, however they
/// were come by.
#[derive(Clone, Debug)]
pub struct MessageId(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Made(Uuid),
    Given(Box<str>),
}

impl MessageId {
    /// Takes an id as the caller wrote it.
    pub(crate) fn given(text: &str) -> Self {
        Self(Repr::Given(text.into()))
    }

    /// Lends the text of the id.
    pub(crate) fn with_text<R>(&self, read: impl FnOnce(&str) -> R) -> R {
        match &self.0 {
            Repr::Made(uuid) => read(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer())),
            Repr::Given(text) => read(text),
        }
    }
}

impl PartialEq for MessageId {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Made(one), Repr::Made(other)) => one == other,
            (Repr::Given(one), Repr::Given(other)) => one == other,
            _ => self.with_text(|one| other.with_text(|other| one == other)),
        }
    }
}

impl Eq for MessageId {}

impl Hash for MessageId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.with_text(|text| text.hash(state));
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

/// Makes UUIDv7 message ids: the time in front keeps the server's index local, the rest is unique without a lock.
///
/// Two keys drawn once a client are mixed with a counter, which costs a few nanoseconds where asking the system for
/// randomness on each event would cost more than encoding it.
#[derive(Debug)]
pub(crate) struct MessageIds {
    keys: [u64; 2],
    count: AtomicU64,
}

impl MessageIds {
    pub(crate) fn new(keys: [u64; 2]) -> Self {
        Self { keys, count: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self, at: DateTime<Utc>) -> MessageId {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let random = [mix(self.keys[0].wrapping_add(count)), mix(self.keys[1] ^ count)];
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&random[0].to_le_bytes());
        bytes[8..].copy_from_slice(&random[1].to_le_bytes()[..2]);
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        MessageId(Repr::Made(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection, so that no two counts of a client meet in it.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_version_7_and_never_meet() {
        let at = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let clients = [1_u64, 2, 3].map(|seed| MessageIds::new([mix(seed), mix(!seed)]));
        let mut seen = HashSet::new();
        for _ in 0..20_000 {
            for client in &clients {
                let text = client.next(at).to_string();
                let uuid = Uuid::try_parse(&text).unwrap();
                assert_eq!((uuid.get_version_num(), uuid.get_variant()), (7, uuid::Variant::RFC4122));
                assert_eq!(uuid.get_timestamp().unwrap().to_unix().0, 1_700_000_000);
                assert!(seen.insert(text));
            }
        }
    }

    #[test]
    fn a_given_id_is_kept_as_written_and_equals_the_uuid_it_writes() {
        let made = MessageIds::new([1, 2]).next(DateTime::UNIX_EPOCH);
        let given = MessageId::given(&made.to_string());
        assert_eq!(given, made);
        assert!(HashSet::from([made.clone()]).contains(&given));
        let upper = made.to_string().to_uppercase();
        assert_eq!(MessageId::given(&upper).to_string(), upper);
        assert_eq!(MessageId::given("order-1042").to_string(), "order-1042");
    }
}
