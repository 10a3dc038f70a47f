//! What a cassette holds, what it keeps to itself, and what it plays back.

use acd_core::{Bearer, ErrorKind, Operation, Secret};
use acd_testing::{
    Cassette, Harness, Order, Recorder, Replay, Sanitiser, Script, ScriptedTransport, answer, check_error,
};
use http::{HeaderValue, Method};
use serde_json::{Value, json};

const LOGIN: Operation = Operation::new("test.login", Method::POST, "/v1/login").keyed();

/// Records what a client on `script` does.
fn record(
    script: impl IntoIterator<Item = Script>,
    sanitiser: Sanitiser,
    act: impl AsyncFn(&acd_core::Client) -> acd_core::Result<()>,
) -> Cassette {
    let harness = Harness::new([]);
    let recorder = Recorder::new(ScriptedTransport::new(script), sanitiser);
    let client = harness.client().transport(recorder.clone()).build().unwrap();
    harness.run(act(&client)).unwrap();
    recorder.cassette()
}

fn replayed(cassette: Cassette, sanitiser: Sanitiser, order: Order) -> (Harness, Replay, acd_core::Client) {
    let harness = Harness::new([]);
    let replay = Replay::new(cassette, sanitiser).order(order);
    let client = harness.client().transport(replay.clone()).build().unwrap();
    (harness, replay, client)
}

async fn get(client: &acd_core::Client, page: u32) -> acd_core::Result<acd_core::Response> {
    client.call(&Harness::GET).query("page", page).send().await
}

#[test]
fn no_planted_secret_reaches_the_file() {
    let planted = json!({
        "access_token": "planted-token",
        "nested": [{"client_secret": {"value": "planted-nested"}}],
        "echo": "you sent planted-bearer and planted-header",
        "planted-bearer": "as a name",
        "key": "planted0opaque0run0of0characters",
        "email": "planted@mail.test",
        "account": "planted-account",
        "kept": "plain"
    });
    let replies = [
        answer(200)
            .header("content-type", "application/json")
            .header("set-cookie", "session=planted-cookie")
            .header("x-internal", "planted-internal")
            .header("planted-bearer", "as a name")
            .header("x-request-id", "planted-account-7")
            .body(planted.to_string()),
        answer(200).body("token=planted-text and Bearer planted-spoken, planted-header"),
        answer(200).body(b"\xff\x00planted-bearer\xfe".to_vec()),
        answer(200).body("{}"),
    ];
    let sanitiser = Sanitiser::new().hide_json("/email").replace("planted-account", "account-1");
    let act = async |client: &acd_core::Client| {
        for body in ["code=planted-code&password=planted%20form", "{\"password\":\"planted-json\"}", "", "x"] {
            let mut header = HeaderValue::from_static("planted-header");
            header.set_sensitive(true);
            let call = client.call(&LOGIN).auth(Bearer::new(&Secret::from("planted-bearer"))?).header("x-key", header);
            let form = "application/x-www-form-urlencoded";
            call.query("code", "planted-query").header("content-type", form).body(body).send().await?;
        }
        Ok(())
    };
    let text = record(replies, sanitiser, act).to_json().unwrap();
    assert!(!text.contains("planted"), "{text}");
    // Bytes are searched before they are encoded.
    let file: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["exchanges"][2]["answer"]["body"]["base64"], "/wBbcmVkYWN0ZWRd/g==", "{text}");
    assert!(text.contains("plain") && text.contains("account-1-7"), "{text}");
}

