//! Secrets are planted wherever one can be, and everything that is printed is searched for them.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use acd_core::telemetry::Label;
use acd_core::testing::Capture;
use acd_core::{
    Basic, Bearer, Call, Client, FileTokenStore, HeaderAuth, MemoryTokenStore, Metrics, Next, Operation, Policy,
    RefreshingBearer, Response, Result, RetryConfig, Secret, Token, TokenProvider, TokenStore,
};
use http::{HeaderValue, Method};

use crate::server::{Reply, Server, ok};

const POST: Operation = Operation::new("test.login", Method::POST, "/v1/login").keyed();
const REFRESH: Operation = Operation::new("test.token", Method::POST, "/oauth/token");

const PLANTED: [&str; 13] = [
    "planted-bearer",
    "planted-query",
    "planted-header",
    "planted-request-body",
    "planted-answer-header",
    "planted-answer-token",
    "planted-set-cookie",
    "planted-password",
    "planted-key",
    "planted-access",
    "planted-refresh",
    "planted-rotated",
    "planted-client-secret",
];

/// Everything that a user of the crate could print, whatever its source.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<String>>);

impl Printed {
    fn add(&self, text: impl std::fmt::Display) {
        writeln!(self.0.lock().unwrap(), "{text}").unwrap();
    }

    fn error(&self, error: &acd_core::Error) {
        self.add(format_args!("{error} {error:?} {}", serde_json::to_string(&error.view()).unwrap()));
    }

    fn check(&self, capture: &Capture) {
        let (printed, logged) = (self.0.lock().unwrap(), capture.text());
        for secret in PLANTED {
            assert!(!logged.contains(secret), "{secret} was logged: {logged}");
            assert!(!printed.contains(secret), "{secret} was printed: {printed}");
        }
    }
}

/// Prints what a policy sees, on the way in and on the way out.
impl Policy for Printed {
    async fn send(&self, call: &mut Call, next: Next<'_>) -> Result<Response> {
        self.add(format_args!("{call:?} {:?} {next:?}", call.request()));
        let result = next.send(call).await;
        self.add(format_args!("{call:?} {result:?}"));
        result
    }
}

impl Metrics for Printed {
    fn counter(&self, name: &'static str, by: u64, labels: &[Label<'_>]) {
        self.add(format_args!("{name} {by} {labels:?}"));
    }

    fn histogram(&self, name: &'static str, value: f64, labels: &[Label<'_>]) {
        self.add(format_args!("{name} {value} {labels:?}"));
    }

    fn gauge(&self, name: &'static str, value: f64, labels: &[Label<'_>]) {
        self.add(format_args!("{name} {value} {labels:?}"));
    }
}

#[tokio::test]
async fn no_secret_of_a_call_reaches_log_error_metric_or_debug() {
    let body = r#"{"detail":"bad key planted-bearer with planted-header","access_token":"planted-answer-token"}"#;
    let headers = "set-cookie: s=planted-set-cookie\r\nx-internal: planted-answer-header\r\n";
    let refusal = Reply::Answer { status: 401, headers, body: body.to_owned() };
    let success = Reply::Answer { status: 200, headers, body: body.to_owned() };
    let server = Server::start([refusal, Reply::Close, success]).await;
    let printed = Printed::default();
    let builder = Client::builder(server.url())
        .auth(Bearer::new(&Secret::from("planted-bearer")).unwrap())
        .header("x-default-key", "planted-header")
        .metrics(printed.clone())
        .per_call(printed.clone())
        .per_attempt(printed.clone())
        .retry(RetryConfig::disabled());
    printed.add(format_args!("{builder:?}"));
    let client = builder.build().unwrap();
    let capture = Capture::start();
    for _ in 0..3 {
        let mut header = HeaderValue::from_static("planted-header");
        header.set_sensitive(true);
        let call = client.call(&POST).query("code", "planted-query").header("x-key", header);
        printed.add(format_args!("{call:?}"));
        match call.body("password=planted-request-body").send().await {
            Ok(response) => {
                printed.add(format_args!("{response:?}"));
                printed.error(&response.json::<u32>().await.unwrap_err());
            }
            Err(error) => printed.error(&error),
        }
    }
    printed.add(format_args!("{client:?}"));
    let logged = capture.text();
    assert!(logged.contains("acd_core::wire"), "the wire log was on");
    assert!(logged.contains("code=[redacted]"), "{logged}");
    assert!(printed.0.lock().unwrap().contains("http.client.request.duration"), "measurements were taken");
    printed.check(&capture);
}

