//! Recorded answers: no secret reaches the file, and the file is read back as it was written.
#![no_main]

use acd_core::testing::{Harness, ScriptedTransport};
use acd_core::{Bearer, Secret};
use acd_fuzz::{PLANTED, reply};
use acd_testing::{Cassette, Recorder, Sanitiser};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // The file's own parser sees what people edit.
    if let Ok(cassette) = Cassette::from_json(&String::from_utf8_lossy(input)) {
        let text = cassette.to_json().unwrap_or_default();
        assert!(Cassette::from_json(&text).is_ok_and(|read| read == cassette), "{text}");
    }
    let Some(script) = reply(input) else { return };
    let Ok(auth) = Bearer::new(&Secret::from(PLANTED)) else { return };
    let harness = Harness::new([]);
    let recorder = Recorder::new(ScriptedTransport::new([script]), Sanitiser::new());
    let Ok(client) = harness.client().auth(auth).transport(recorder.clone()).build() else { return };
    let call = client.call(&Harness::GET).retry(acd_core::RetryConfig::disabled());
    // Whether it failed does not matter here, only what was written down.
    let _outcome = harness.run(call.send());
    let text = recorder.cassette().to_json().unwrap_or_default();
    assert!(!text.contains(PLANTED), "{text}");
    assert!(Cassette::from_json(&text).is_ok_and(|read| read == recorder.cassette()), "{text}");
});
