//! The path of a person: touches and conversions in order.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report::Origin;
use super::rules::Effect;
use crate::{ConversionRuleId, EventId, PersonId, ProductSlug};

/// The query of [`PATH`](super::PATH).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPath {
    /// Most entries, 1 to 1,000; 100 when left out. The latest ones are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u16>,
    /// Only what was before this time: the first `at` of the answer before leads on into the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<DateTime<Utc>>,
}

/// The answer of [`PATH`](super::PATH).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonPath {
    /// The person; after a merge the survivor.
    pub person: PersonId,
    /// Touches and conversions, oldest first.
    pub entries: Vec<PathEntry>,
    /// Whether there is more before them.
    pub more: bool,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PathEntry {
    /// The person came.
    Touch(Box<PathTouch>),
    /// The person converted, or was refunded.
    Conversion(PathConversion),
}

impl PathEntry {
    /// When it was.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Touch(touch) => touch.at,
            Self::Conversion(conversion) => conversion.at,
        }
    }
}

/// A visit that came from somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathTouch {
    /// When: the earliest event of the visit.
    pub at: DateTime<Utc>,
    /// That event.
    pub event: EventId,
    /// Where from.
    pub origin: Origin,
    /// `utm_term`.
    pub term: Option<String>,
    /// `utm_content`.
    pub content: Option<String>,
    /// Meta's click id.
    pub fbclid: Option<String>,
    /// Google's click id.
    pub gclid: Option<String>,
    /// TikTok's click id.
    pub ttclid: Option<String>,
    /// Meta's click cookie.
    pub fbc: Option<String>,
    /// Meta's browser cookie.
    pub fbp: Option<String>,
}

/// An event that a rule counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PathConversion {
    /// When.
    pub at: DateTime<Utc>,
    /// The event.
    pub event: EventId,
    /// The product it was in.
    pub product: ProductSlug,
    /// The rule.
    pub rule: ConversionRuleId,
    /// The rule's name.
    pub name: String,
    /// Whether it added or took.
    pub effect: Effect,
    /// How much, in minor units; null where the event did not say.
    pub amount_minor: Option<i64>,
    /// The currency of that.
    pub currency: Option<String>,
    /// The order.
    pub order: Option<String>,
}
