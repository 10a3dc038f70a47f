//! Where outside services tell of what happened there. They call these endpoints themselves: there is no client.

use acd_core::Operation;
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /v1/webhooks/meta`: Meta asks whether the endpoint wants to be told
/// ([page](https://developers.facebook.com/docs/graph-api/webhooks/getting-started), read 2026-11).
pub const VERIFY_META: Operation =
    Operation::new("platform.webhooks.verify_meta", Method::GET, "/v1/webhooks/meta").safe();
/// `POST /v1/webhooks/meta`: Meta tells of up to 1,000 changes. The same body again changes nothing.
pub const RECEIVE_META: Operation =
    Operation::new("platform.webhooks.receive_meta", Method::POST, "/v1/webhooks/meta").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[RECEIVE_META, VERIFY_META];

/// The query of [`VERIFY_META`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetaChallenge {
    /// `subscribe`.
    #[serde(rename = "hub.mode")]
    pub mode: Option<String>,
    /// What the answer repeats.
    #[serde(rename = "hub.challenge")]
    pub challenge: Option<String>,
    /// The token that was given to Meta with the endpoint's address.
    #[serde(rename = "hub.verify_token")]
    pub verify_token: Option<String>,
}
