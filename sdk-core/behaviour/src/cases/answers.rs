//! Requests and answers, whole and in pieces.

use acd_core::{Body, ByteStream, ErrorKind};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{CREATE, GET, Outcome};
use crate::failure::{expect, expect_eq, expect_error};
use crate::stage::Stage;
use crate::wire::Reply;

#[derive(Debug, Deserialize)]
struct Thing {
    cents: u32,
}

pub(super) async fn a_call_arrives_as_it_was_made(stage: Stage) -> Outcome {
    stage.script([Reply::ok(r#"{"cents": 5, "unknown": true}"#)]).await?;
    let client = stage.client().header("x-all", "a").build()?;
    let thing: Thing =
        client.call(&CREATE).query("q", "x y&z").header("x-one", "b").json(&json!({"name": "é"})).send_json().await?;
    expect_eq(thing.cents, 5, "cents")?;
    let seen = stage.seen(1).await?;
    expect_eq(seen[0].method.as_str(), "POST", "method")?;
    expect_eq(seen[0].target.as_str(), "/things?q=x%20y%26z", "target")?;
    let header = |name: &str| seen[0].headers.get(name).map(String::as_str);
    expect_eq((header("x-all"), header("x-one")), (Some("a"), Some("b")), "headers")?;
    expect_eq(header("content-type"), Some("application/json"), "content type")?;
    expect_eq(seen[0].body.as_str(), r#"{"name":"é"}"#, "body")
}

pub(super) async fn a_body_is_streamed_up(stage: Stage) -> Outcome {
    stage.script([Reply::ok("{}")]).await?;
    let parts = ByteStream::from_chunks(["ab", "cd"].map(Bytes::from));
    stage.client().build()?.call(&CREATE).body(Body::stream(Some(4), parts)).send().await?;
    expect_eq(stage.seen(1).await?[0].body.as_str(), "abcd", "body")
}

pub(super) async fn an_answer_is_streamed_as_it_comes(stage: Stage) -> Outcome {
    stage.script([Reply::InTwo { first: "one".to_owned(), second: "two".to_owned() }]).await?;
    let client = stage.client().max_response_bytes(1).build()?;
    let mut stream = client.call(&GET).path_param("id", 1).send_streaming().await?.into_stream();
    expect_eq(stream.chunk().await?.as_deref(), Some(&b"one"[..]), "the first part")?;
    // The second part does not exist before this: had the client waited for the whole, it would wait still.
    stage.release().await?;
    expect_eq(stream.chunk().await?.as_deref(), Some(&b"two"[..]), "the second part")?;
    expect_eq(stream.chunk().await?, None, "the end")
}

pub(super) async fn an_answer_over_the_limit_is_refused(stage: Stage) -> Outcome {
    stage.script([Reply::ok("x".repeat(100_000))]).await?;
    let client = stage.client().max_response_bytes(99_999).build()?;
    let error = expect_error(client.call(&GET).path_param("id", 1).send().await)?;
    expect_eq(error.kind(), ErrorKind::TooLarge, "kind")?;
    expect_eq(error.attempts().len(), 1, "attempts")
}

pub(super) async fn a_json_error_names_its_path(stage: Stage) -> Outcome {
    stage.script([Reply::ok(r#"[{"cents": 1}, {"cents": "planted"}]"#)]).await?;
    let client = stage.client().build()?;
    let error = expect_error(client.call(&GET).path_param("id", 1).send_json::<Vec<Thing>>().await)?;
    expect_eq(error.kind(), ErrorKind::Decode, "kind")?;
    expect_eq(error.json_path(), Some("[1].cents"), "path")?;
    expect(!format!("{error} {error:?}").contains("planted"), "the value is not repeated")
}
