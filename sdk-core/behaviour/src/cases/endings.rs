//! Time limits and cancellation.

use std::pin::pin;
use std::time::Duration;

use acd_core::ErrorKind;
use futures_util::future::{Either, select};

use super::{GET, Outcome};
use crate::failure::{Failure, expect, expect_eq, expect_error};
use crate::stage::Stage;
use crate::wire::Reply;

/// Short enough to wait for, long enough for an answer over loopback on a busy machine.
const LIMIT: Duration = Duration::from_millis(300);

pub(super) async fn a_silent_attempt_times_out_and_the_next_succeeds(stage: Stage) -> Outcome {
    stage.script([Reply::Hang, Reply::ok("awake")]).await?;
    let client = stage.client().build()?;
    let response = client.call(&GET).path_param("id", 1).attempt_timeout(LIMIT).send().await?;
    let first = response.attempts().first();
    expect_eq(first.and_then(acd_core::Attempt::failure), Some(ErrorKind::Timeout), "the first attempt")?;
    expect(first.and_then(acd_core::Attempt::took) >= Some(LIMIT), "it had its time")?;
    expect_eq(response.bytes().await?, "awake", "body")?;
    stage.gone(1).await
}

pub(super) async fn the_deadline_ends_a_call(stage: Stage) -> Outcome {
    stage.script([Reply::Hang]).await?;
    let error = expect_error(stage.client().build()?.call(&GET).path_param("id", 1).timeout(LIMIT).send().await)?;
    expect_eq(error.kind(), ErrorKind::Timeout, "kind")?;
    expect(error.may_have_been_sent(), "the server may have acted")?;
    expect(error.elapsed() >= Some(LIMIT), "it had its time")?;
    stage.gone(1).await
}

pub(super) async fn a_stalled_stream_ends_in_a_timeout(stage: Stage) -> Outcome {
    stage.script([Reply::InTwo { first: "one".to_owned(), second: String::new() }]).await?;
    let client = stage.client().build()?;
    let call = client.call(&GET).path_param("id", 1).attempt_timeout(LIMIT);
    let mut stream = call.send_streaming().await?.into_stream();
    expect_eq(stream.chunk().await?.as_deref(), Some(&b"one"[..]), "the first part")?;
    expect_eq(expect_error(stream.chunk().await)?.kind(), ErrorKind::Timeout, "kind")
}

pub(super) async fn dropping_a_call_hangs_up(stage: Stage) -> Outcome {
    stage.script([Reply::Hang, Reply::ok("next")]).await?;
    let client = stage.client().build()?;
    {
        let call = pin!(client.call(&GET).path_param("id", 1).send());
        match select(call, pin!(stage.seen(1))).await {
            Either::Left(_) => return Err(Failure::new("the server never answers, yet the call ended")),
            Either::Right((seen, _)) => seen?,
        };
    }
    stage.gone(1).await?;
    let response = client.call(&GET).path_param("id", 1).send().await?;
    expect_eq(response.bytes().await?, "next", "the client is as good as new")
}
