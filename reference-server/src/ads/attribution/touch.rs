//! The ids of touches and of their origins: digests, so that a writer knows them without asking.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::signal::Signal;

/// Events of one visit carry the same campaign; those of one actor, origin and click in the same half hour are one touch.
const VISIT_MILLIS: i64 = 30 * 60 * 1_000;

/// Whose event it is: the product, whether the id is a user's, and the id.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) struct ActorId<'a> {
    pub(crate) product: &'a str,
    pub(crate) is_user: bool,
    pub(crate) id: &'a str,
}

/// The half hour of a visit, by its first millisecond.
pub(super) fn half_hour(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis().div_euclid(VISIT_MILLIS) * VISIT_MILLIS
}

/// Id of the origin of a signal in a product.
pub(super) fn origin_id(product: &str, signal: &Signal) -> i64 {
    let mut hash = Sha256::new();
    part(&mut hash, Some(product));
    signal.origin().into_iter().for_each(|field| part(&mut hash, field));
    let digest = hash.finalize();
    i64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default())
}

/// Id of a touch: version 8 of RFC 9562, the beginning of the half hour and then the digest. Sorted by time, so that new rows lie
/// together in the index.
pub(super) fn touch_id(actor: ActorId<'_>, origin: i64, signal: &Signal, at: DateTime<Utc>) -> Uuid {
    let mut hash = Sha256::new();
    part(&mut hash, Some(actor.product));
    part(&mut hash, Some(actor.id));
    hash.update([u8::from(actor.is_user)]);
    hash.update(origin.to_be_bytes());
    signal.click().into_iter().for_each(|field| part(&mut hash, field));
    let digest = hash.finalize();
    let mut bytes: [u8; 16] = digest.first_chunk().copied().unwrap_or_default();
    bytes[..6].copy_from_slice(&half_hour(at).to_be_bytes()[2..]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// With its length, so that no two lists of fields give the same bytes.
fn part(hash: &mut Sha256, field: Option<&str>) {
    match field {
        Some(text) => {
            hash.update((text.len() as u64 + 1).to_be_bytes());
            hash.update(text.as_bytes());
        }
        None => hash.update(0_u64.to_be_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(source: Option<&str>, medium: Option<&str>, fbclid: Option<&str>) -> Signal {
        let text = |value: Option<&str>| value.map(str::to_owned);
        Signal { source: text(source), medium: text(medium), fbclid: text(fbclid), ..Signal::default() }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_visit_is_one_touch_and_anything_else_is_another() {
        let ann = ActorId { product: "pct", is_user: true, id: "ann" };
        let meta = signal(Some("meta"), None, None);
        let first = touch_id(ann, 1, &meta, at("2026-01-01T10:00:00Z"));
        assert_eq!(touch_id(ann, 1, &meta, at("2026-01-01T10:29:59.999999Z")), first);
        for other in [
            touch_id(ann, 1, &meta, at("2026-01-01T10:30:00Z")),
            touch_id(ann, 2, &meta, at("2026-01-01T10:00:00Z")),
            touch_id(ann, 1, &signal(Some("meta"), None, Some("a")), at("2026-01-01T10:00:00Z")),
            touch_id(ActorId { is_user: false, ..ann }, 1, &meta, at("2026-01-01T10:00:00Z")),
            touch_id(ActorId { id: "anne", ..ann }, 1, &meta, at("2026-01-01T10:00:00Z")),
            touch_id(ActorId { product: "gapradar", ..ann }, 1, &meta, at("2026-01-01T10:00:00Z")),
        ] {
            assert_ne!(other, first);
        }
        assert!(first < touch_id(ann, 1, &meta, at("2026-01-01T10:30:00Z")) && first.get_version_num() == 8);
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let ids: std::collections::HashSet<i64> = [
            ("pct", signal(Some("ab"), None, None)),
            ("pct", signal(Some("a"), Some("b"), None)),
            ("pct", signal(None, Some("ab"), None)),
            ("pcta", signal(Some("b"), None, None)),
        ]
        .iter()
        .map(|(product, signal)| origin_id(product, signal))
        .collect();
        assert_eq!(ids.len(), 4);
        assert_eq!(
            origin_id("pct", &signal(Some("a"), None, Some("x"))),
            origin_id("pct", &signal(Some("a"), None, None)),
            "the click does not make another origin"
        );
    }
}
