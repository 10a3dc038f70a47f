//! What an error says, and what it keeps to itself.

use acd_core::{Bearer, ErrorKind, Secret};

use super::{ACT, GET, Outcome};
use crate::failure::{Failure, expect, expect_eq, expect_error};
use crate::stage::Stage;
use crate::wire::Reply;

pub(super) async fn a_refusal_tells_its_story(stage: Stage) -> Outcome {
    let refusal = Reply::status(429).header("x-request-id", "r1").header("retry-after", "0");
    let refusal = refusal.body(r#"{"code":"slow_down","detail":"too many calls"}"#);
    stage.script([refusal.clone(), refusal.clone(), refusal]).await?;
    let error = expect_error(stage.client().build()?.call(&GET).path_param("id", 1).send().await)?;
    expect_eq(error.kind(), ErrorKind::Throttled, "kind")?;
    let json = serde_json::to_value(error.view()).map_err(|cause| Failure::new(cause.to_string()))?;
    let expected = [("kind", "throttled"), ("operation", "thing.get"), ("code", "slow_down"), ("request_id", "r1")];
    for (field, value) in expected {
        expect_eq(&json[field], value, field)?;
    }
    expect_eq(&json["status"], 429, "status")?;
    expect_eq(json["attempts"].as_array().map(Vec::len), Some(3), "attempts")?;
    expect_eq(&json["retryable"], true, "retryable")?;
    expect_eq(&json["retry_after_ms"], 0, "retry after")?;
    expect_eq(&json["detail"], "too many calls", "detail")
}

pub(super) async fn what_the_server_quotes_is_redacted(stage: Stage) -> Outcome {
    let body = r#"{"detail":"bad key planted-bearer","access_token":"planted-answer"}"#;
    stage.script([Reply::status(401).header("set-cookie", "s=planted-cookie").body(body)]).await?;
    let client = stage.client().auth(Bearer::new(&Secret::from("planted-bearer"))?).build()?;
    let call = client.call(&GET).path_param("id", 1).query("code", "planted-query");
    let error = expect_error(call.send().await)?;
    let view = serde_json::to_string(&error.view()).map_err(|cause| Failure::new(cause.to_string()))?;
    let printed = format!("{error} {error:?} {view}");
    expect(!printed.contains("planted"), &format!("a secret was printed: {printed}"))?;
    expect_eq(error.detail(), Some("bad key [redacted]"), "detail")?;
    let sent = stage.seen(1).await?[0].headers.get("authorization").cloned();
    expect_eq(sent.as_deref(), Some("Bearer planted-bearer"), "the credentials were sent all the same")
}

pub(super) async fn a_redirect_is_not_followed(stage: Stage) -> Outcome {
    stage.script([Reply::status(302).header("location", "/elsewhere")]).await?;
    let error = expect_error(stage.client().build()?.call(&ACT).send().await)?;
    expect_eq(error.kind(), ErrorKind::Redirect, "kind")
}

pub(super) async fn a_server_that_is_not_there_is_a_transient_failure(stage: Stage) -> Outcome {
    // Port 9, discard: nothing listens there, and no browser or runtime blocks it for loopback.
    let client = stage.client_of("http://127.0.0.1:9").retry(acd_core::RetryConfig::disabled()).build()?;
    let error = expect_error(client.call(&GET).path_param("id", 1).send().await)?;
    // `fetch` does not tell a refused connection from a broken one, so the kinds differ; what may be done does not.
    expect(matches!(error.kind(), ErrorKind::Connect | ErrorKind::Interrupted), "kind")?;
    expect(error.is_retryable(), "the same call may succeed later")
}
