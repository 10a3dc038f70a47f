//! One pass over an event's text for what JSON allows and PostgreSQL, or a reader, does not.

use acd_analytics::wire::{MAX_DEPTH, RejectionCode, number_fits};

/// Why a text is refused.
pub(super) type Flaw = (RejectionCode, &'static str);

/// Checks a text that is JSON already: nesting, characters, numbers.
pub(super) fn check(json: &str) -> Result<(), Flaw> {
    let bytes = json.as_bytes();
    let mut at = 0;
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at + 1)?,
            b'{' | b'[' => {
                depth += 1;
                // The event itself is one level around its properties.
                if depth > MAX_DEPTH + 1 {
                    return Err((RejectionCode::NestingTooDeep, "objects and arrays may be nested 32 deep"));
                }
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b'-' | b'0'..=b'9' => at = number_end(bytes, at)?,
            _ => at += 1,
        }
    }
    Ok(())
}

fn string_end(bytes: &[u8], mut at: usize) -> Result<usize, Flaw> {
    loop {
        let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()) else {
            return Ok(bytes.len());
        };
        at += found;
        if bytes[at] == b'"' {
            return Ok(at + 1);
        }
        if bytes.get(at + 1) != Some(&b'u') {
            at += 2;
            continue;
        }
        at = match unit(bytes, at) {
            Some(0) => return Err((RejectionCode::InvalidText, "a text contains a NUL character (\\u0000)")),
            Some(0xD800..0xDC00) if matches!(unit(bytes, at + 6), Some(0xDC00..0xE000)) => at + 12,
            Some(0xD800..0xE000) => return Err((RejectionCode::InvalidText, "a text contains half a surrogate pair")),
            _ => at + 6,
        };
    }
}

/// The UTF-16 unit that `\uXXXX` at this place stands for.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn number_end(bytes: &[u8], start: usize) -> Result<usize, Flaw> {
    let rest = &bytes[start..];
    let length = rest
        .iter()
        .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
        .unwrap_or(rest.len());
    if !number_fits(&rest[..length]) {
        return Err((RejectionCode::NumberOutOfRange, "a number does not fit a 64-bit float; send it as text"));
    }
    Ok(start + length)
}

#[cfg(test)]
mod tests {
    use acd_analytics::wire::MessageType;
    use acd_analytics::{AnalyticsClient, BatchReceipt, BatchSender, EnqueueError, JsonEvent};
    use acd_core::testing::ManualClock;
    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;

    use super::*;

    #[test]
    fn takes_what_can_be_stored() {
        for json in [
            "{}",
            r#"{"a":[1,-2.5,1e300,0.0,0e5,-0],"b":"\u00e9\ud83d\ude00\\u0000\"","c":null}"#,
            &format!("{}{}", "[".repeat(33), "]".repeat(33)),
        ] {
            assert_eq!(check(json), Ok(()), "{json}");
        }
    }

    #[test]
    fn refuses_what_cannot() {
        use RejectionCode::{InvalidText, NestingTooDeep, NumberOutOfRange};
        let deep = format!("{}{}", "[".repeat(34), "]".repeat(34));
        let long = format!("[{}]", "1".repeat(401));
        for (json, code) in [
            (r#"{"a":"\u0000"}"#, InvalidText),
            (r#"{"\u0000":1}"#, InvalidText),
            (r#"["\ud800"]"#, InvalidText),
            (r#"["\udc00\ud800"]"#, InvalidText),
            (r#"["\ud800x"]"#, InvalidText),
            ("[1e400]", NumberOutOfRange),
            ("[-1E+999999999999]", NumberOutOfRange),
            ("[1e-400]", NumberOutOfRange),
            (&long, NumberOutOfRange),
            (&deep, NestingTooDeep),
        ] {
            assert_eq!(check(json).unwrap_err().0, code, "{json}");
        }
    }

    /// Takes nothing from the client.
    struct Nowhere;

    impl BatchSender for Nowhere {
        async fn send(&self, _: Vec<u8>) -> acd_core::Result<BatchReceipt> {
            std::future::pending().await
        }
    }

    /// A client to queue facts with; what it does with them later is of no matter.
    fn client() -> AnalyticsClient {
        let clock = ManualClock::new();
        AnalyticsClient::builder_over(Nowhere).runtime(clock.runtime()).build_over().unwrap()
    }

    fn is_queued(client: &AnalyticsClient, facts: &str) -> bool {
        let mut event = JsonEvent::new(MessageType::Track);
        (event.event, event.user_id, event.facts) = (Some("E"), Some("u"), Some(facts));
        match client.enqueue_json(&event) {
            Ok(_) => true,
            Err(
                EnqueueError::NestingTooDeep { .. }
                | EnqueueError::NulCharacter { .. }
                | EnqueueError::Unserialisable { .. },
            ) => false,
            Err(other) => panic!("{other}"),
        }
    }

    /// A value that is JSON, most of them within a step of what can be stored.
    fn value() -> impl Strategy<Value = String> {
        let edges = [
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "17976931348623159e292",
            "1.8e308",
            "5e-324",
            "2.4703282292062328e-324",
            "2.4703282292062327e-324",
            "1e-400",
            "-0e-400",
        ];
        prop_oneof![
            "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
            prop::sample::select(edges.to_vec()).prop_map(str::to_owned),
            (398..403_usize).prop_map(|digits| format!("0.{}", "1".repeat(digits - 2))),
            "\"(\\\\(u0000|ud83d|ude00|u00e9|u0020|\\\\|n|\")|[a-zé]){0,4}\"",
            (28..34_usize).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
        ]
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*") {
            let _ = check(&text);
        }
    }

    // An event that a client queues and the server refuses is lost, and where nobody is told of it, without a word.
    #[tokio::test]
    async fn clients_queue_what_is_stored_and_nothing_else() {
        let client = client();
        let facts = prop::collection::vec(value(), 1..3).prop_map(|values| format!("{{\"a\":[{}]}}", values.join(",")));
        TestRunner::default()
            .run(&facts, |facts| {
                let is_stored = check(&format!("{{\"properties\":{facts}}}")).is_ok();
                prop_assert_eq!(is_queued(&client, &facts), is_stored, "{}", facts);
                Ok(())
            })
            .unwrap();
    }
}
