//! What became of conversions.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::named::named;
use crate::{ConversionId, EventId, MetaEventRuleId, ProductSlug};

named! {
    /// How far a conversion is.
    ConversionState {
        /// It waits to be sent, for the first time or again.
        Pending = "pending",
        /// Meta took it.
        Sent = "sent",
        /// It is not sent: no consent, the switch is off, or Meta would not have it.
        Refused = "refused",
        /// Meta refused the sender, not the event, too often.
        Failed = "failed",
        /// It became too old for Meta before it could be sent.
        Expired = "expired",
    }
}

named! {
    /// Where a conversion comes from.
    ConversionOrigin {
        /// It was handed over as an event for Meta.
        Api = "api",
        /// A rule made it of a shared event.
        Rule = "rule",
    }
}

/// A conversion, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conversion {
    /// Its id.
    pub id: ConversionId,
    /// Whose it is.
    pub product: ProductSlug,
    /// The pixel or dataset it goes to.
    pub pixel_id: String,
    /// What happened, as Meta calls it.
    pub event_name: String,
    /// The id that Meta deduplicates by.
    pub event_id: String,
    /// When it happened.
    pub event_time: DateTime<Utc>,
    /// Where it comes from.
    pub origin: ConversionOrigin,
    /// The rule that made it, if one did.
    pub rule_id: Option<MetaEventRuleId>,
    /// The shared event it was made of, if it was.
    pub source_event_id: Option<EventId>,
    /// How far it is.
    pub state: ConversionState,
    /// Why it is not sent; what failed last while it is pending.
    pub cause: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// Meta's id of the exchange that settled it, for Meta's support.
    pub fbtrace_id: Option<String>,
    /// When it was accepted.
    pub received_at: DateTime<Utc>,
    /// When its state became final.
    pub settled_at: Option<DateTime<Utc>>,
}

/// The query of [`LIST`](super::LIST). Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListConversions {
    /// Most conversions in one page, 1 to 1,000; 100 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only those this far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ConversionState>,
    /// Only those with this id at Meta.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// Only this product's; a product sees its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}
