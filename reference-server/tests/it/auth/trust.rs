//! Whose signature is believed.

use acd_core::Secret;
use acd_server::gateway::JwtSettings;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;

use super::issuer::Issuer;
use super::token::{EC, OTHER_RSA, RSA, SECRET, Stage, by_hand, hs256, refused, settings, sign};

#[tokio::test]
async fn a_token_without_the_right_signature_is_refused() {
    let stage = Stage::start(settings()).await;
    let claims = stage.claims();
    let right = hs256(SECRET.as_bytes(), &claims);
    let (signed, signature) = right.expose().rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let admin = hs256(b"x", &stage.claims_with(&json!({ "app_metadata": { "role": "super_admin" } })));
    let forged = admin.expose().split('.').nth(1).unwrap();
    let mut all = vec![
        Secret::new(format!("{header}.{forged}.{signature}")),
        Secret::new(format!("{header}.{payload}.")),
        Secret::new(format!("{header}.{payload}")),
        Secret::new(format!("{header}.{payload}.{signature}.{signature}")),
        Secret::new(format!("{signed}.{}", signature.replace(|_| true, "A"))),
        hs256(b"another secret", &claims),
        hs256(b"", &claims),
        sign(Algorithm::HS512, None, &EncodingKey::from_secret(SECRET.as_bytes()), &claims),
        RSA.sign(&claims),
    ];
    all.extend(
        ["none", "None", "NONE", "", "hs256", "HS256 "].map(|alg| by_hand(&json!({ "alg": alg }), &claims, b"")),
    );
    all.push(by_hand(&json!({}), &claims, b""));
    for token in all {
        assert_eq!(stage.sees(&token).await, refused("invalid_token"), "{}", token.expose());
    }
    assert_eq!(stage.sees(&right).await, Ok(1));
}

#[tokio::test]
async fn a_published_key_is_never_taken_for_a_shared_secret() {
    let issuer = Issuer::start(&[&RSA, &EC]).await;
    for secret in [None, Some(Secret::from(SECRET))] {
        let stage = Stage::start(JwtSettings { secret, ..issuer.settings() }).await;
        let claims = stage.claims();
        // Everybody has these; whoever signs with them as if they were the secret proves nothing.
        let published = issuer.public_texts();
        assert!(published.len() >= 4);
        for text in published {
            for kid in [None, Some(RSA.id), Some(EC.id)] {
                let forged = sign(Algorithm::HS256, kid, &EncodingKey::from_secret(&text), &claims);
                assert_eq!(stage.sees(&forged).await, refused("invalid_token"));
            }
        }
        for (algorithm, kid, key) in [
            // A right key under the name of another, of the same kind and of the other.
            (Algorithm::RS256, RSA.id, OTHER_RSA.private()),
            (Algorithm::RS256, EC.id, RSA.private()),
            (Algorithm::ES256, RSA.id, EC.private()),
        ] {
            let forged = sign(algorithm, Some(kid), &key, &claims);
            assert_eq!(stage.sees(&forged).await, refused("invalid_token"), "{algorithm:?} {kid}");
        }
        assert_eq!(stage.sees(&sign(Algorithm::RS256, None, &RSA.private(), &claims)).await, refused("invalid_token"));
        for key in [&RSA, &EC] {
            assert_eq!(stage.sees(&key.sign(&claims)).await, Ok(1), "{}", key.id);
        }
    }
}

#[tokio::test]
async fn a_symmetric_key_that_an_issuer_publishes_opens_nothing() {
    let issuer = Issuer::start(&[&RSA]).await;
    issuer.publish_secret("oct-1", b"published to everybody").await;
    let stage = Stage::start(issuer.settings()).await;
    let key = EncodingKey::from_secret(b"published to everybody");
    let token = sign(Algorithm::HS256, Some("oct-1"), &key, &stage.claims());
    assert_eq!(stage.sees(&token).await, refused("invalid_token"));
    let header = json!({ "alg": "RS256", "kid": "oct-1" });
    assert_eq!(stage.sees(&by_hand(&header, &stage.claims(), b"x")).await, refused("invalid_token"));
}
