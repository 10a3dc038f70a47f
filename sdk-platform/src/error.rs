//! What can go wrong: the error of every call, and the body in which the server explains itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use acd_core::{Error, ErrorKind, Result};

/// The body of every error answer, after [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457). The client turns it into an
/// [`Error`], where [`code`](Error::code), [`detail`](Error::detail) and [`request_id`](Error::request_id) give its fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// The code as a URN.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status, repeated.
    #[schemars(range(min = 400, max = 599))]
    pub status: u16,
    /// The cause as a stable name.
    pub code: String,
    /// The cause and the remedy in words.
    pub detail: String,
    /// Id of the request, for support and logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}
