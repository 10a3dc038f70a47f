//! One request and its answer, as written down.

use acd_core::{Response, Result};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};

use super::body::StoredBody;
use super::refused;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exchange {
    pub(super) request: StoredRequest,
    pub(super) answer: StoredAnswer,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredRequest {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: StoredBody,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredAnswer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: StoredBody,
}

impl StoredRequest {
    /// Whether a request is this one: headers do not count, as their values are mostly hidden.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.method == other.method && self.url == other.url && self.body == other.body
    }
}

impl StoredAnswer {
    /// The answer as a transport gives it.
    pub(super) fn response(&self) -> Result<Response> {
        let status = StatusCode::from_u16(self.status)
            .map_err(|cause| refused(format!("the cassette has the status {}", self.status)).with_source(cause))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let (Ok(known), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
                return Err(refused(format!("the cassette has a header `{name}` that is none")));
            };
            headers.append(known, value);
        }
        Ok(Response::new(status, headers, self.body.bytes()?))
    }
}
