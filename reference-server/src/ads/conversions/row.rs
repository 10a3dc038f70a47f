//! A conversion ready to be stored.

use acd_meta::conversions::{Event, UserKey};
use acd_platform::ProductSlug;
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::privacy::ConsentSubject;

/// The rule and the shared event that a conversion was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) rule: Uuid,
    pub(super) event: Uuid,
}

/// A conversion that was checked. Holds no personal data in the clear but what Meta takes so.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) pixel_id: String,
    pub(super) event_name: String,
    pub(super) event_id: String,
    pub(super) event_time: DateTime<Utc>,
    pub(super) user_id: Option<String>,
    pub(super) anonymous_id: Option<String>,
    pub(super) email_hashes: Option<String>,
    /// When the person agreed by what the event itself says.
    pub(super) agreed_at: Option<DateTime<Utc>>,
    /// Why it is not to be sent whatever is on record.
    pub(super) refusal: Option<String>,
    pub(super) source: Option<Source>,
    pub(super) payload: Box<RawValue>,
}

/// What an event says beside Meta's own fields.
#[derive(Debug, Default)]
pub(super) struct Whose {
    pub(super) user_id: Option<String>,
    pub(super) anonymous_id: Option<String>,
    /// What the person said about advertising when it happened.
    pub(super) agreed: Option<bool>,
}

impl Row {
    /// A conversion for this pixel.
    ///
    /// # Errors
    /// When the event cannot be written as JSON.
    pub(super) fn new(
        pixel_id: &str,
        event_id: String,
        event: &Event,
        whose: Whose,
        source: Option<Source>,
        now: DateTime<Utc>,
    ) -> Result<Self, serde_json::Error> {
        let hashes: Vec<String> = event.user_data.hashes(UserKey::Email).map(|hash| hash.to_string()).collect();
        let refused = whose.agreed == Some(false);
        Ok(Self {
            pixel_id: pixel_id.to_owned(),
            event_name: event.event_name.as_str().to_owned(),
            event_id,
            event_time: event.event_time,
            user_id: whose.user_id,
            anonymous_id: whose.anonymous_id,
            email_hashes: (!hashes.is_empty()).then(|| hashes.join(",")),
            // Nobody agrees in the future: a clock ahead must not outlive a withdrawal.
            agreed_at: (whose.agreed == Some(true)).then(|| event.event_time.min(now)),
            refusal: refused.then(|| "the person had not agreed to advertising when it happened".to_owned()),
            source,
            payload: serde_json::value::to_raw_value(event)?,
        })
    }

    /// About how much memory it holds, for the writer's bound.
    pub(super) fn bytes(&self) -> usize {
        512 + self.payload.get().len()
    }

    /// Whose consent it needs.
    pub(super) fn subject<'a>(&'a self, product: &'a ProductSlug) -> ConsentSubject<'a> {
        ConsentSubject {
            product,
            user_id: self.user_id.as_deref(),
            anonymous_id: self.anonymous_id.as_deref(),
            email_hashes: self.email_hashes.as_deref(),
        }
    }
}
