//! What stands between a call and the server: limits, breakers, a second attempt, credentials that renew themselves.

use std::time::Duration;

use acd_core::limits::{Limits, LocalPool, Quota};
use acd_core::replay::MemoryReplayGuard;
use acd_core::signing::{MessageSigner, MessageVerifier, SigningKey, StaticKeys};
use acd_core::webhook::{Scheme, Verifier, WebhookSigner};
use acd_core::{
    BreakerConfig, Breakers, Client, ErrorKind, Hedge, MemoryTokenStore, OnLimit, RefreshingBearer, Result,
    RetryConfig, Runtime, Secret, Token, TokenProvider,
};
use futures_util::future::join3;
use serde::Deserialize;

use super::{ACT, CREATE, GET, Outcome};
use crate::failure::{Failure, expect, expect_eq, expect_error};
use crate::stage::Stage;
use crate::wire::Reply;

const SIGNING_SECRET: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

pub(super) async fn a_limit_spreads_calls(stage: Stage) -> Outcome {
    stage.script((0..3).map(|_| Reply::ok("{}"))).await?;
    let pause = Duration::from_millis(40);
    let limits = Limits::new().every_call(move |_| LocalPool::gcra(Quota::new(1, pause)));
    let client = stage.client().limits(limits.on_limit(OnLimit::Wait(Duration::from_secs(5)))).build()?;
    let runtime = Runtime::system();
    let began = runtime.now();
    let call = || client.call(&GET).path_param("id", 1).send();
    let (first, second, third) = join3(call(), call(), call()).await;
    first.and(second).and(third)?;
    let took = runtime.now().since(began);
    expect(took >= 2 * pause, &format!("three calls took {took:?}"))
}

pub(super) async fn an_open_breaker_leaves_the_server_alone(stage: Stage) -> Outcome {
    stage.script([Reply::status(503), Reply::status(503), Reply::ok("never")]).await?;
    let breakers = Breakers::new(BreakerConfig::default().with_failure_rate(0.5, 2));
    let client = stage.client().breakers(breakers).retry(RetryConfig::disabled()).build()?;
    for _ in 0..2 {
        expect_error(client.call(&ACT).send().await)?;
    }
    let error = expect_error(client.call(&ACT).send().await)?;
    expect_eq(error.kind(), ErrorKind::CircuitOpen, "kind")?;
    expect(!error.may_have_been_sent(), "nothing was sent")?;
    expect_eq(stage.seen(2).await?.len(), 2, "requests")
}

pub(super) async fn a_slow_answer_is_overtaken(stage: Stage) -> Outcome {
    stage.script([Reply::Hang, Reply::ok("second")]).await?;
    let client = stage.client().hedge(Hedge::after(Duration::from_millis(40))).build()?;
    let response = client.call(&GET).path_param("id", 1).send().await?;
    expect_eq(response.bytes().await?, "second", "body")?;
    stage.gone(1).await
}

/// Asks the server for the next token.
struct Service(Client);

#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

impl TokenProvider for Service {
    async fn refresh(&self, _: &Token) -> Result<Token> {
        let granted: Granted = self.0.call(&CREATE).send_json().await?;
        Ok(Token::new(Secret::new(granted.access_token)))
    }
}

pub(super) async fn one_refresh_serves_calls_side_by_side(stage: Stage) -> Outcome {
    let token = Reply::ok(r#"{"access_token":"fresh"}"#);
    stage.script([token, Reply::ok("1"), Reply::ok("2"), Reply::ok("3")]).await?;
    let expired = Token::new(Secret::from("stale")).with_refresh(Secret::from("r"));
    let store = MemoryTokenStore::new(Some(expired.with_expires_at(Runtime::system().wall())));
    let auth = RefreshingBearer::new(Service(stage.client().build()?), store);
    let client = stage.client().auth(auth).build()?;
    let call = || client.call(&GET).path_param("id", 1).send();
    let (first, second, third) = join3(call(), call(), call()).await;
    first.and(second).and(third)?;
    let seen = stage.seen(4).await?;
    expect_eq(seen.iter().filter(|request| request.method == "POST").count(), 1, "refreshes")?;
    let sent =
        seen.iter().filter_map(|request| request.headers.get("authorization")).filter(|value| *value == "Bearer fresh");
    expect_eq(sent.count(), 3, "calls with the new token")
}

pub(super) async fn a_signed_call_is_verified_as_it_arrived(stage: Stage) -> Outcome {
    stage.script([Reply::status(503), Reply::ok("{}")]).await?;
    let key = SigningKey::hmac_sha256(&Secret::from(SIGNING_SECRET))?;
    let runtime = Runtime::system();
    let guard = MemoryReplayGuard::new(16, runtime.clone());
    let keys = StaticKeys::new().with("svc-1", key.verifying_key());
    let verifier = MessageVerifier::new(keys, guard).runtime(runtime);
    let client = stage.client().signer(MessageSigner::new("svc-1", key)?).build()?;
    client.call(&CREATE).body("payload").send().await?;
    for request in stage.seen(2).await? {
        let arrived = http::Request::builder().method(request.method.as_str()).uri(stage.play(&request.target));
        let arrived = request.headers.iter().fold(arrived, |head, (name, value)| head.header(name, value));
        let (parts, ()) = arrived.body(()).map_err(|cause| Failure::new(cause.to_string()))?.into_parts();
        let verified = verifier.verify(&parts, request.body.as_bytes()).await;
        verified.map_err(|error| Failure::new(format!("each attempt is signed anew: {error:?}")))?;
    }
    Ok(())
}

pub(super) async fn a_webhook_is_verified_by_the_clock_of_the_host(_: Stage) -> Outcome {
    let secrets = || [Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
    let now = Runtime::system().wall();
    let body = br#"{"type":"thing.created"}"#;
    let headers = WebhookSigner::new(Scheme::StandardWebhooks, secrets())?.sign("msg_1", now, body)?;
    let verifier = Verifier::new(Scheme::StandardWebhooks, secrets())?;
    let verified = verifier.verify(&headers, body.to_vec()).map_err(|error| Failure::new(error.to_string()))?;
    expect_eq(verified.message_id().as_deref(), Some("msg_1"), "id")?;
    expect(verifier.verify(&headers, b"{}".to_vec()).is_err(), "another body is refused")
}
