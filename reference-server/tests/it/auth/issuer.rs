//! An issuer that publishes its keys: rotation, withdrawal, absence.

use acd_server::gateway::JwtSettings;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::token::{EC, OTHER_RSA, RSA, SigningKey, Stage, refused, settings};

const PATH: &str = "/auth/v1/.well-known/jwks.json";

/// An issuer of tokens, with the keys that it publishes.
pub(super) struct Issuer {
    server: MockServer,
    keys: Vec<Jwk>,
}

impl Issuer {
    pub(super) async fn start(keys: &[&SigningKey]) -> Self {
        let mut issuer = Self { server: MockServer::start().await, keys: Vec::new() };
        issuer.publish(keys).await;
        issuer
    }

    /// Publishes these keys and no others from now on.
    pub(super) async fn publish(&mut self, keys: &[&SigningKey]) {
        self.keys = keys
            .iter()
            .map(|key| {
                let mut jwk = Jwk::from_encoding_key(&key.private(), key.algorithm).unwrap();
                jwk.common.key_id = Some(key.id.to_owned());
                jwk
            })
            .collect();
        self.answer(ResponseTemplate::new(200).set_body_json(json!({ "keys": self.keys }))).await;
    }

    /// Publishes a symmetric key besides, as no issuer should.
    pub(super) async fn publish_secret(&self, id: &str, secret: &[u8]) {
        let mut keys = json!(self.keys);
        let oct = json!({ "kty": "oct", "kid": id, "alg": "HS256", "k": STANDARD.encode(secret) });
        keys.as_array_mut().unwrap().push(oct);
        self.answer(ResponseTemplate::new(200).set_body_json(json!({ "keys": keys }))).await;
    }

    async fn answer(&self, answer: ResponseTemplate) {
        self.server.reset().await;
        Mock::given(method("GET")).and(path(PATH)).respond_with(answer).mount(&self.server).await;
    }

    /// How often the keys were read since they were last changed.
    async fn reads(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }

    pub(super) fn settings(&self) -> JwtSettings {
        JwtSettings { secret: None, jwks_url: Some(self.server.uri() + PATH), ..settings() }
    }

    /// What everybody can know of the keys, in the forms in which one might take it for a secret.
    pub(super) fn public_texts(&self) -> Vec<Vec<u8>> {
        let texts = self.keys.iter().flat_map(|jwk| match &jwk.algorithm {
            AlgorithmParameters::RSA(rsa) => vec![rsa.n.clone(), pem(&rsa.n)],
            AlgorithmParameters::EllipticCurve(ec) => vec![ec.x.clone(), format!("{}{}", ec.x, ec.y)],
            other => panic!("{other:?} is not published"),
        });
        texts.chain(self.keys.iter().map(|jwk| json!(jwk).to_string())).map(String::into_bytes).collect()
    }
}

/// The public key as the PEM file that tools write, `SubjectPublicKeyInfo` of RSA with the exponent 65537.
fn pem(modulus: &str) -> String {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let modulus = URL_SAFE_NO_PAD.decode(modulus).unwrap();
    assert_eq!(modulus.len(), 256);
    let mut der = b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03\x82\x01\x0f\x00\
        \x30\x82\x01\x0a\x02\x82\x01\x01\x00"
        .to_vec();
    der.extend(modulus);
    der.extend(b"\x02\x03\x01\x00\x01");
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

#[tokio::test]
async fn a_new_key_is_known_within_half_a_minute_and_a_withdrawn_one_forgotten_within_ten() {
    let mut issuer = Issuer::start(&[&RSA]).await;
    let stage = Stage::start(issuer.settings()).await;
    let (old, new) = (RSA.sign(&stage.claims()), OTHER_RSA.sign(&stage.claims()));
    assert_eq!(stage.sees(&old).await, Ok(1));
    assert_eq!(stage.sees(&new).await, refused("invalid_token"));

    issuer.publish(&[&OTHER_RSA]).await;
    stage.clock.advance(TimeDelta::seconds(31));
    assert_eq!(stage.sees(&new).await, Ok(1));
    assert_eq!(stage.sees(&old).await, refused("invalid_token"));
}

#[tokio::test]
async fn a_withdrawn_key_is_forgotten_after_ten_minutes() {
    let mut issuer = Issuer::start(&[&RSA, &EC]).await;
    let stage = Stage::start(issuer.settings()).await;
    let token = EC.sign(&stage.claims());
    assert_eq!(stage.sees(&token).await, Ok(1));
    issuer.publish(&[&RSA]).await;
    stage.clock.advance(TimeDelta::seconds(600));
    assert_eq!((stage.sees(&token).await, issuer.reads().await), (Ok(1), 0));
    stage.clock.advance(TimeDelta::seconds(1));
    assert_eq!((stage.sees(&token).await, issuer.reads().await), (refused("invalid_token"), 1));
}

#[tokio::test]
async fn unknown_keys_make_the_server_ask_the_issuer_twice_a_minute_at_most() {
    let issuer = Issuer::start(&[&RSA]).await;
    let stage = Stage::start(issuer.settings()).await;
    let unknown = EC.sign(&stage.claims());
    for _ in 0..20 {
        assert_eq!(stage.sees(&unknown).await, refused("invalid_token"));
        stage.clock.advance(TimeDelta::seconds(3));
    }
    assert_eq!(issuer.reads().await, 2);
}

#[tokio::test]
async fn while_the_issuer_is_away_known_keys_stay_in_use_and_others_get_503() {
    let issuer = Issuer::start(&[&RSA]).await;
    let stage = Stage::start(issuer.settings()).await;
    let (known, other) = (RSA.sign(&stage.claims()), EC.sign(&stage.claims()));
    assert_eq!(stage.sees(&known).await, Ok(1));
    issuer.answer(ResponseTemplate::new(500)).await;
    stage.clock.advance(TimeDelta::minutes(30));
    assert_eq!(stage.sees(&known).await, Ok(1));
    assert_eq!(stage.sees(&other).await, refused("jwks_unavailable"));
}

#[tokio::test]
async fn an_issuer_whose_keys_were_never_read_makes_a_503() {
    let mut issuer = Issuer::start(&[]).await;
    let stage = Stage::start(issuer.settings()).await;
    let token = RSA.sign(&stage.claims());
    for answer in [
        ResponseTemplate::new(404),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(Value::Null),
    ] {
        issuer.answer(answer).await;
        assert_eq!(stage.sees(&token).await, refused("jwks_unavailable"));
        let reply = stage.server.http().get("/v1/events").bearer(&token).send().await;
        assert!(reply.header("retry-after").is_some());
    }
    issuer.publish(&[&RSA]).await;
    assert_eq!(stage.sees(&token).await, Ok(1));
}