#[tokio::test]
async fn no_credentials_of_any_kind_are_printed_when_the_server_quotes_them() {
    let quoting = |secret: &str| Reply::Answer {
        status: 403,
        headers: "",
        body: format!("<p>{secret} may not, says {}</p>", secret.replace('-', "%2D")),
    };
    let server = Server::start(["planted-password", "planted-key"].map(quoting)).await;
    let printed = Printed::default();
    let basic = Basic::new(&Secret::from("user"), &Secret::from("planted-password")).unwrap();
    let key = HeaderAuth::new("x-api-key", &Secret::from("planted-key")).unwrap();
    printed.add(format_args!("{basic:?} {key:?}"));
    let client = Client::builder(server.url()).metrics(printed.clone()).build().unwrap();
    let capture = Capture::start();
    printed.error(&client.call(&POST).auth(basic).send().await.unwrap_err());
    printed.error(&client.call(&POST).auth(key).send().await.unwrap_err());
    printed.check(&capture);
}

/// An OAuth token endpoint that is asked as RFC 6749 says: everything secret is in the body.
struct Endpoint(Client);

impl TokenProvider for Endpoint {
    async fn refresh(&self, current: &Token) -> Result<Token> {
        let refresh = current.refresh().cloned().unwrap_or_else(|| Secret::from(""));
        let client_secret = Secret::from("planted-client-secret");
        let body = format!("refresh_token={}&client_secret={}", refresh.expose(), client_secret.expose());
        let call = self.0.call(&REFRESH).hide(&refresh).hide(&client_secret).body(body);
        let json = call.send().await?.bytes().await?;
        Token::from_json(&Secret::new(String::from_utf8_lossy(&json)))
    }
}

#[tokio::test]
async fn no_token_is_printed_whether_its_refresh_succeeds_or_not() {
    let quoted = "refresh token planted-refresh or planted-client-secret is unknown";
    let body = format!(r#"{{"error":"invalid_grant","error_description":"{quoted}"}}"#);
    let refusal = Reply::Answer { status: 400, headers: "", body };
    let rotated = ok(r#"{"access_token":"planted-access","refresh_token":"planted-rotated","expires_at":1}"#);
    let garbage = ok(r#"{"access_token":["planted-rotated"]}"#);
    let server = Server::start([rotated, garbage, refusal]).await;
    let printed = Printed::default();
    let client = Client::builder(server.url()).per_attempt(printed.clone()).metrics(printed.clone()).build().unwrap();
    let capture = Capture::start();
    for _ in 0..3 {
        let token = Token::new(Secret::from("planted-access"))
            .with_refresh(Secret::from("planted-refresh"))
            .with_expires_at(std::time::SystemTime::UNIX_EPOCH);
        let memory = MemoryTokenStore::new(Some(token.clone()));
        let source = RefreshingBearer::new(Endpoint(client.clone()), memory.clone());
        let error = client.call(&POST).auth(source.clone()).retry(RetryConfig::disabled()).send().await.unwrap_err();
        printed.error(&error);
        printed.add(format_args!("{token:?} {} {memory:?} {source:?}", token.to_json()));
        let folder = tempfile::TempDir::new().unwrap();
        let file = FileTokenStore::new(folder.path().join("token"));
        file.save(&token).await.unwrap();
        printed.add(format_args!("{file:?} {:?} {:?}", file.load().await, file.try_lock().await));
    }
    assert_eq!(server.requests().len(), 3);
    assert!(capture.text().contains("the access token was not renewed"));
    printed.check(&capture);
}
