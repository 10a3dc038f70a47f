//! A client of acd-core calls an axum server over a socket.

use acd_core::replay::MemoryReplayGuard;
use acd_core::signing::{MessageSigner, MessageVerifier};
use acd_core::{Client, ErrorKind, Operation, Runtime};
use acd_tower::VerifySignatureLayer;
use http::Method;
use tokio::net::TcpListener;

use crate::support::{BODY, REPORT, ed25519, hmac, keys, router};

const READ: Operation = Operation::new("test.read", Method::GET, "/v1/usage").safe();

async fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let verifier = MessageVerifier::new(keys(), MemoryReplayGuard::new(16, Runtime::system()))
        .expect_authority(address.to_string());
    let service = router().layer(VerifySignatureLayer::new(verifier));
    tokio::spawn(axum::serve(listener, service).into_future());
    format!("http://{address}")
}

#[tokio::test]
async fn what_travels_is_what_was_signed() {
    let url = server().await;
    for (id, key) in [("hmac", hmac()), ("ed25519", ed25519())] {
        let client = Client::builder(&url).signer(MessageSigner::new(id, key).unwrap()).build().unwrap();
        let posted = client.call(&REPORT).query("note", "a b/c?d&é").json(&serde_json::json!({ "amount": 3 })).send();
        assert_eq!(posted.await.unwrap().body().unwrap(), format!("{id} sent {BODY}").as_str());
        let read = client.call(&READ).send().await.unwrap();
        assert_eq!(read.body().unwrap(), format!("{id} sent ").as_str());
    }
}

#[tokio::test]
async fn an_unsigned_call_is_told_so() {
    let client = Client::builder(server().await).build().unwrap();
    let error = client.call(&READ).send().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, Some("invalid_signature")));
    assert!(error.headers().contains_key("accept-signature"));
}
