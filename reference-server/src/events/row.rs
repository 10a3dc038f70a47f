//! An event ready to be stored.

use acd_analytics::wire::MessageType;
use acd_platform::ProductSlug;
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use crate::ads::attribution::Signal;
use crate::identity::Claim;

/// Where a visitor came from, as far as the context says.
#[derive(Debug, Default)]
pub(super) struct Attribution {
    pub(super) source: Option<String>,
    pub(super) medium: Option<String>,
    pub(super) campaign: Option<String>,
    pub(super) term: Option<String>,
    pub(super) content: Option<String>,
    pub(super) referrer: Option<String>,
    pub(super) url: Option<String>,
}

/// An event that was checked and can be stored as it is.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) kind: MessageType,
    pub(super) event: Option<String>,
    pub(super) category: Option<String>,
    pub(super) message_id: String,
    pub(super) user_id: Option<String>,
    pub(super) anonymous_id: Option<String>,
    pub(super) group_id: Option<String>,
    pub(super) previous_id: Option<String>,
    pub(super) original_timestamp: Option<DateTime<Utc>>,
    pub(super) sent_at: Option<DateTime<Utc>>,
    pub(super) properties: Option<Box<RawValue>>,
    pub(super) traits: Option<Box<RawValue>>,
    pub(super) context: Option<Box<RawValue>>,
    pub(super) integrations: Option<Box<RawValue>>,
    pub(super) attribution: Attribution,
    /// What it tells of where the visitor came from just now.
    pub(super) signal: Option<Box<Signal>>,
    /// `identify`: the address in the traits, in lower case.
    pub(super) email: Option<String>,
}

impl Row {
    /// About how much memory it holds, for the writer's bound.
    pub(super) fn bytes(&self) -> usize {
        let json = [&self.properties, &self.traits, &self.context, &self.integrations];
        let signal = if self.signal.is_some() { 1024 } else { 0 };
        512 + signal + json.into_iter().flatten().map(|raw| raw.get().len()).sum::<usize>()
    }
}

/// What an event says about who someone is. A visitor who is not known yet has no person until an event names both ids, or
/// one is needed for what else the event tells.
pub(super) fn claim_of<'a>(product: &'a ProductSlug, row: &'a Row, needed: bool) -> Option<Claim<'a>> {
    if row.user_id.is_none() && row.kind != MessageType::Identify && !needed {
        return None;
    }
    let identify = row.kind == MessageType::Identify;
    Some(Claim {
        product,
        user_id: row.user_id.as_deref(),
        anonymous_id: row.anonymous_id.as_deref(),
        previous_id: row.previous_id.as_deref().filter(|_| row.kind == MessageType::Alias),
        email: row.email.as_deref(),
        traits: row.traits.as_deref().filter(|_| identify),
    })
}
