//! How much of Meta's limits is used, and by whom.

use acd_core::{Client, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{PlatformCall, ProductSlug};

/// `GET /v1/ads/limits`
pub const LIST: Operation = Operation::new("platform.ads_limits.list", Method::GET, "/v1/ads/limits").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[LIST];

/// Every limit that the caller draws from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdsLimits {
    /// The limits, by account and name.
    pub data: Vec<AdsLimit>,
}

/// One limit of Meta's, as all products together have used it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdsLimit {
    /// Which limit, such as `meta.ad_account`.
    pub pool: String,
    /// Whose: the ad account, page or Instagram account.
    pub account: String,
    /// Units allowed in a window; null where only Meta knows.
    pub limit: Option<u32>,
    /// The window, in seconds.
    pub window_seconds: u64,
    /// Units used in the last window, and lent for calls that are made now.
    pub used: u64,
    /// The share that Meta told last, in percent.
    pub told_percent: Option<f64>,
    /// Until then nothing passes: Meta asked for a pause.
    pub blocked_until: Option<DateTime<Utc>>,
    /// The products. A product sees itself alone.
    pub products: Vec<ProductUse>,
}

/// A product's part of a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductUse {
    /// The product; null for calls of the server's own.
    pub product: Option<ProductSlug>,
    /// Units used in the last window, and lent for calls that are made now.
    pub used: u64,
    /// Units that it can count on; more when others do not need theirs. Null where the limit is not known.
    pub guaranteed: Option<u64>,
    /// Calls that wait for their turn.
    pub waiting: u64,
}

/// How much of Meta's limits is used.
#[derive(Clone, Copy, Debug)]
pub struct AdsLimitsClient<'c> {
    http: &'c Client,
}

impl<'c> AdsLimitsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// The limits of the caller's ad accounts; an administrator sees all.
    pub fn list(&self) -> PlatformCall<'c, AdsLimits> {
        PlatformCall::json(self.http, &LIST)
    }
}
