//! Access tokens: what they allow and until when.

use std::time::Duration;

use acd_core::{Operation, Secret};
use http::Method;
use serde::{Deserialize, Serialize};

use crate::{AppId, MetaCall, MetaClient};

/// `GET /debug_token` ([page](https://developers.facebook.com/docs/graph-api/reference/debug_token), read 2026-11)
pub const DEBUG: Operation = Operation::new("meta.tokens.debug", Method::GET, "/{version}/debug_token").safe();

/// `GET /oauth/access_token`
/// ([page](https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived), read 2026-11)
pub const EXTEND: Operation = Operation::new("meta.tokens.extend", Method::GET, "/{version}/oauth/access_token").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[DEBUG, EXTEND];

/// What is known of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
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

/// An access token that Meta gave.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Grant")]
#[non_exhaustive]
pub struct AccessToken {
    /// The token, for [`MetaClient::with_token`].
    pub token: Secret,
    /// How long it lives from now on; none for one that never ends.
    pub expires_in: Option<Duration>,
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
    expires_in: Option<u64>,
}

impl From<Grant> for AccessToken {
    fn from(grant: Grant) -> Self {
        Self { token: Secret::new(grant.access_token), expires_in: grant.expires_in.map(Duration::from_secs) }
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

    /// Exchanges a user's token, which ends after an hour or two, for one that lives about 60 days, or one of those for a
    /// fresh one. Page tokens that a long-lived token is given ([`PagesClient::token`](crate::accounts::PagesClient::token))
    /// do not end. Needs the app's secret; it and the token travel in the query, the only place where Meta takes them, and
    /// are kept out of logs and errors. Safe to repeat.
    pub fn extend(&self, app: &AppId, token: &Secret) -> MetaCall<'c, AccessToken> {
        let call = MetaCall::json(self.meta, &EXTEND);
        let secret = match self.meta.app_secret() {
            Ok(secret) => secret,
            Err(problem) => return call.refused(problem),
        };
        call.param("grant_type", "fb_exchange_token").param("client_id", app).http(|call| {
            let call = call.query("client_secret", secret.expose()).hide(secret);
            call.query("fb_exchange_token", token.expose()).hide(token)
        })
    }
}

#[cfg(test)]
mod tests {
    use acd_core::ErrorKind;
    use acd_core::testing::{Harness, answer};

    use super::*;
    use crate::testing::{scripted, sent};

    #[test]
    fn a_token_is_exchanged_with_the_apps_secret_and_never_shown() {
        let (harness, meta) = scripted([]);
        let token = Secret::from("short-lived");
        let error = harness.run(meta.tokens().extend(&"17".into(), &token).into_future()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let body = r#"{"access_token":"long-lived","token_type":"bearer","expires_in":5183944}"#;
        let harness = Harness::new([answer(200).body(body)]);
        let http = harness.client();
        let meta = MetaClient::builder("short-lived").app_secret("s3cret").http(move |_| http).build().unwrap();
        let long = harness.run(meta.tokens().extend(&"17".into(), &token).into_future()).unwrap();
        assert_eq!((long.token.expose(), long.expires_in), ("long-lived", Some(Duration::from_secs(5_183_944))));
        assert!(!format!("{long:?} {:?}", meta.tokens().extend(&"17".into(), &token)).contains("s3cret"));
        let query = "grant_type=fb_exchange_token&client_id=17&client_secret=s3cret&fb_exchange_token=short-lived";
        assert!(sent(&harness)[0].0.ends_with(query), "{}", sent(&harness)[0].0);
        assert_eq!(meta.as_app(&"17".into()).unwrap().access().token.expose(), "17|s3cret");
    }

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
