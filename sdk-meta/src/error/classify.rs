//! What an answer of Meta's means to the pipeline.

use std::time::Duration;

use acd_core::json::Json;
use acd_core::{Answer, Classify, ErrorKind, Verdict};

use super::{ApiError, ErrorClass};
use crate::limits::Usage;

/// How far into a success an error is looked for: its envelope stands at the beginning.
const BEGINNING: usize = 256;

/// Reads Meta's codes, which rank above the status: throttling comes as 400, and an error may come as 200.
pub(crate) struct MetaErrors;

impl Classify for MetaErrors {
    fn classify(&self, answer: &Answer<'_>) -> Option<Verdict> {
        if answer.status.is_success() && !may_be_error(answer.body) {
            return (!is_json(answer.body)).then(|| Verdict::new().kind(ErrorKind::Server).retryable(true));
        }
        match ApiError::read_head(answer.body) {
            Some(error) => Some(verdict(&error, answer)),
            None if answer.status.is_success() => None,
            None => Some(verdict_of_upload(answer.body)),
        }
    }
}

/// Whether the body's beginning holds the name of the envelope.
fn may_be_error(body: &[u8]) -> bool {
    let beginning = &body[..body.len().min(BEGINNING)];
    beginning.windows(7).any(|window| window == b"\"error\"")
}

/// Whether the body is JSON by its looks: now and then a 200 is a bare "Service Unavailable", or empty.
fn is_json(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'[' | b'"' | b't' | b'f' | b'n' | b'0'..=b'9'))
}

fn verdict(error: &ApiError, answer: &Answer<'_>) -> Verdict {
    let class = error.class();
    let verdict = Verdict::new().code(error.full_code()).keep_body();
    let verdict = match &error.trace_id {
        Some(id) => verdict.request_id(id.clone()),
        None => verdict,
    };
    let verdict = if class.is_refusal() { verdict.may_have_acted(false) } else { verdict };
    let verdict = match wait(error, class, answer) {
        Some(wait) => verdict.retry_after(wait),
        None => verdict,
    };
    match class {
        ErrorClass::Auth => verdict.kind(ErrorKind::Unauthenticated),
        ErrorClass::Permission | ErrorClass::Policy => verdict.kind(ErrorKind::Forbidden),
        ErrorClass::NotFound => verdict.kind(ErrorKind::NotFound),
        ErrorClass::Audience | ErrorClass::NotReady => verdict.kind(ErrorKind::Conflict),
        ErrorClass::Throttle => verdict.kind(ErrorKind::Throttled),
        ErrorClass::Transient => verdict.kind(ErrorKind::Server).retryable(true),
        ErrorClass::Unknown if answer.status.is_server_error() => verdict.kind(ErrorKind::Server).retryable(true),
        _ => verdict.kind(ErrorKind::Rejected).retryable(false),
    }
}

/// The host that takes bytes has errors of another form
/// ([page](https://developers.facebook.com/docs/video-api/guides/reels-publishing), read 2026-11): the status decides,
/// unless it says that it may pass.
fn verdict_of_upload(body: &[u8]) -> Verdict {
    let verdict = Verdict::new().keep_body();
    let Some(info) = Json::read(body).and_then(|body| body.get("debug_info")) else { return verdict };
    let retriable = info.get("retriable").and_then(Json::flag).unwrap_or(false);
    let verdict = if retriable { verdict.retryable(true) } else { verdict };
    match info.get("type").and_then(Json::text) {
        Some(kind) => verdict.code(kind.into_owned()),
        None => verdict,
    }
}

/// The longest wait of which anything speaks: the table, and for throttling the headers of the limit that was hit.
fn wait(error: &ApiError, class: ErrorClass, answer: &Answer<'_>) -> Option<Duration> {
    let known = error.row().and_then(|row| row.wait);
    if class != ErrorClass::Throttle {
        return known;
    }
    let usage = Usage::read(answer.headers);
    let told = usage.regain_access();
    let known = match (error.code, usage.tier()) {
        // The block is shorter for apps with full access.
        (17, Some(tier)) | (613, Some(tier)) if matches!(error.subcode, Some(2_446_079 | 1_487_742)) => {
            Some(tier.block())
        }
        // What the header says of a business use case is exact.
        (80_000..=80_014, _) if told.is_some() => None,
        _ => known,
    };
    known.max(told)
}

#[cfg(test)]
mod tests {
    use acd_core::testing::{Script, answer};
    use acd_core::{Error, Operation, RetryConfig};
    use http::Method;
    use serde_json::Value;

    use super::*;
    use crate::MetaCall;
    use crate::error::MetaError as _;
    use crate::testing::scripted;

