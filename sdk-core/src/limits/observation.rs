//! What an answer says about the limit.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

use super::PoolKey;
use super::headers;

/// What a server lets be known of a limit. Every part may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// The units left until the limit is reset.
    pub remaining: Option<u32>,
    /// The time until then.
    pub reset: Option<Duration>,
    /// The units allowed in each window. Only together with `window` it replaces a pool's quota.
    pub limit: Option<u32>,
    /// The length of a window.
    pub window: Option<Duration>,
    /// Nothing passes for so long.
    pub blocked_for: Option<Duration>,
    /// Whether the server asked for fewer calls.
    pub throttled: bool,
}

/// Reads what an answer's headers say about a pool's limit. Provider crates bring one for the headers of their vendor.
pub trait ReadLimit: Send + Sync + 'static {
    /// What is said about the pool `key`; `None` when it is not mentioned. `now` is for points in time.
    fn read(&self, key: &PoolKey, headers: &HeaderMap, now: SystemTime) -> Option<Observation>;
}

/// The headers in general use: `RateLimit` with `RateLimit-Policy` of the IETF's draft (revision 10), and the older
/// `RateLimit-Limit`, `-Remaining`, `-Reset` with and without `X-`. The strictest of several policies counts.
///
/// A reset is read as seconds from now or, when it is too large for that, as a Unix time.
/// <https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/>
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardHeaders;

impl ReadLimit for StandardHeaders {
    fn read(&self, _: &PoolKey, headers: &HeaderMap, now: SystemTime) -> Option<Observation> {
        headers::structured(headers).or_else(|| headers::separate(headers, now))
    }
}
