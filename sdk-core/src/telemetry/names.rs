//! The names of all measurements.

/// Counter: a breaker changed its state. Labels `server.address`, `acd.operation.group`, `acd.breaker.from`,
/// `acd.breaker.to`.
pub const BREAKER_TRANSITIONS: &str = "acd.client.breaker.transitions";

/// Counter: an attempt was refused by an open breaker. Labels `server.address`, `acd.operation.group`.
pub const BREAKER_REFUSED: &str = "acd.client.breaker.refused";

/// Histogram, seconds: how long an attempt waited for its turn in a pool; only those that waited. Label `acd.pool`.
pub const LIMITER_WAIT: &str = "acd.client.limiter.wait";

/// Counter: an attempt was refused by a pool. Label `acd.pool`.
pub const LIMITER_REFUSED: &str = "acd.client.limiter.refused";

/// Counter: a second attempt was started beside a slow one. Label `acd.operation.name`.
pub const HEDGES: &str = "acd.client.hedges";

/// Counter: the second attempt gave the answer. Label `acd.operation.name`.
pub const HEDGES_WON: &str = "acd.client.hedges.won";
