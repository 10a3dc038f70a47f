//! Any answer through the whole pipeline: status, headers, error bodies, limits, waits, redaction.
#![no_main]

use std::time::Duration;

use acd_core::limits::{Limits, LocalPool};
use acd_core::testing::{Capture, Harness, answer};
use acd_core::{Bearer, Secret};
use acd_fuzz::{PLANTED, reply};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "what is decoded is only printed")]
struct Page {
    data: Vec<Thing>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "what is decoded is only printed")]
struct Thing {
    id: String,
    cents: Option<i64>,
}

fuzz_target!(|input: &[u8]| {
    let Some(script) = reply(input) else { return };
    let harness = Harness::new([script, answer(200).body(r#"{"data":[]}"#)]);
    let Ok(auth) = Bearer::new(&Secret::from(PLANTED)) else { return };
    let limits = Limits::new().every_call(|_| LocalPool::adaptive());
    let Ok(client) = harness.client().auth(auth).limits(limits).build() else { return };
    let capture = Capture::start();
    let day = Duration::from_secs(24 * 60 * 60);
    let result = harness.run(client.call(&Harness::GET).timeout(day).send_json::<Page>());
    assert!(harness.clock().elapsed() <= day, "no answer makes a call wait beyond its deadline");
    capture.assert_free_of(&[PLANTED]);
    if let Err(error) = result {
        let shown = format!("{error} {error:?} {:?}", error.view());
        // A path is made of names, which are shown as they are.
        let is_name = error.json_path().is_some_and(|path| path.contains(PLANTED));
        assert!(is_name || !shown.contains(PLANTED), "{shown}");
        assert!(!error.to_string().contains('\n'), "one line: {error}");
        assert!(error.body_excerpt().is_none_or(|excerpt| excerpt.chars().count() <= 513));
    }
});
