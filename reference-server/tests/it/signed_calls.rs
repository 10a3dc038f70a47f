//! Calls signed with a service key: who they act as, and what passes once, late, changed or after revocation.

use std::time::{Duration, Instant, SystemTime};

use acd_core::signing::{MessageSigner, SigningKey};
use acd_core::testing::{RecordedRequest, ScriptedTransport, answer};
use acd_core::{Client, ClientBuilder, Runtime, Secret};
use acd_platform::assets::{AssetSource, AssetType, CreateAsset};
use acd_platform::keys::Scope;
use acd_platform::service_keys::{
    CreateServiceKey, ListServiceKeys, NewServiceKey, RotateServiceKey, SignatureAlgorithm,
};
use acd_platform::{ContentHash, PlatformClient};
use acd_server::kernel::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::{Map, json};

use crate::support::app::{TestApp, TestOptions};
use crate::support::clock::ManualClock;
use crate::support::http::Reply;
use crate::support::wait::until;

const SEED: &str = "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU";

fn pair() -> SigningKey {
    SigningKey::ed25519(&Secret::from(SEED)).unwrap()
}

fn wanted(scopes: &[Scope]) -> CreateServiceKey {
    CreateServiceKey {
        name: "render worker".into(),
        product: Some("pct".parse().unwrap()),
        public_key: None,
        scopes: scopes.to_vec(),
        not_before: None,
        expires_at: None,
    }
}

fn secret(made: &NewServiceKey) -> SigningKey {
    SigningKey::hmac_sha256(&Secret::from(made.secret.as_deref().unwrap())).unwrap()
}

fn signer(made: &NewServiceKey, key: SigningKey) -> MessageSigner {
    MessageSigner::new(made.key.id.to_string(), key).unwrap()
}

/// The server's time, so that a slow test is not a late call.
struct TimeOf(Clock);

impl acd_core::runtime::Clock for TimeOf {
    fn now(&self) -> acd_core::runtime::Instant {
        Runtime::system().now()
    }

    fn wall(&self) -> SystemTime {
        self.0.now().into()
    }
}

fn http(server: &TestApp, signer: MessageSigner) -> ClientBuilder {
    let runtime = Runtime::system().with_clock(TimeOf(server.app.clock.clone()));
    Client::builder(&server.url).runtime(runtime).signer(signer)
}

/// A client that signs with a key just made, and sends no other credentials.
fn client(server: &TestApp, made: &NewServiceKey) -> PlatformClient {
    PlatformClient::over(http(server, signer(made, secret(made))).build().unwrap())
}

