//! What a product is told when Meta refuses.

use std::time::Duration;

use acd_meta::{Error, ErrorClass, ErrorKind, MetaError as _};
use http::StatusCode;
use serde_json::json;

use crate::kernel::problem::Problem;

/// The answer to a call that failed at Meta, or on the way there, with all that Meta said.
pub(super) fn of(error: Error) -> Problem {
    let api = error.api();
    let said = api.as_ref().map(|api| api.user_message.clone().unwrap_or_else(|| api.message.clone()));
    let class = api.as_ref().map(acd_meta::ApiError::class);
    let mut problem = base(&error, class, said.as_deref());
    problem.retry_after = error.retry_after().filter(|_| error.is_retryable() || is_limit(&error)).map(seconds);
    if let Some(api) = api {
        let meta = json!({
            "code": api.code, "subcode": api.subcode, "class": api.class().as_str(), "message": api.message,
            "user_title": api.user_title, "user_message": api.user_message, "blame": api.blame,
            "trace_id": api.trace_id,
        });
        problem = problem.with("meta", meta);
    }
    problem.with_cause(error)
}

fn is_limit(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Throttled)
}

fn base(error: &Error, class: Option<ErrorClass>, said: Option<&str>) -> Problem {
    let told = |what: &str| said.map_or_else(|| what.to_owned(), |said| format!("{what}: {said}"));
    match (error.kind(), class) {
        (ErrorKind::RateLimited | ErrorKind::Throttled, _) => Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "meta_limit",
            told("the limit of the ad account is reached; come back later"),
        ),
        (_, Some(ErrorClass::Quota)) => {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "meta_quota", told("Meta allows this so often and no oftener"))
        }
        (_, Some(ErrorClass::Policy)) => Problem::forbidden("meta_policy", told("Meta's policies do not allow this")),
        (ErrorKind::NotFound, _) => {
            Problem::new(StatusCode::NOT_FOUND, "meta_not_found", told("Meta has no such object"))
        }
        (ErrorKind::Conflict, _) => Problem::new(
            StatusCode::CONFLICT,
            "meta_conflict",
            told("this cannot be done in the object's present state"),
        ),
        (ErrorKind::Unauthenticated | ErrorKind::Forbidden, _) => Problem::new(
            StatusCode::BAD_GATEWAY,
            "meta_access",
            told("the server's own access token may not do this; an operator must renew or extend it"),
        ),
        (ErrorKind::Rejected | ErrorKind::Request, _) => {
            Problem::invalid("meta_rejected", told("Meta does not accept this"))
        }
        _ if error.may_have_been_sent() => Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "meta_outcome_unknown",
            told("Meta did not say whether it did this; send it again with the same Idempotency-Key, which settles it"),
        ),
        _ => Problem::unavailable("meta_unavailable", told("Meta cannot be reached at the moment")),
    }
}

fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
