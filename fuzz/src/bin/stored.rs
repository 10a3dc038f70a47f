//! What a process finds in files that an earlier one left: tokens, and uploads under way.
#![no_main]

use acd_core::upload::UploadSession;
use acd_core::{Secret, Token};
use acd_fuzz::PLANTED;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    match Token::from_json(&Secret::new(text.as_ref())) {
        Ok(token) => {
            let again = Token::from_json(&token.to_json());
            assert!(again.is_ok_and(|again| again.to_json().expose() == token.to_json().expose()));
            assert!(!format!("{token:?}").contains(PLANTED));
        }
        Err(error) => assert!(!format!("{error} {error:?}").contains(PLANTED), "{error:?}"),
    }
    let Ok(session) = serde_json::from_str::<UploadSession>(&text) else { return };
    let plan = session.plan();
    // All it says about itself holds together, however odd the numbers are.
    let mut covered = 0;
    for (number, span) in (1..).zip(plan.spans().take(1000)) {
        assert_eq!(span.offset, covered, "no gap and no overlap");
        assert_eq!((plan.span(number), plan.span_at(span.offset)), (Some(span), Some(span)));
        covered = span.end();
    }
    assert!(covered <= plan.size());
    assert!(!format!("{session:?}").is_empty());
});