/// A signed request that was captured on its way.
async fn captured(server: &TestApp, made: &NewServiceKey, query: &ListServiceKeys) -> RecordedRequest {
    let wire = ScriptedTransport::new([answer(200).body(r#"{"data":[],"next_cursor":null}"#)]);
    let http = http(server, signer(made, secret(made))).transport(wire.clone());
    PlatformClient::over(http.build().unwrap()).service_keys().list(query).await.unwrap();
    wire.requests().remove(0)
}

async fn resend(server: &TestApp, request: &RecordedRequest) -> Reply {
    let path = request.uri.path_and_query().unwrap().as_str();
    let mut call = server.http().call(request.method.clone(), path);
    for (name, value) in &request.headers {
        call = call.header(name.as_str(), value.to_str().unwrap());
    }
    // The host that was signed, whichever replica it is sent to.
    call = call.header("host", request.uri.authority().unwrap().as_str());
    call.body(request.body.clone()).send().await
}

#[tokio::test]
async fn a_signed_call_acts_for_its_keys_product_with_its_keys_scopes() {
    let server = TestApp::start().await;
    let made = server.admin().service_keys().create(&wanted(&[Scope::AssetsWrite])).await.unwrap();
    assert_eq!(made.key.algorithm, SignatureAlgorithm::HmacSha256);
    let acd = client(&server, &made);
    let asset = CreateAsset {
        product: None,
        owner_id: None,
        kind: AssetType::Video,
        source: AssetSource::Upload,
        content_hash: ContentHash::from([7; 32]),
        size_bytes: 3,
        url: "https://cdn.test/a.mp4".into(),
        thumbnail_url: None,
        metadata: Map::new(),
    };
    let stored = acd.assets().create(&asset).await.unwrap();
    assert_eq!(stored.product.as_str(), "pct");
    let refused = acd.assets().list(&Default::default()).await.unwrap_err();
    assert_eq!((refused.status().unwrap().as_u16(), refused.code()), (403, Some("missing_scope")));
}

#[tokio::test]
async fn a_pair_leaves_no_secret_with_the_server() {
    let server = TestApp::start().await;
    let wanted = CreateServiceKey { public_key: pair().public_key(), ..wanted(&[Scope::KeysRead]) };
    let made = server.admin().service_keys().create(&wanted).await.unwrap();
    assert_eq!((made.key.algorithm, &made.key.public_key), (SignatureAlgorithm::Ed25519, &pair().public_key()));
    assert_eq!(made.secret, None);
    let paired = http(&server, signer(&made, pair())).build().unwrap();
    let listed = PlatformClient::over(paired).service_keys().list(&Default::default()).await.unwrap();
    assert_eq!(listed.data, std::slice::from_ref(&made.key));
    // The public half as the secret of an HMAC opens nothing.
    let confused = SigningKey::hmac_sha256(&Secret::new(pair().public_key().unwrap())).unwrap();
    let confused = http(&server, signer(&made, confused)).build().unwrap();
    let refused = PlatformClient::over(confused).service_keys().list(&Default::default()).await.unwrap_err();
    assert_eq!(refused.code(), Some("invalid_signature"));
}

#[tokio::test]
async fn a_captured_call_passes_once_over_all_replicas_and_unchanged_alone() {
    let server = TestApp::start().await;
    let replica = TestApp::over(server.database.clone(), TestOptions::default()).await;
    let made = server.admin().service_keys().create(&wanted(&[Scope::KeysRead, Scope::KeysWrite])).await.unwrap();
    let query = ListServiceKeys { limit: Some(5), ..ListServiceKeys::default() };
    let request = captured(&server, &made, &query).await;
    let mut tampered = request.clone();
    tampered.uri = format!("{}/v1/service-keys?limit=6", server.url).parse().unwrap();
    let refused = resend(&server, &tampered).await;
    refused.problem(401, "invalid_signature");
    assert!(refused.header("accept-signature").unwrap().contains("\"@query\""));
    let mut posted = request.clone();
    posted.method = Method::POST;
    posted.body = serde_json::to_vec(&wanted(&[Scope::KeysRead])).unwrap().into();
    posted.headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    resend(&server, &posted).await.problem(401, "invalid_signature");

    resend(&server, &request).await.json();
    for instance in [&server, &replica] {
        resend(instance, &request).await.problem(401, "invalid_signature");
    }
    assert_eq!(
        client(&server, &made).service_keys().list(&query).await.unwrap().data.len(),
        1,
        "signed anew it passes"
    );

    let at_once = captured(&server, &made, &query).await;
    let both = [&server, &replica].into_iter().cycle().take(16).map(|instance| resend(instance, &at_once));
    let replies = futures_util::future::join_all(both).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1, "{replies:?}");
}

#[tokio::test]
async fn a_changed_body_is_refused() {
    let server = TestApp::start().await;
    let made = server.admin().service_keys().create(&wanted(&[Scope::KeysWrite, Scope::KeysRead])).await.unwrap();
    let wire = ScriptedTransport::new([answer(400)]);
    let http = http(&server, signer(&made, secret(&made))).transport(wire.clone());
    let acd = PlatformClient::over(http.build().unwrap());
    acd.service_keys().create(&wanted(&[Scope::KeysRead])).await.unwrap_err();
    let request = wire.requests().remove(0);
    let mut changed = request.clone();
    changed.body = serde_json::to_vec(&wanted(&[Scope::KeysRead, Scope::KeysWrite])).unwrap().into();
    resend(&server, &changed).await.problem(401, "invalid_signature");
    let mut bare = request.clone();
    bare.body = bytes::Bytes::new();
    resend(&server, &bare).await.problem(401, "invalid_signature");
    assert_eq!(resend(&server, &request).await.json()["scopes"], json!(["keys:read"]));
}

#[tokio::test]
async fn a_revoked_key_ends_at_once_here_and_within_a_second_elsewhere() {
    let server = TestApp::start().await;
    let replica = TestApp::over(server.database.clone(), TestOptions::default()).await;
    let made = server.admin().service_keys().create(&wanted(&[Scope::KeysRead])).await.unwrap();
    let read = async |instance: &TestApp| client(instance, &made).service_keys().list(&Default::default()).await;
    // Both believe the key without asking.
    read(&server).await.unwrap();
    read(&replica).await.unwrap();
    server.admin().service_keys().revoke(made.key.id).await.unwrap();
    let revoked = Instant::now();
    assert_eq!(read(&server).await.unwrap_err().code(), Some("invalid_signature"));
    until("the replica refuses the key", async || {
        let asked = Instant::now();
        match read(&replica).await {
            Ok(_) => {
                assert!(asked - revoked < Duration::from_secs(1), "believed {:?} after", asked - revoked);
                None
            }
            Err(error) => {
                assert_eq!(error.code(), Some("invalid_signature"));
                Some(())
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_rotated_key_works_on_for_the_overlap_beside_its_successor() {
    let clock = ManualClock::at("2031-05-10T12:00:00Z");
    let server = TestApp::start_with(TestOptions { clock: clock.clock(), ..TestOptions::default() }).await;
    let old = server.admin().service_keys().create(&wanted(&[Scope::KeysRead])).await.unwrap();
    let how = RotateServiceKey { overlap_seconds: Some(20), public_key: None };
    let new = server.admin().service_keys().rotate(old.key.id, &how).await.unwrap();
    assert_eq!((new.key.rotated_from, &new.key.scopes), (Some(old.key.id), &old.key.scopes));
    assert_ne!(new.secret, old.secret);
    let read = async |made| client(&server, made).service_keys().list(&Default::default()).await;
    read(&old).await.unwrap();
    read(&new).await.unwrap();
    clock.advance(TimeDelta::seconds(20));
    assert_eq!(read(&old).await.unwrap_err().code(), Some("invalid_signature"));
    read(&new).await.unwrap();
    let again = server.admin().service_keys().rotate(old.key.id, &how).await.unwrap_err();
    assert_eq!(again.code(), Some("key_ended"));
}

#[tokio::test]
async fn a_key_works_between_its_times_alone() {
    let clock = ManualClock::at("2031-05-10T12:00:00Z");
    let server = TestApp::start_with(TestOptions { clock: clock.clock(), ..TestOptions::default() }).await;
    let from = clock.now() + TimeDelta::seconds(10);
    let times = CreateServiceKey {
        not_before: Some(from),
        expires_at: Some(from + TimeDelta::seconds(10)),
        ..wanted(&[Scope::KeysRead])
    };
    let made = server.admin().service_keys().create(&times).await.unwrap();
    let read = async || client(&server, &made).service_keys().list(&Default::default()).await;
    assert!(read().await.is_err(), "not yet");
    clock.advance(TimeDelta::seconds(10));
    read().await.unwrap();
    clock.advance(TimeDelta::seconds(10));
    assert!(read().await.is_err(), "no longer");
    let long_ago = CreateServiceKey { not_before: Some(DateTime::<Utc>::MIN_UTC), ..wanted(&[Scope::KeysRead]) };
    assert_eq!(server.admin().service_keys().create(&long_ago).await.unwrap().key.not_before, None);
    let inverted = CreateServiceKey { expires_at: Some(from), not_before: Some(from), ..wanted(&[Scope::KeysRead]) };
    let refused = server.admin().service_keys().create(&inverted).await.unwrap_err();
    assert_eq!(refused.code(), Some("invalid_expiry"));
}

#[tokio::test]
async fn keys_are_made_once_by_those_who_may_and_seen_by_their_product_alone() {
    let server = TestApp::start().await;
    let (pct, other) = (
        server.product("pct", &[Scope::KeysRead, Scope::KeysWrite, Scope::EventsRead]).await,
        server.product("gapradar", &[Scope::KeysRead, Scope::KeysWrite]).await,
    );
    let mine = CreateServiceKey { product: None, ..wanted(&[Scope::EventsRead]) };
    let made = pct.service_keys().create(&mine).idempotency_key("once").await.unwrap();
    let again = pct.service_keys().create(&mine).idempotency_key("once").await.unwrap();
    assert_eq!((again.key.id, again.secret), (made.key.id, None));
    let otherwise = CreateServiceKey { public_key: pair().public_key(), ..mine.clone() };
    let refused = pct.service_keys().create(&otherwise).idempotency_key("once").await.unwrap_err();
    assert_eq!(refused.code(), Some("idempotency_key_reused"));
    let more = CreateServiceKey { product: None, ..wanted(&[Scope::UsersWrite]) };
    assert_eq!(pct.service_keys().create(&more).await.unwrap_err().code(), Some("scope_not_held"));
    let unusable = CreateServiceKey { public_key: Some("not a key".into()), ..mine };
    assert_eq!(pct.service_keys().create(&unusable).await.unwrap_err().code(), Some("invalid_public_key"));

    assert!(other.service_keys().list(&Default::default()).await.unwrap().data.is_empty());
    for refused in [
        other.service_keys().revoke(made.key.id).await.unwrap_err(),
        other.service_keys().rotate(made.key.id, &Default::default()).await.map(drop).unwrap_err(),
    ] {
        assert_eq!(refused.status().unwrap().as_u16(), 404);
    }
    assert_eq!(pct.service_keys().list(&Default::default()).await.unwrap().data, [made.key]);
}

#[tokio::test]
async fn other_credentials_go_over_a_signature_and_a_broken_one_is_not_ignored() {
    let server = TestApp::start().await;
    let made = server.admin().service_keys().create(&wanted(&[Scope::KeysRead])).await.unwrap();
    let signed = captured(&server, &made, &Default::default()).await;
    let mut both = signed.clone();
    let bearer = format!("Bearer {}", server.admin_key.expose()).parse().unwrap();
    both.headers.insert("authorization", bearer);
    resend(&server, &both).await.json();
    let mut broken = signed;
    broken.headers.insert("signature", http::HeaderValue::from_static("sig1=:AAAA:"));
    resend(&server, &broken).await.problem(401, "invalid_signature");
    broken.headers.insert("signature-input", http::HeaderValue::from_static("\"("));
    resend(&server, &broken).await.problem(401, "invalid_signature");
    server.http().get("/v1/service-keys").send().await.problem(401, "no_credentials");
}

#[tokio::test]
async fn nonces_go_when_their_signatures_have_ended() {
    let clock = ManualClock::at("2031-05-10T12:00:00Z");
    let server = TestApp::start_with(TestOptions { clock: clock.clock(), ..TestOptions::default() }).await;
    let made = server.admin().service_keys().create(&wanted(&[Scope::KeysRead])).await.unwrap();
    for _ in 0..3 {
        client(&server, &made).service_keys().list(&Default::default()).await.unwrap();
    }
    let signed = server.app.auth.signed();
    assert_eq!(signed.purge().await.unwrap(), 0);
    clock.advance(TimeDelta::seconds(331));
    assert_eq!(signed.purge().await.unwrap(), 3);
}
