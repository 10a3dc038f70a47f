//! Who calls, and what the token may do.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::call::{Call, Raw};
use super::error::GraphError;
use super::state::State;
use super::world::World;

/// What the tokens of the simulated world may do.
const SCOPES: [&str; 7] = [
    "ads_management",
    "ads_read",
    "business_management",
    "instagram_basic",
    "instagram_content_publish",
    "leads_retrieval",
    "pages_read_engagement",
];

/// What is known of one token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) scopes: BTreeSet<String>,
    /// Why it no longer works: the subcode of error 190.
    pub(super) revoked: Option<i64>,
}

impl Token {
    /// A token that may do everything.
    pub(super) fn full(text: &str) -> Self {
        Self { text: text.to_owned(), scopes: SCOPES.map(str::to_owned).into(), revoked: None }
    }
}

/// Checks token, proof and permission.
pub(super) fn check(state: &State, raw: &Raw) -> Result<(), GraphError> {
    let Some(text) = raw.token() else {
        let message = "(#104) An access token is required to request this resource.";
        return Err(GraphError::new(104, message));
    };
    let World { app_id, app_secret, .. } = &state.world;
    if text == format!("{app_id}|{app_secret}") {
        return Ok(());
    }
    let Some(token) = state.tokens.iter().find(|token| token.text == text) else {
        return Err(GraphError::new(190, "Invalid OAuth access token - Cannot parse access token"));
    };
    if let Some(subcode) = token.revoked {
        let message = "Error validating access token: The session is no longer valid.";
        return Err(GraphError::new(190, message).subcode(Some(subcode)));
    }
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
    let needed = if raw.method == "GET" { ["ads_read", "ads_management"] } else { ["ads_management"; 2] };
    if raw.path.contains("act_") && !needed.iter().any(|scope| token.scopes.contains(*scope)) {
        let message = format!("(#200) Requires {} permission to manage the object", needed[0]);
        return Err(GraphError::new(200, message).status(403));
    }
    Ok(())
}

/// Whether a token is one that works, for the host that takes bytes, which knows neither proofs nor envelopes.
pub(super) fn is_valid(state: &State, text: &str) -> bool {
    state.tokens.iter().any(|token| token.text == text && token.revoked.is_none())
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
            "app_id": app_id, "type": "SYSTEM_USER", "application": "ACD", "is_valid": token.revoked.is_none(),
            "expires_at": 0, "scopes": token.scopes,
        }}),
        None => json!({ "data": {
            "is_valid": false, "scopes": [],
            "error": { "code": 190, "message": "Invalid OAuth access token - Cannot parse access token" },
        }}),
    })
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
