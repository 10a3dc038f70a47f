//! Tokens of every kind, right and wrong.

use acd_core::Secret;
use acd_platform::keys::Scope;
use acd_server::gateway::JwtSettings;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::{TestApp, TestOptions};
use crate::support::clock::ManualClock;

pub(super) const SECRET: &str = "a shared secret as a Supabase project shows it";
const NOW: &str = "2031-05-10T12:00:00Z";

/// A key that an issuer signs with. Made for these tests and used nowhere else.
pub(super) struct SigningKey {
    pub(super) id: &'static str,
    pub(super) algorithm: Algorithm,
    pub(super) pem: &'static str,
}

pub(super) const RSA: SigningKey =
    SigningKey { id: "rsa-1", algorithm: Algorithm::RS256, pem: include_str!("rsa_1.pem") };
pub(super) const OTHER_RSA: SigningKey =
    SigningKey { id: "rsa-2", algorithm: Algorithm::RS256, pem: include_str!("rsa_2.pem") };
pub(super) const EC: SigningKey = SigningKey { id: "ec-1", algorithm: Algorithm::ES256, pem: include_str!("ec_1.pem") };

impl SigningKey {
    pub(super) fn private(&self) -> EncodingKey {
        match self.algorithm {
            Algorithm::ES256 => EncodingKey::from_ec_pem(self.pem.as_bytes()).unwrap(),
            _ => EncodingKey::from_rsa_pem(self.pem.as_bytes()).unwrap(),
        }
    }

    pub(super) fn sign(&self, claims: &Value) -> Secret {
        sign(self.algorithm, Some(self.id), &self.private(), claims)
    }
}

pub(super) fn sign(algorithm: Algorithm, kid: Option<&str>, key: &EncodingKey, claims: &Value) -> Secret {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    Secret::new(jsonwebtoken::encode(&header, claims, key).unwrap())
}

pub(super) fn hs256(secret: &[u8], claims: &Value) -> Secret {
    sign(Algorithm::HS256, None, &EncodingKey::from_secret(secret), claims)
}

/// A token written by hand, for what no library would sign.
pub(super) fn by_hand(header: &Value, claims: &Value, signature: &[u8]) -> Secret {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    Secret::new(format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(signature)))
}

/// A server that stands at one moment, and a user who has one event there.
pub(super) struct Stage {
    pub(super) server: TestApp,
    pub(super) clock: ManualClock,
    pub(super) user: Uuid,
}

pub(super) fn settings() -> JwtSettings {
    JwtSettings {
        secret: Some(Secret::from(SECRET)),
        jwks_url: None,
        audience: "authenticated".to_owned(),
        issuer: None,
    }
}

impl Stage {
    pub(super) async fn start(jwt: JwtSettings) -> Self {
        let clock = ManualClock::at(NOW);
        let options = TestOptions { clock: clock.clock(), jwt, ..TestOptions::default() };
        let server = TestApp::start_with(options).await;
        let user = Uuid::now_v7();
        let key = server.key("pct", &[Scope::EventsWrite]).await;
        for user in [user, Uuid::now_v7()] {
            let event = json!({ "event": "E", "userId": user });
            assert_eq!(server.http().post("/v1/track").bearer(&key).json(&event).send().await.json()["accepted"], 1);
        }
        Self { server, clock, user }
    }

    /// Claims as the issuer writes them, valid for an hour.
    pub(super) fn claims(&self) -> Value {
        let exp = self.clock.now().timestamp() + 3_600;
        json!({ "sub": self.user, "aud": "authenticated", "role": "authenticated", "exp": exp })
    }

    /// The claims with some of them changed; null takes one away.
    pub(super) fn claims_with(&self, changes: &Value) -> Value {
        let mut claims = self.claims();
        let fields = claims.as_object_mut().unwrap();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), value.clone());
            }
        }
        claims
    }

    /// How many events the bearer of a token sees, or the code of the refusal.
    pub(super) async fn sees(&self, token: &Secret) -> Result<usize, String> {
        let reply = self.server.http().get("/v1/events").bearer(token).send().await;
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        match body["code"].as_str() {
            None => Ok(body["data"].as_array().unwrap().len()),
            Some(code) => {
                reply.problem(if code == "jwks_unavailable" { 503 } else { 401 }, code);
                Err(code.to_owned())
            }
        }
    }
}

pub(super) fn refused(code: &str) -> Result<usize, String> {
    Err(code.to_owned())
}
