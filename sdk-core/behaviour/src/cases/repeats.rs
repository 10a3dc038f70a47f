//! What is sent again, and how.

use std::time::Duration;

use acd_core::{Body, ByteStream, GiveUp};
use bytes::Bytes;

use super::{ACT, CREATE, GET, Outcome};
use crate::failure::{expect, expect_eq, expect_error};
use crate::stage::Stage;
use crate::wire::Reply;

pub(super) async fn a_503_is_retried_until_it_succeeds(stage: Stage) -> Outcome {
    stage.script([Reply::status(503), Reply::status(503), Reply::ok("done")]).await?;
    let response = stage.client().build()?.call(&GET).path_param("id", 1).send().await?;
    let statuses: Vec<_> = response.attempts().iter().filter_map(|attempt| attempt.status()).collect();
    expect_eq(statuses, [503, 503, 200], "statuses")?;
    expect_eq(response.bytes().await?, "done", "body")?;
    expect_eq(stage.seen(3).await?.len(), 3, "requests")
}

pub(super) async fn retry_after_is_waited_for(stage: Stage) -> Outcome {
    stage.script([Reply::status(429).header("retry-after-ms", "60"), Reply::ok("done")]).await?;
    let response = stage.client().build()?.call(&GET).path_param("id", 1).send().await?;
    let second = response.attempts().get(1).map(acd_core::Attempt::started);
    expect(second >= Some(Duration::from_millis(60)), &format!("the second attempt began at {second:?}"))
}

pub(super) async fn an_unsafe_call_is_sent_once(stage: Stage) -> Outcome {
    stage.script([Reply::status(503), Reply::ok("never")]).await?;
    let error = expect_error(stage.client().build()?.call(&ACT).send().await)?;
    expect_eq(error.gave_up(), Some(GiveUp::UnknownOutcome), "reason")?;
    expect(error.may_have_been_sent(), "the server may have acted")?;
    expect_eq(stage.seen(1).await?.len(), 1, "requests")
}

pub(super) async fn every_attempt_carries_the_same_key_and_body(stage: Stage) -> Outcome {
    stage.script([Reply::status(503), Reply::status(502), Reply::ok("done")]).await?;
    let body = Body::replayable(None, || ByteStream::from_chunks(["on", "ce"].map(Bytes::from)));
    stage.client().build()?.call(&CREATE).body(body).send().await?;
    let seen = stage.seen(3).await?;
    let keys: Vec<_> = seen.iter().filter_map(|request| request.headers.get("idempotency-key")).collect();
    expect_eq(keys.len(), 3, "keys")?;
    expect(keys.iter().all(|key| key.len() == 36 && *key == keys[0]), "one key, a UUID")?;
    expect(seen.iter().all(|request| request.body == "once"), "the body is whole each time")
}

pub(super) async fn two_calls_have_two_keys(stage: Stage) -> Outcome {
    stage.script([Reply::ok("1"), Reply::ok("2"), Reply::ok("3")]).await?;
    let client = stage.client().build()?;
    for _ in 0..2 {
        client.call(&CREATE).send().await?;
    }
    client.call(&CREATE).idempotency_key("order-7").send().await?;
    let seen = stage.seen(3).await?;
    let key = |n: usize| seen[n].headers.get("idempotency-key").map(String::as_str);
    expect(key(0).is_some() && key(0) != key(1), "another call is another intent")?;
    expect_eq(key(2), Some("order-7"), "the caller's own key")
}

pub(super) async fn an_answer_that_breaks_off_is_asked_for_again(stage: Stage) -> Outcome {
    stage.script([Reply::Cut { beginning: "hal".to_owned() }, Reply::ok("whole")]).await?;
    let response = stage.client().build()?.call(&GET).path_param("id", 1).send().await?;
    expect_eq(response.attempts().len(), 2, "attempts")?;
    expect_eq(response.bytes().await?, "whole", "body")
}
