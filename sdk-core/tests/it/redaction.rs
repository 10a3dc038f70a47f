//! Secrets are planted wherever one can be, and everything that is printed is searched for them.

use acd_core::{Bearer, Client, Operation, RetryConfig, Secret};
use http::{HeaderValue, Method};

use crate::capture::Capture;
use crate::server::{Reply, Server};

const POST: Operation = Operation::new("test.login", Method::POST, "/v1/login").keyed();

const PLANTED: [&str; 7] = [
    "planted-bearer",
    "planted-query",
    "planted-header",
    "planted-request-body",
    "planted-answer-header",
    "planted-answer-token",
    "planted-set-cookie",
];

#[tokio::test]
async fn no_secret_reaches_the_log_or_the_error() {
    let body = r#"{"detail":"bad key planted-bearer with planted-header","access_token":"planted-answer-token"}"#;
    let headers = "set-cookie: s=planted-set-cookie\r\nx-internal: planted-answer-header\r\n";
    let refusal = Reply::Answer { status: 401, headers, body: body.to_owned() };
    let broken = Reply::Close;
    let server = Server::start([refusal, broken]).await;
    let client = Client::builder(server.url())
        .auth(Bearer::new(&Secret::from("planted-bearer")).unwrap())
        .retry(RetryConfig::disabled())
        .build()
        .unwrap();
    let (capture, guard) = Capture::start();
    let mut printed = String::new();
    for _ in 0..2 {
        let mut header = HeaderValue::from_static("planted-header");
        header.set_sensitive(true);
        let call = client.call(&POST).query("code", "planted-query").header("x-key", header);
        printed += &format!("{call:?}");
        let error = call.body("password=planted-request-body").send().await.unwrap_err();
        printed += &format!("{error} {error:?} {}", serde_json::to_string(&error.view()).unwrap());
    }
    drop(guard);
    printed += &format!("{client:?}");
    let logged = capture.text();
    assert!(logged.contains("acd_core::wire"), "the wire log was on");
    assert!(logged.contains("code=[redacted]"), "{logged}");
    for secret in PLANTED {
        assert!(!logged.contains(secret), "{secret} was logged: {logged}");
        assert!(!printed.contains(secret), "{secret} was printed: {printed}");
    }
}
