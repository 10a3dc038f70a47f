//! `GET /oauth/access_token`: <https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived/>.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::auth::Token;
use super::call::Call;
use super::error::GraphError;
use super::state::State;

/// How long an exchanged token lives.
const LONG_LIVED: TimeDelta = TimeDelta::days(60);

/// Gives a token that lives longer for one of a user, and the app its own for its secret.
pub(super) fn access_token(state: &mut State, call: &Call) -> Result<Value, GraphError> {
    let text = |name: &str| {
        let missing = || GraphError::new(101, format!("Missing {name} parameter."));
        call.params.text(name).ok_or_else(missing)
    };
    if text("client_id")? != state.world.app_id {
        let message = "Error validating application. Cannot get application info due to a system error.";
        return Err(GraphError::new(101, message));
    }
    if text("client_secret")? != state.world.app_secret {
        return Err(GraphError::new(1, "Error validating client secret.").status(400));
    }
    match text("grant_type")?.as_str() {
        "client_credentials" => Ok(json!({ "access_token": state.world.app_token(), "token_type": "bearer" })),
        "fb_exchange_token" => {
            let given = text("fb_exchange_token")?;
            let known = state.tokens.iter().find(|token| token.text == given);
            let known =
                known.ok_or_else(|| GraphError::new(190, "Invalid OAuth access token - Cannot parse access token"))?;
            known.check(call.now)?;
            if known.expires.is_none() {
                return Ok(json!({ "access_token": given, "token_type": "bearer" }));
            }
            let text = format!("{given}-long-{}", state.tokens.len());
            let token = Token { text: text.clone(), expires: Some(call.now + LONG_LIVED), ..known.clone() };
            state.tokens.push(token);
            Ok(json!({ "access_token": text, "token_type": "bearer", "expires_in": LONG_LIVED.num_seconds() }))
        }
        other => Err(GraphError::invalid("grant_type", format!("{other} is not one that is simulated"))),
    }
}
