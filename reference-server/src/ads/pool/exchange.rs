//! What a replica and the ledger of a pool tell each other.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Calls in a row that wait: of one product, of one cost, since about the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ask {
    #[serde(rename = "p")]
    pub(super) product: String,
    #[serde(rename = "c")]
    pub(super) cost: u32,
    #[serde(rename = "n")]
    pub(super) count: u32,
    /// Since when the first of them waits, in milliseconds since 1970.
    #[serde(rename = "s")]
    pub(super) since: i64,
    #[serde(rename = "b", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_background: bool,
}

impl Ask {
    pub(super) fn units(&self) -> u64 {
        u64::from(self.cost) * u64::from(self.count)
    }
}

/// What the vendor told in an answer's headers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Telling {
    /// What is allowed, where that was told.
    pub(super) units: Option<u32>,
    pub(super) used_percent: Option<f64>,
    /// The vendor counted no earlier than this.
    pub(super) as_of: i64,
}

/// What a replica says of one pool.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Report {
    /// Units of calls that are over since the last report, by product.
    pub(super) done: BTreeMap<String, u64>,
    /// Units in hand or under way, by product. What was lent and is not here came back unused.
    pub(super) held: BTreeMap<String, u64>,
    /// Who waits, by product the more urgent first and then the older.
    pub(super) asks: Vec<Ask>,
    /// What would save further exchanges, by product.
    pub(super) ahead: BTreeMap<String, u64>,
    pub(super) tellings: Vec<Telling>,
    /// The vendor asked for a pause this long.
    pub(super) blocked_for_ms: i64,
}

/// What the replica gets.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reply {
    /// Units by product.
    pub(super) granted: BTreeMap<String, u64>,
    /// Nothing passes for so long.
    pub(super) blocked_for_ms: i64,
    /// The least time that a product's first call goes on waiting.
    pub(super) waits: BTreeMap<String, i64>,
    /// Whether units may be kept for calls to come.
    pub(super) is_roomy: bool,
    /// A call that costs more can never pass.
    pub(super) largest: Option<u32>,
}