    const GET: Operation = Operation::new("meta.test.get", Method::GET, "/{version}/x").safe();
    const CREATE: Operation = Operation::new("meta.test.create", Method::POST, "/{version}/x");

    fn failed(operation: &'static Operation, script: Script) -> Error {
        let (harness, meta) = scripted([script]);
        let call = MetaCall::<Value>::json(&meta, operation).http(|call| call.retry(RetryConfig::disabled()));
        harness.run(call.into_future()).unwrap_err()
    }

    fn error(status: u16, code: i64, subcode: Option<i64>) -> Script {
        let subcode = subcode.map_or("null".to_owned(), |subcode| subcode.to_string());
        let body = format!(r#"{{"error":{{"message":"(#{code}) m","code":{code},"error_subcode":{subcode}}}}}"#);
        answer(status).body(body)
    }

    #[test]
    fn codes_rank_above_the_status() {
        for (status, code, subcode, kind, retryable, may_have_acted) in [
            (400, 17, Some(2_446_079), ErrorKind::Throttled, true, false),
            (400, 190, Some(463), ErrorKind::Unauthenticated, false, false),
            (400, 200, None, ErrorKind::Forbidden, false, false),
            (400, 100, Some(33), ErrorKind::NotFound, false, false),
            (500, 100, Some(1_885_272), ErrorKind::Rejected, false, false),
            (400, 2, None, ErrorKind::Server, true, true),
            (500, 1, Some(99), ErrorKind::Rejected, false, false),
            (200, 4, None, ErrorKind::Throttled, true, false),
            (400, 368, None, ErrorKind::Forbidden, false, false),
            (400, 613, Some(1_487_632), ErrorKind::Rejected, false, false),
            (400, 2650, Some(1_870_145), ErrorKind::Conflict, false, false),
            (500, 424_242, None, ErrorKind::Server, true, true),
            (400, 424_242, None, ErrorKind::Rejected, false, true),
        ] {
            let error = failed(&CREATE, error(status, code, subcode));
            let seen = (error.kind(), error.is_retryable(), error.may_have_been_sent());
            assert_eq!(seen, (kind, retryable, may_have_acted), "{status} {code}/{subcode:?}");
            assert_eq!(error.api().unwrap().code, code);
        }
    }

    #[test]
    fn a_success_that_is_none_is_found_out() {
        for script in [answer(200).body("Service Unavailable"), answer(200)] {
            let error = failed(&GET, script);
            assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Server, true));
        }
        let body = r#"{"data":[{"name":"an \"error\" in a name"}]}"#;
        let (harness, meta) = scripted([answer(200).body(body)]);
        assert!(harness.run(MetaCall::<Value>::json(&meta, &GET).into_future()).is_ok());
    }

    #[test]
    fn a_throttle_waits_as_long_as_the_header_says() {
        let buc = |minutes: u32| {
            format!(
                r#"{{"66":[{{"type":"ads_insights","call_count":100,"total_cputime":1,"total_time":1,
                "estimated_time_to_regain_access":{minutes},"ads_api_access_tier":"standard_access"}}]}}"#
            )
            .replace(['\n', ' '], "")
        };
        let account = r#"{"acc_id_util_pct":100,"reset_time_duration":40,"ads_api_access_tier":"standard_access"}"#;
        let header = "x-business-use-case-usage";
        for (script, seconds) in [
            (error(400, 80_000, None), 300),
            (error(400, 80_000, None).header(header, &buc(7)), 420),
            (error(400, 80_000, None).header(header, &buc(2)), 120),
            (error(400, 17, Some(2_446_079)), 300),
            (error(400, 17, Some(2_446_079)).header("x-ad-account-usage", account), 60),
            (error(400, 613, Some(5_044_001)), 1),
        ] {
            assert_eq!(failed(&GET, script).retry_after(), Some(Duration::from_secs(seconds)));
        }
    }

    #[test]
    fn what_meta_says_is_whole_and_without_the_token() {
        let body = format!(
            r#"{{"error":{{"message":"bad token-example {}","code":100,"fbtrace_id":"AbCdEf0123456789AbCdEf01",
            "error_user_title":"T","error_user_msg":"M"}}}}"#,
            "x".repeat(900)
        );
        let error = failed(&GET, answer(400).body(body));
        let api = error.api().unwrap();
        assert!(api.message.len() > 900 && !format!("{error:?} {api:?}").contains("token-example"));
        assert_eq!((api.user_title.as_deref(), api.user_message.as_deref()), (Some("T"), Some("M")));
        assert_eq!(api.trace_id.as_deref(), Some("AbCdEf0123456789AbCdEf01"));
    }
}
