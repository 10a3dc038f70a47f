//! Answers that need not be sent again: `ETag`, `Cache-Control` and `If-None-Match` by RFC 9110 and RFC 9111.

use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::kernel::problem::{Problem, Result};

/// A JSON answer that is good for so long, or 304 when the caller has it already.
pub(super) fn reply<T: Serialize>(headers: &HeaderMap, body: &T, max_age: TimeDelta) -> Result<Response> {
    let text = serde_json::to_vec(body).map_err(Problem::internal)?;
    let digest = Sha256::digest(&text);
    let tag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let mut response = if has(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(http::header::CONTENT_TYPE, "application/json")], text).into_response()
    };
    let seconds = max_age.num_seconds().max(0);
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::try_from(tag).map_err(Problem::internal)?);
    // The same address has other figures for other credentials.
    let control = format!("private, max-age={seconds}");
    headers.insert(CACHE_CONTROL, HeaderValue::try_from(control).map_err(Problem::internal)?);
    headers.insert(VARY, HeaderValue::from_static("authorization"));
    Ok(response)
}

fn has(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(tags: &[&str]) -> Response {
        let mut headers = HeaderMap::new();
        for tag in tags {
            headers.append(IF_NONE_MATCH, HeaderValue::from_str(tag).unwrap());
        }
        reply(&headers, &[1, 2], TimeDelta::seconds(-3)).unwrap()
    }

    #[test]
    fn what_the_caller_has_is_not_sent_again() {
        let first = asked(&[]);
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[CACHE_CONTROL], "private, max-age=0");
        for given in [vec![tag.as_str()], vec!["*"], vec!["\"x\", W/\"y\"", &format!("\"z\" , W/{tag}")]] {
            let again = asked(&given);
            assert_eq!((again.status(), again.headers()[ETAG].to_str().unwrap()), (StatusCode::NOT_MODIFIED, &*tag));
            assert!(!again.headers().contains_key(http::header::CONTENT_TYPE));
        }
        for other in ["\"x\"", "", "garbage", tag.trim_matches('"')] {
            assert_eq!(asked(&[other]).status(), StatusCode::OK, "{other}");
        }
    }
}
