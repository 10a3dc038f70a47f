//! All measurements: what they are called, their units and what they say.

/// What is measured, as an OpenTelemetry instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sum that only grows.
    Counter,
    /// A distribution.
    Histogram,
    /// A value that goes up and down.
    Gauge,
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instrument {
    /// The name that [`Metrics`](super::Metrics) is called with.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The unit, as [UCUM](https://ucum.org/ucum) writes it: `s`, or what is counted, in braces.
    pub unit: &'static str,
    /// What it says, for dashboards.
    pub description: &'static str,
}

/// Histogram, seconds: one exchange with the server, without waits for limits and credentials, to the last byte of the
/// answer, of a streamed one to its first. Labels of [OpenTelemetry's semantic
/// conventions](https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpclientrequestduration):
/// `http.request.method`, `server.address`, `server.port`, `url.template`; `http.response.status_code` if there was an
/// answer; `error.type` (the status, the [kind](crate::ErrorKind) of failure, or `cancelled`) if it was no success.
pub const REQUEST_DURATION: &str = "http.client.request.duration";

/// Histogram, seconds: a whole call with its retries and waits. Labels `acd.operation.name`; `error.type` (the
/// [kind](crate::ErrorKind), or `cancelled` when the caller dropped the call) if it failed.
pub const OPERATION_DURATION: &str = "acd.client.operation.duration";

/// Histogram: how many attempts a call took. Labels `acd.operation.name`; `error.type` if it failed.
pub const ATTEMPTS: &str = "acd.client.attempts";

/// Counter: an attempt failed and is followed by another. Labels `acd.operation.name`, `error.type` (the status or the
/// [kind](crate::ErrorKind) of failure).
pub const RETRIES: &str = "acd.client.retries";

/// Counter: a failure that may pass was not retried further. Labels `acd.operation.name`, `acd.retry.reason` (as
/// [`GiveUp::as_str`](crate::GiveUp::as_str) names it).
pub const RETRY_GAVE_UP: &str = "acd.client.retry.gave_up";

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

/// Every measurement of the pipeline, for collectors that want to know units and descriptions beforehand.
pub const ALL: &[Instrument] = &[
    seconds(REQUEST_DURATION, "Duration of HTTP client requests."),
    seconds(OPERATION_DURATION, "Duration of calls with their retries and waits."),
    Instrument { kind: Kind::Histogram, ..counter(ATTEMPTS, "{attempt}", "Attempts that a call took.") },
    counter(RETRIES, "{attempt}", "Failed attempts that were followed by another."),
    counter(RETRY_GAVE_UP, "{call}", "Calls whose failure may pass but was not retried further."),
    counter(BREAKER_TRANSITIONS, "{transition}", "Changes of a breaker's state."),
    counter(BREAKER_REFUSED, "{attempt}", "Attempts that an open breaker refused."),
    seconds(LIMITER_WAIT, "Time that attempts waited for their turn in a pool."),
    counter(LIMITER_REFUSED, "{attempt}", "Attempts that a pool refused."),
    counter(HEDGES, "{attempt}", "Second attempts that were started beside a slow one."),
    counter(HEDGES_WON, "{attempt}", "Second attempts that gave the answer."),
];

const fn seconds(name: &'static str, description: &'static str) -> Instrument {
    Instrument { name, kind: Kind::Histogram, unit: "s", description }
}

const fn counter(name: &'static str, unit: &'static str, description: &'static str) -> Instrument {
    Instrument { name, kind: Kind::Counter, unit, description }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Of every constant in this file, so that none is left out of the list.
    #[test]
    fn every_name_is_listed_once() {
        let declared =
            include_str!("names.rs").lines().filter(|line| line.starts_with("pub const ") && line.contains(": &str"));
        let names: BTreeSet<_> = ALL.iter().map(|instrument| instrument.name).collect();
        assert_eq!((ALL.len(), names.len()), (declared.count(), ALL.len()));
    }
}
