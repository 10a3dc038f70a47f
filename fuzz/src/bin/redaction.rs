//! Text that a server wrote, searched for secrets.
#![no_main]

use acd_core::testing::Redaction;
use acd_fuzz::PLANTED;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let redaction = Redaction::new();
    let clean = redaction.scrub(&text, [PLANTED]);
    assert!(!clean.contains(PLANTED), "{clean}");
    // What is hidden does not come back, and what was left is left again.
    let again = redaction.scrub(&clean, [PLANTED]);
    assert!(!again.contains(PLANTED), "{again}");
});
