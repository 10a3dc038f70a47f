//! Who calls, and what the token may do.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use chrono::{DateTime, Utc};

use super::call::{Call, Raw};
use super::error::GraphError;
use super::kind::Kind;
use super::state::State;
use super::world::World;

/// What the tokens of the simulated world may do.
const SCOPES: [&str; 9] = [
    "ads_management",
    "ads_read",
    "business_management",
    "instagram_basic",
    "instagram_content_publish",
    "leads_retrieval",
    "pages_manage_metadata",
    "pages_read_engagement",
    "pages_show_list",
];

/// The subcode of a token whose time is over.
const EXPIRED: i64 = 463;

/// What is known of one token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) scopes: BTreeSet<String>,
    /// Why it no longer works: the subcode of error 190.
    pub(super) revoked: Option<i64>,
    /// When it ends; none for never.
    pub(super) expires: Option<DateTime<Utc>>,
}

impl Token {
    /// A token that may do everything.
    pub(super) fn full(text: &str) -> Self {
        Self { text: text.to_owned(), scopes: SCOPES.map(str::to_owned).into(), revoked: None, expires: None }
    }

    /// Whether it still works.
    pub(super) fn check(&self, now: DateTime<Utc>) -> Result<(), GraphError> {
        let has_ended = self.expires.is_some_and(|end| end <= now);
        match self.revoked.or(has_ended.then_some(EXPIRED)) {
            Some(subcode) => {
                let message = "Error validating access token: The session is no longer valid.";
                Err(GraphError::new(190, message).subcode(Some(subcode)))
            }
            None => Ok(()),
        }
    }
}

/// Checks token, proof and permission.
pub(super) fn check(state: &State, raw: &Raw, now: DateTime<Utc>) -> Result<(), GraphError> {
    if raw.path.ends_with("oauth/access_token") {
        return Ok(());
    }
    let Some(text) = raw.token() else {
        let message = "(#104) An access token is required to request this resource.";
        return Err(GraphError::new(104, message));
    };
    let World { app_secret, .. } = &state.world;
    if text == state.world.app_token() {
        return Ok(());
    }
    let Some(token) = state.tokens.iter().find(|token| token.text == text) else {
        return Err(GraphError::new(190, "Invalid OAuth access token - Cannot parse access token"));
    };
    token.check(now)?;
    match raw.params.text("appsecret_proof") {
        Some(proof) if !is_proof(app_secret, &text, &proof) => {
            return Err(GraphError::new(100, "Invalid appsecret_proof provided in the API argument"));
        }
        None if state.requires_proof => {
            let message = "API calls from the server require an appsecret_proof argument";
            return Err(GraphError::new(100, message));
        }
        _ => {}
    }
    let needed = permissions(state, raw);
    if !needed.is_empty() && !needed.iter().any(|scope| token.scopes.contains(*scope)) {
        let message = format!("(#200) Requires {} permission to manage the object", needed[0]);
        return Err(GraphError::new(200, message).status(403));
    }
    Ok(())
}

/// Whether a token is one that works, for the host that takes bytes, which knows neither proofs nor envelopes.
pub(super) fn is_valid(state: &State, text: &str, now: DateTime<Utc>) -> bool {
    state.tokens.iter().any(|token| token.text == text && token.check(now).is_ok())
}

/// The permissions one of which a call needs; none where any token will do.
fn permissions(state: &State, raw: &Raw) -> &'static [&'static str] {
    let is_lead = || {
        let id = raw.path.rsplit('/').next().and_then(|id| state.nodes.find(id));
        id.is_some_and(|node| node.kind == Kind::Lead)
    };
    match raw.method.as_str() {
        "GET" if raw.path.ends_with("/leads") || is_lead() => &["leads_retrieval"],
        "GET" if raw.path.contains("act_") => &["ads_read", "ads_management"],
        _ if raw.path.contains("act_") => &["ads_management"],
        "POST" if raw.path.ends_with("/subscribed_apps") => &["pages_manage_metadata"],
        _ => &[],
    }
}

/// `appsecret_proof`, as <https://developers.facebook.com/docs/graph-api/guides/secure-requests/> defines it; compared in
/// constant time.
fn is_proof(secret: &str, token: &str, proof: &str) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(token.as_bytes());
    let wanted: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    wanted.as_bytes().ct_eq(proof.as_bytes()).into()
}

/// `GET /debug_token`.
pub(super) fn debug(state: &State, call: &Call) -> Result<Value, GraphError> {
    let text = call.params.text("input_token").ok_or_else(|| GraphError::missing("input_token"))?;
    let token = state.tokens.iter().find(|token| token.text == text);
    let app_id = &state.world.app_id;
    Ok(match token {
        Some(token) => json!({ "data": {
            "app_id": app_id, "type": kind(state, token), "application": "ACD", "is_valid": token.check(call.now).is_ok(),
            "expires_at": token.expires.map_or(0, |end| end.timestamp()), "scopes": token.scopes,
        }}),
        None => json!({ "data": {
            "is_valid": false, "scopes": [],
            "error": { "code": 190, "message": "Invalid OAuth access token - Cannot parse access token" },
        }}),
    })
}

/// What a token speaks for.
fn kind(state: &State, token: &Token) -> &'static str {
    match token {
        token if token.text == state.world.page_access_token => "PAGE",
        token if token.expires.is_some() => "USER",
        _ => "SYSTEM_USER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_metas() {
        let proof = "fe1f63df731c8415a5b9b41b76cfcb4e3957f9d9d35c2c3f17201599acee008d";
        assert!(is_proof("app-secret-example", "token-example", proof));
        assert!(!is_proof("app-secret-example", "token-exampl", proof));
        assert!(!is_proof("app-secret-example", "token-example", "not hex"));
    }
}