#[test]
fn the_same_exchanges_give_the_same_file() {
    let once = || {
        let replies = [answer(200).header("date", "Sun, 06 Nov 1994 08:49:37 GMT").body(r#"{"n": 1}"#), answer(404)];
        let act = async |client: &acd_core::Client| {
            client.call(&Harness::POST_KEYED).json(&json!({"a": 1})).send().await?;
            let missing = get(client, 2).await.unwrap_err();
            assert_eq!(missing.kind(), ErrorKind::NotFound);
            Ok(())
        };
        record(replies, Sanitiser::new(), act).to_json().unwrap()
    };
    let text = once();
    assert_eq!(text, once());
    let expected = r#"{
  "format": 1,
  "exchanges": [
    {
      "request": {
        "method": "POST",
        "url": "https://server.test/v1/things",
        "headers": [
          [
            "content-type",
            "application/json"
          ]
        ],
        "body": {
          "json": {"a":1}
        }
      },
      "answer": {
        "status": 200,
        "headers": [],
        "body": {
          "json": {"n": 1}
        }
      }
    },
    {
      "request": {
        "method": "GET",
        "url": "https://server.test/v1/things?page=2",
        "headers": [],
        "body": "empty"
      },
      "answer": {
        "status": 404,
        "headers": [],
        "body": "empty"
      }
    }
  ]
}
"#;
    assert_eq!(text, expected);
}

#[test]
fn answers_come_back_byte_for_byte_through_a_file() {
    let bodies: [&[u8]; 4] = [b"{\"b\": 1.10, \"a\":[ ]}", b"plain\r\n", b"\x00\xff", b""];
    let replies = bodies.map(|body| answer(200).header("etag", "\"e\"").body(body));
    let act = async |client: &acd_core::Client| {
        for page in 0..4 {
            get(client, page).await?;
        }
        Ok(())
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/folder/things.json");
    record(replies, Sanitiser::new(), act).save(&file).unwrap();
    let (harness, replay, client) = replayed(Cassette::load(&file).unwrap(), Sanitiser::new(), Order::Strict);
    for (page, body) in (0..).zip(bodies) {
        let response = harness.run(get(&client, page)).unwrap();
        assert_eq!(response.headers()["etag"], "\"e\"");
        assert_eq!(harness.run(response.bytes()).unwrap(), body);
    }
    replay.assert_used_up();
}

fn two_pages() -> Cassette {
    let act = async |client: &acd_core::Client| {
        get(client, 1).await?;
        get(client, 2).await?;
        client.call(&Harness::POST_KEYED).json(&json!({"a": {"b": 1}})).send().await.map(drop)
    };
    record([answer(200).body("one"), answer(200).body("two"), answer(200)], Sanitiser::new(), act)
}

#[test]
fn strict_order_refuses_what_is_not_due() {
    let (harness, _, client) = replayed(two_pages(), Sanitiser::new(), Order::Strict);
    let error = harness.run(get(&client, 2)).unwrap_err();
    check_error(&error).kind(ErrorKind::Configuration).attempts(1);
    assert!(error.message().contains("exchange 1 is due, GET https://server.test/v1/things?page=1"), "{error}");
}

#[test]
fn any_order_matches_each_exchange_once_and_names_the_nearest() {
    let (harness, replay, client) = replayed(two_pages(), Sanitiser::new(), Order::Any);
    assert_eq!(harness.run(get(&client, 2)).unwrap().body().unwrap(), "two");
    assert_eq!(harness.run(get(&client, 1)).unwrap().body().unwrap(), "one");
    let again = harness.run(get(&client, 1)).unwrap_err();
    assert!(again.message().ends_with("it is the same, but used already"), "{again}");
    let other = client.call(&Harness::POST_KEYED).json(&json!({"a": {"b": 2}})).send();
    let error = harness.run(other).unwrap_err();
    assert!(error.message().contains("nearest is 3"), "{error}");
    assert!(error.message().ends_with("its body has 1 at `/a/b`, and 2 was sent"), "{error}");
    assert_eq!(replay.unused(), ["POST https://server.test/v1/things"]);
}

#[test]
#[should_panic(expected = "never asked for:\nGET https://server.test/v1/things?page=2")]
fn an_unused_exchange_fails_the_test() {
    let (harness, replay, client) = replayed(two_pages(), Sanitiser::new(), Order::Strict);
    harness.run(get(&client, 1)).unwrap();
    replay.assert_used_up();
}

#[test]
fn files_that_are_no_cassettes_are_refused() {
    for text in ["", "{}", r#"{"format":2,"exchanges":[]}"#, r#"{"format":1,"exchanges":[],"more":1}"#] {
        assert_eq!(Cassette::from_json(text).unwrap_err().kind(), ErrorKind::Configuration, "{text}");
    }
    assert_eq!(Cassette::load("/nowhere/at/all.json").unwrap_err().kind(), ErrorKind::Configuration);
    assert!(Cassette::from_json(r#"{"format":1,"exchanges":[]}"#).unwrap().is_empty());
}

#[test]
fn a_compressed_answer_is_not_recorded_but_refused() {
    let harness = Harness::new([]);
    let server = ScriptedTransport::new([answer(200).header("content-encoding", "gzip").body("x")]);
    let recorder = Recorder::new(server, Sanitiser::new());
    let client = harness.client().transport(recorder.clone()).build().unwrap();
    let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
    assert!(error.message().contains("without compression"), "{error}");
    assert!(recorder.cassette().is_empty());
}
