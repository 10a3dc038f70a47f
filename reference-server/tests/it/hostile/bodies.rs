//! Bodies that are not what they should be.

use std::io::Write as _;

use acd_core::Secret;
use acd_platform::keys::Scope;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::http::Call;

async fn start() -> (TestApp, Secret) {
    let server = TestApp::start().await;
    let key = server.key("pct", &[Scope::EventsWrite, Scope::EventsRead, Scope::KeysWrite]).await;
    (server, key)
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(plain).unwrap();
    packed.finish().unwrap()
}

fn deep(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

#[tokio::test]
async fn a_body_that_cannot_be_taken_is_refused_with_the_cause() {
    let (server, key) = start().await;
    let event = r#"{"type":"track","event":"E","userId":"u"}"#;
    let many = format!(r#"{{"batch":[{}]}}"#, vec![event; 10_000].join(","));
    assert!(many.len() < 500_000, "few enough bytes, too many events");
    let megabyte = format!(r#"{{"event":"E","userId":"u","properties":{{"pad":"{}"}}}}"#, "x".repeat(1 << 20));
    let middling = megabyte[..40_000].to_owned() + r#""}}"#;
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 500_000, "small enough to be let in");
    let batch = |event: &str| format!(r#"{{"batch":[{event}]}}"#);

    for (path, body, status, code) in [
        ("/v1/track", br#"{"event":"#.to_vec(), 400, "invalid_json"),
        ("/v1/track", b"".to_vec(), 400, "invalid_json"),
        ("/v1/track", b"nonsense".to_vec(), 400, "invalid_json"),
        ("/v1/track", br#"{"event":"E","userId":"u"} {}"#.to_vec(), 400, "invalid_json"),
        ("/v1/track", b"{\"event\":\"\xff\",\"userId\":\"u\"}".to_vec(), 400, "invalid_utf8"),
        ("/v1/track", b"{\"event\":\"\xed\xa0\x80\",\"userId\":\"u\"}".to_vec(), 400, "invalid_utf8"),
        ("/v1/track", b"{\"event\":\"a\x00b\",\"userId\":\"u\"}".to_vec(), 400, "invalid_json"),
        ("/v1/track", middling.into_bytes(), 413, "event_too_large"),
        ("/v1/track", megabyte.clone().into_bytes(), 413, "body_too_large"),
        ("/v1/track", deep(16_000).into_bytes(), 422, "invalid_body"),
        ("/v1/track", b"[1]".to_vec(), 422, "invalid_body"),
        ("/v1/track", b"\"text\"".to_vec(), 400, "invalid_event"),
        ("/v1/batch", batch(&megabyte).into_bytes(), 413, "body_too_large"),
        ("/v1/batch", many.into_bytes(), 413, "batch_too_large"),
        ("/v1/batch", br#"{"batch":"#.to_vec(), 400, "invalid_json"),
        ("/v1/batch", "[".repeat(200_000).into_bytes(), 422, "invalid_body"),
        ("/v1/batch", batch(&"[".repeat(200_000)).into_bytes(), 400, "invalid_json"),
        ("/v1/batch", batch(&deep(200_000)).into_bytes(), 400, "all_rejected"),
        ("/v1/batch", b"[]".to_vec(), 422, "invalid_body"),
        ("/v1/batch", b"{}".to_vec(), 422, "invalid_body"),
        ("/v1/batch", br#"{"batch":{}}"#.to_vec(), 422, "invalid_body"),
        ("/v1/batch", br#"{"batch":[],"context":7}"#.to_vec(), 422, "invalid_body"),
        ("/v1/batch", br#"{"batch":[],"integrations":[]}"#.to_vec(), 422, "invalid_body"),
        ("/v1/batch", br#"{"batch":[],"context":{"a":"\u0000"}}"#.to_vec(), 400, "invalid_body"),
        ("/v1/batch", format!(r#"{{"batch":[],"context":{{"a":{}}}}}"#, deep(64)).into_bytes(), 400, "invalid_body"),
        ("/v1/batch", br#"{"batch":[],"sentAt":"soon"}"#.to_vec(), 400, "invalid_timestamp"),
        ("/v1/batch", br#"{"batch":[],"sentAt":"10000-01-01T00:00:00Z"}"#.to_vec(), 400, "invalid_timestamp"),
    ] {
        let start = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let reply = server.http().post(path).bearer(&key).header("content-type", "application/json").body(body);
        let reply = reply.send().await;
        assert_eq!(reply.status, status, "{path} {start}: {}", reply.text());
        reply.problem(status, code);
    }
    for (packed, encoding, status, code) in [
        (bomb, "gzip", 413, "body_too_large"),
        (b"plain".to_vec(), "gzip", 400, "invalid_gzip"),
        (gzip(b"{\"batch\":[]}")[..20].to_vec(), "gzip", 400, "invalid_gzip"),
        (b"{}".to_vec(), "br", 415, "unsupported_encoding"),
        (gzip(&gzip(b"{}")), "gzip, gzip", 415, "unsupported_encoding"),
    ] {
        let call = server.http().post("/v1/batch").bearer(&key).header("content-encoding", encoding);
        call.body(packed).send().await.problem(status, code);
    }
    assert_eq!(events(&server, &key).await, Vec::<Value>::new(), "nothing of it is stored");
}

async fn events(server: &TestApp, key: &Secret) -> Vec<Value> {
    let list = server.http().get("/v1/events?limit=1000").bearer(key).send().await.json();
    list["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_bad_event_sinks_neither_the_batch_nor_the_server() {
    let (server, key) = start().await;
    let with = |field: &str| format!(r#"{{"type":"track","event":"Bad","userId":"u",{field}}}"#);
    let properties = |value: &str| with(&format!(r#""properties":{{"v":{value}}}"#));
    let bad = [
        (properties(r#""a\u0000b""#), "invalid_text"),
        (with(r#""properties":{"\u0000":1}"#), "invalid_text"),
        (with(r#""messageId":"\u0000""#), "invalid_text"),
        (with(r#""context":{"page":{"url":"\u0000"}}"#), "invalid_text"),
        (properties(r#""\ud800""#), "invalid_text"),
        (properties(r#""\udc00\ud800""#), "invalid_text"),
        (with(r#""anonymousId":"\udfff""#), "invalid_text"),
        (with(r#""timestamp":"0000-01-01T00:00:00Z""#), "invalid_timestamp"),
        (with(r#""timestamp":"10000-01-01T00:00:00Z""#), "invalid_timestamp"),
        (with(r#""timestamp":"+010000-01-01T00:00:00Z""#), "invalid_timestamp"),
        (with(r#""timestamp":"-0001-01-01T00:00:00Z""#), "invalid_timestamp"),
        (with(r#""timestamp":"9999-12-31T23:59:59-23:59""#), "invalid_timestamp"),
        (with(r#""sentAt":"2026-02-30T00:00:00Z""#), "invalid_timestamp"),
        (with(r#""timestamp":"2026-01-01""#), "invalid_timestamp"),
        (with(r#""timestamp":1767225600"#), "invalid_event"),
        (properties("1e400"), "number_out_of_range"),
        (properties("-1e400"), "number_out_of_range"),
        (properties("1e-400"), "number_out_of_range"),
        (properties(&"9".repeat(5_000)), "number_out_of_range"),
        (properties(&format!("0.{}1", "0".repeat(5_000))), "number_out_of_range"),
        (properties(&deep(40)), "nesting_too_deep"),
        (properties(&deep(12_000)), "nesting_too_deep"),
        (properties(&format!("\"{}\"", "x".repeat(32 * 1024))), "event_too_large"),
        (with(r#""event":"again""#), "invalid_event"),
        (with(r#""traits":[]"#), "invalid_event"),
        (with(r#""context":"x""#), "invalid_event"),
        (r#"{"type":"track","event":"Bad","userId":{}}"#.to_owned(), "invalid_event"),
        (format!(r#"{{"type":"track","event":"Bad","userId":"{}"}}"#, "u".repeat(513)), "field_too_long"),
    ];
    // At the very edge of what is taken.
    let good = [
        properties(r#""\u0001\ud83d\ude00\\u0000 \uffff""#),
        with(r#""timestamp":"1970-01-01T00:00:00Z","sentAt":"9999-12-31T23:59:59.999999999Z""#),
        with(r#""timestamp":"2026-01-01T00:00:00+14:00""#),
        properties("1.7976931348623157e308"),
        properties("-5e-324"),
        properties("123456789012345678901234567890"),
        properties(&deep(31)),
        with(r#""properties":{"same":1,"same":2}"#),
        with(r#""event2":null,"channel":"server","version":2"#),
        format!(r#"{{"type":"track","event":"Good","userId":"{}"}}"#, "u".repeat(512)),
        r#"{"type":"identify","userId":"u","traits":{"email":7}}"#.to_owned(),
    ];
    let mut all: Vec<&str> = Vec::new();
    for (at, (event, _)) in bad.iter().enumerate() {
        all.extend([event.as_str(), good[at % good.len()].as_str()]);
    }
    let call = server.http().post("/v1/batch").bearer(&key).body(format!(r#"{{"batch":[{}]}}"#, all.join(",")));
    let reply = call.send().await.json();
    let told: Vec<(u64, &str)> = reply["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["index"].as_u64().unwrap(), one["code"].as_str().unwrap()))
        .collect();
    let expected: Vec<(u64, &str)> = (0..).step_by(2).zip(bad.iter().map(|(_, code)| *code)).collect();
    assert_eq!(told, expected);
    assert_eq!(reply["accepted"], bad.len());
    assert_eq!(events(&server, &key).await.len(), bad.len());
}

#[tokio::test]
async fn an_event_of_the_full_size_is_stored_whole() {
    let (server, key) = start().await;
    let mut event = json!({ "event": "Full", "userId": "u", "properties": { "pad": "" } });
    let room = 32 * 1024 - event.to_string().len();
    event["properties"]["pad"] = "x".repeat(room).into();
    assert_eq!(server.http().post("/v1/track").bearer(&key).json(&event).send().await.json()["accepted"], 1);
    event["properties"]["pad"] = "x".repeat(room + 1).into();
    server.http().post("/v1/track").bearer(&key).json(&event).send().await.problem(413, "event_too_large");
    let stored = events(&server, &key).await;
    assert_eq!(stored[0]["properties"]["pad"].as_str().unwrap().len(), room);

    let small = json!({ "type": "page", "userId": "u" }).to_string();
    let full = format!(r#"{{"batch":[{}]}}"#, vec![small; 2_500].join(","));
    assert_eq!(server.http().post("/v1/batch").bearer(&key).body(full).send().await.json()["accepted"], 2_500);
}

#[tokio::test]
async fn a_wrong_method_path_or_content_type_is_named() {
    let (server, key) = start().await;
    let call = |method: Method, path: &str| server.http().call(method, path).bearer(&key);
    let refused: [(Call, u16, &str); 8] = [
        (call(Method::GET, "/v1/track"), 405, "method_not_allowed"),
        (call(Method::DELETE, "/v1/batch"), 405, "method_not_allowed"),
        (call(Method::PUT, "/v1/keys"), 405, "method_not_allowed"),
        (call(Method::GET, "/v1/nothing"), 404, "no_route"),
        (call(Method::GET, "/v1/events/%FF"), 400, "invalid_path"),
        (call(Method::GET, "/v1/events?event=%00"), 400, "invalid_query"),
        (call(Method::POST, "/v1/keys").body("{}"), 415, "unsupported_media_type"),
        (call(Method::POST, "/v1/keys").header("content-type", "text/plain").body("{}"), 415, "unsupported_media_type"),
    ];
    for (call, status, code) in refused {
        let reply = call.send().await;
        reply.problem(status, code);
        assert_eq!(reply.header("allow").is_some(), status == 405, "{reply:?}");
    }
    // A page that is being left sends a beacon, which cannot name JSON as its type.
    let beacon =
        call(Method::POST, "/v1/track").header("content-type", "text/plain").body(r#"{"event":"E","userId":"u"}"#);
    assert_eq!(beacon.send().await.json()["accepted"], 1);
}
