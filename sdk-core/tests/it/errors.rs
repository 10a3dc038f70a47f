//! What holds for every error, whatever a server answers.

use acd_core::testing::{Harness, answer};
use acd_core::{Basic, Bearer, ErrorView, HeaderAuth, RetryConfig, Secret};
use proptest::prelude::*;
use serde_json::json;

/// Longer than any line that is made of bounded parts.
const LONGEST: usize = 1500;

fn refusal(auth: usize, secret: &str, status: u16, request_id: &str, body: String) -> acd_core::Error {
    let harness = Harness::new([answer(status).header("x-request-id", request_id).body(body)]);
    let client = harness.client().retry(RetryConfig::disabled());
    let secret = Secret::from(secret);
    let client = match auth {
        0 => client.auth(Bearer::new(&secret).unwrap()),
        1 => client.auth(Basic::new(&Secret::from("user"), &secret).unwrap()),
        _ => client.auth(HeaderAuth::new("x-api-key", &secret).unwrap()),
    };
    harness.run(client.build().unwrap().call(&Harness::GET).send()).unwrap_err()
}

fn printed(error: &acd_core::Error) -> String {
    let view: ErrorView = error.view();
    format!("{error} {error:?} {view:?} {}", serde_json::to_string(&view).unwrap())
}

proptest! {
    #[test]
    fn an_error_is_one_bounded_line_without_the_secret_that_the_server_quotes(
        core in "zq[a-z]{8,20}", tail in "[/+=.:_-]{0,6}", before in ".{0,40}", after in "\\PC{0,2000}",
        auth in 0_usize..3, status in 400_u16..600, shape in 0_usize..5,
    ) {
        let secret = format!("{core}{tail}");
        let told = format!("{before}{secret} {after}");
        let body = match shape {
            0 => json!({ "code": told, "detail": told, "request_id": secret }).to_string(),
            1 => json!({ "error": { "message": told, "type": secret } }).to_string().replace('/', "\\/"),
            2 => format!("<html>{told}</html>"),
            3 => json!([told, { told.as_str(): 1 }]).to_string(),
            _ => told,
        };
        let request_id = format!("id-{secret}");
        let error = refusal(auth, &secret, status, &request_id, body);
        let line = error.to_string();
        prop_assert!(!line.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']), "{line}");
        prop_assert!(line.chars().count() <= LONGEST, "{line}");
        let text = printed(&error);
        prop_assert!(!text.contains(&core), "{core} is in {text}");
    }

    #[test]
    fn any_bytes_make_an_error_that_can_be_printed(body in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let harness = Harness::new([answer(400).body(body)]);
        let error = harness.run(harness.client().build().unwrap().call(&Harness::GET).send()).unwrap_err();
        prop_assert!(error.body_excerpt().is_none_or(|excerpt| excerpt.chars().count() <= 513));
        prop_assert!(!printed(&error).is_empty());
    }
}
