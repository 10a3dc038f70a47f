//! Errors as the client sees them: problem+json with a stable code, causes kept for the log.

use std::borrow::Cow;
use std::error::Error as StdError;

use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// Result of a handler or service.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// An error answer. The cause is logged with the request id and never shown.
#[derive(Debug)]
pub struct Problem {
    /// The status answered with.
    pub status: StatusCode,
    /// A stable name of the cause.
    pub code: &'static str,
    /// Cause and remedy in words.
    pub detail: Cow<'static, str>,
    /// Seconds after which a repeat may succeed.
    pub retry_after: Option<u64>,
    /// Further members of the body.
    pub extensions: serde_json::Map<String, serde_json::Value>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Problem {
    /// An error with this status, code and explanation.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), retry_after: None, extensions: serde_json::Map::new(), cause: None }
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401: no valid credentials.
    pub fn unauthorized(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 403: valid credentials that do not allow it.
    pub fn forbidden(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404: not there, or not this caller's: the two look the same.
    pub fn not_found(what: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("no such {what}, or it belongs to another product"))
    }

    /// 422: understood, but a value is not allowed.
    pub fn invalid(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 413: over a size limit.
    pub fn too_large(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, code, detail)
    }

    /// 503: not now; the same request may be sent again.
    pub fn unavailable(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        problem.retry_after = Some(1);
        problem
    }

    /// 500 with a cause for the log.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "an error on our side; it is logged under the request id",
        )
        .with_cause(cause)
    }

    /// Keeps what led to it, for the log.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same answer for another request that failed with this one; the log has the cause under the first.
    #[must_use]
    pub fn shared(&self) -> Self {
        Self {
            status: self.status,
            code: self.code,
            detail: self.detail.clone(),
            retry_after: self.retry_after,
            extensions: self.extensions.clone(),
            cause: self.cause_chain().map(Into::into),
        }
    }

    /// The same problem of a part of the request, with its place in front of the explanation.
    #[must_use]
    pub fn within(mut self, place: &str) -> Self {
        self.detail = format!("{place}{}", self.detail).into();
        self
    }

    /// Adds a member to the body.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.extensions.insert(name.to_owned(), value.into());
        self
    }

    /// What led to it and what led to that, in one line.
    pub fn cause_chain(&self) -> Option<String> {
        let mut cause: Option<&dyn StdError> = self.cause.as_deref().map(|cause| cause as _);
        let mut chain: Vec<String> = Vec::new();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many libraries repeat the source's text in their own.
            if !chain.last().is_some_and(|last| last.ends_with(&text)) {
                chain.push(text);
            }
            cause = error.source();
        }
        (!chain.is_empty()).then(|| chain.join(": "))
    }

    /// The body, with the id of the request that failed.
    pub fn body(&self, request_id: &str) -> serde_json::Value {
        let wire = acd_platform::Problem {
            kind: format!("urn:acd:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail.clone().into_owned(),
            request_id: Some(request_id.to_owned()),
        };
        let mut body = self.extensions.clone();
        if let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(wire) {
            body.extend(fields);
        }
        serde_json::Value::Object(body)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl StdError for Problem {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl IntoResponse for Problem {
    /// Leaves the body to [`crate::kernel::observe`], which knows the request id.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => {
                Self::unavailable("database_busy", "no database connection came free in time; try again shortly")
                    .with_cause(error)
            }
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed | sqlx::Error::Tls(_) => {
                Self::unavailable("database_unavailable", "the database cannot be reached; try again shortly")
                    .with_cause(error)
            }
            sqlx::Error::Database(db) => match db.code().as_deref() {
                // Shutting down, starting up, connection lost, too many connections.
                Some("57P01" | "57P02" | "57P03" | "08006" | "08003" | "08001" | "53300") => {
                    Self::unavailable("database_unavailable", "the database cannot be reached; try again shortly")
                        .with_cause(error)
                }
                // Deadlock, serialisation failure, lock or statement timeout.
                Some("40P01" | "40001" | "55P03" | "57014") => {
                    Self::unavailable("database_busy", "the database was too busy for this request; try again shortly")
                        .with_cause(error)
                }
                _ => Self::internal(error),
            },
            _ => Self::internal(error),
        }
    }
}
