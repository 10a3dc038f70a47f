//! What a token must say, with the signature right.

use acd_server::gateway::JwtSettings;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::token::{SECRET, Stage, hs256, refused, settings};

#[tokio::test]
async fn a_user_sees_their_own_events_until_the_token_ends() {
    let stage = Stage::start(settings()).await;
    let token = hs256(SECRET.as_bytes(), &stage.claims());
    assert_eq!(stage.sees(&token).await, Ok(1));
    // Clocks may differ by half a minute.
    stage.clock.advance(TimeDelta::seconds(3_600 + 29));
    assert_eq!(stage.sees(&token).await, Ok(1));
    stage.clock.advance(TimeDelta::seconds(1));
    assert_eq!(stage.sees(&token).await, refused("token_expired"));
}

#[tokio::test]
async fn a_token_that_lacks_or_differs_in_what_it_must_say_is_refused() {
    let stage = Stage::start(JwtSettings { issuer: Some("https://issuer.test".to_owned()), ..settings() }).await;
    let now = stage.clock.now().timestamp();
    let with = |changes: Value| {
        let mut all = json!({ "iss": "https://issuer.test" });
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        hs256(SECRET.as_bytes(), &stage.claims_with(&all))
    };
    for (changes, expected) in [
        (json!({}), Ok(1)),
        (json!({ "aud": ["other", "authenticated"] }), Ok(1)),
        (json!({ "nbf": now + 30 }), Ok(1)),
        (json!({ "nbf": now + 31 }), refused("invalid_token")),
        (json!({ "exp": now - 31 }), refused("token_expired")),
        (json!({ "exp": 0 }), refused("token_expired")),
        (json!({ "exp": null }), refused("invalid_token")),
        (json!({ "exp": "soon" }), refused("invalid_token")),
        (json!({ "aud": null }), refused("invalid_token")),
        (json!({ "aud": "anon" }), refused("invalid_token")),
        (json!({ "aud": [] }), refused("invalid_token")),
        (json!({ "sub": null }), refused("invalid_token")),
        (json!({ "sub": "not-a-uuid" }), refused("invalid_token")),
        (json!({ "sub": "' or true --" }), refused("invalid_token")),
        (json!({ "iss": null }), refused("invalid_token")),
        (json!({ "iss": "https://other.test" }), refused("invalid_token")),
    ] {
        assert_eq!(stage.sees(&with(changes.clone())).await, expected, "{changes}");
    }
}

#[tokio::test]
async fn only_the_issuer_makes_an_administrator() {
    let stage = Stage::start(settings()).await;
    for (changes, sees) in [
        (json!({ "app_metadata": { "role": "super_admin" } }), 2),
        (json!({ "app_metadata": { "role": "member" } }), 1),
        (json!({ "app_metadata": { "roles": ["super_admin"] } }), 1),
        // What users may write about themselves, and roles of other systems.
        (json!({ "user_metadata": { "role": "super_admin" } }), 1),
        (json!({ "role": "super_admin" }), 1),
        (json!({ "role": "service_role" }), 1),
    ] {
        let token = hs256(SECRET.as_bytes(), &stage.claims_with(&changes));
        assert_eq!(stage.sees(&token).await, Ok(sees), "{changes}");
    }
}

#[tokio::test]
async fn a_user_reads_and_does_nothing_that_takes_a_key() {
    let stage = Stage::start(settings()).await;
    let token = hs256(SECRET.as_bytes(), &stage.claims());
    let http = stage.server.http();
    let event = json!({ "event": "E", "userId": stage.user });
    http.post("/v1/track").bearer(&token).json(&event).send().await.problem(403, "missing_scope");
    http.get("/v1/keys").bearer(&token).send().await.problem(403, "missing_scope");
    http.get("/v1/persons/lookup?user_id=u").bearer(&token).send().await.problem(403, "missing_scope");
    http.get("/metrics").bearer(&token).send().await.problem(403, "missing_scope");
}
