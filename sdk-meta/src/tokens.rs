//! Access tokens: what they allow and until when.

use acd_core::{Operation, Secret};
use http::Method;
use serde::Deserialize;

use crate::{MetaCall, MetaClient};

/// `GET /debug_token` ([page](https://developers.facebook.com/docs/graph-api/reference/debug_token), read 2026-11)
pub const DEBUG: Operation = Operation::new("meta.tokens.debug", Method::GET, "/{version}/debug_token").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[DEBUG];

/// What is known of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TokenInfo {
    /// Whether Meta accepts it.
    #[serde(default)]
    pub is_valid: bool,
    /// The app that it was made for.
    pub app_id: Option<String>,
    /// The user, system user or page that it speaks for.
    pub user_id: Option<String>,
    /// The kind, such as `USER`, `PAGE`, `SYSTEM_USER` or `APP`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// When it ends, in seconds since 1970; 0 for never.
    pub expires_at: Option<i64>,
    /// When its access to data ends, in seconds since 1970; 0 for never.
    pub data_access_expires_at: Option<i64>,
    /// The permissions, such as `ads_management`.
    #[serde(default)]
    pub scopes: Vec<String>,
}

impl TokenInfo {
    /// Whether the token holds all these permissions.
    #[must_use]
    pub fn allows(&self, scopes: &[&str]) -> bool {
        self.is_valid && scopes.iter().all(|wanted| self.scopes.iter().any(|scope| scope == wanted))
    }
}

#[derive(Deserialize)]
struct Data {
    data: TokenInfo,
}

/// Access tokens.
#[derive(Clone, Copy, Debug)]
pub struct TokensClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> TokensClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Inspects the client's own token. Safe to repeat.
    pub fn own(&self) -> MetaCall<'c, TokenInfo> {
        self.inspect(&self.meta.access().token)
    }

    /// Inspects any token of the app; the client's own must be the app's or that of one of its developers. The token
    /// travels in the query, the only place where Meta takes it: it is kept out of logs and errors. Safe to repeat.
    pub fn inspect(&self, token: &Secret) -> MetaCall<'c, TokenInfo> {
        let call = MetaCall::reading(self.meta, &DEBUG, |response| {
            Box::pin(async move { response.json::<Data>().await.map(|answer| answer.data) })
        });
        call.http(|call| call.query("input_token", token.expose()).hide(token))
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;

    use crate::testing::{scripted, sent};

    #[test]
    fn a_token_is_inspected() {
        let body =
            r#"{"data":{"app_id":"17","type":"SYSTEM_USER","is_valid":true,"expires_at":0,"scopes":["ads_read"]}}"#;
        let (harness, meta) = scripted([answer(200).body(body)]);
        let info = harness.run(meta.tokens().own().into_future()).unwrap();
        assert!(info.allows(&["ads_read"]) && !info.allows(&["ads_read", "ads_management"]));
        assert_eq!(sent(&harness)[0].0, "GET /v26.0/debug_token?input_token=token-example");
        assert_eq!(harness.requests()[0].headers["authorization"], "Bearer token-example");
    }
}
