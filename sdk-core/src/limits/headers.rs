//! The header forms of rate limits.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

use super::Observation;

/// A reset above this is a point in time: a year from now is longer than any window, and long before now as a Unix time.
const LONGEST_RESET: u64 = 366 * 24 * 3600;

/// `RateLimit: "default";r=50;t=30` with `RateLimit-Policy: "default";q=100;w=60`.
pub(super) fn structured(headers: &HeaderMap) -> Option<Observation> {
    let policies: Vec<Item<'_>> = items(headers, "ratelimit-policy");
    let strictest = items(headers, "ratelimit").into_iter().filter(|item| item.parameter("r").is_some());
    let item = strictest.min_by_key(|item| item.parameter("r"))?;
    let policy = policies.iter().find(|policy| policy.name == item.name);
    // Other units than requests are not what a pool counts.
    let policy = policy.filter(|policy| !policy.has_other_unit());
    Some(Observation {
        remaining: item.parameter("r").map(clamp),
        reset: item.parameter("t").map(Duration::from_secs),
        limit: policy.and_then(|policy| policy.parameter("q")).map(clamp),
        window: policy.and_then(|policy| policy.parameter("w")).filter(|secs| *secs > 0).map(Duration::from_secs),
        ..Observation::default()
    })
}

/// `X-RateLimit-Limit: 100`, `X-RateLimit-Remaining: 50`, `X-RateLimit-Reset: 30`, each with and without `X-`.
pub(super) fn separate(headers: &HeaderMap, now: SystemTime) -> Option<Observation> {
    let number =
        |names: [&str; 2]| names.into_iter().find_map(|name| leading_number(headers.get(name)?.to_str().ok()?));
    let remaining = number(["ratelimit-remaining", "x-ratelimit-remaining"])?;
    let reset = number(["ratelimit-reset", "x-ratelimit-reset"]).map(|reset| {
        if reset <= LONGEST_RESET {
            return Duration::from_secs(reset);
        }
        let unix = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Duration::from_secs(reset).saturating_sub(unix)
    });
    Some(Observation { remaining: Some(clamp(remaining)), reset, ..Observation::default() })
}

fn clamp(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The number a value begins with: `100, 100;w=60` was an early form of the draft, and fractions of seconds are seen.
fn leading_number(value: &str) -> Option<u64> {
    let value = value.trim();
    let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    value[..end].parse().ok()
}

/// A member of a structured list: a name and numeric parameters. Anything else in it is passed over.
struct Item<'a> {
    name: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl Item<'_> {
    fn parameter(&self, name: &str) -> Option<u64> {
        let (_, value) = self.parameters.iter().find(|(known, _)| *known == name)?;
        value.parse().ok()
    }

    fn has_other_unit(&self) -> bool {
        self.parameters.iter().any(|(name, unit)| *name == "qu" && *unit != "\"requests\"")
    }
}

fn items<'a>(headers: &'a HeaderMap, name: &str) -> Vec<Item<'a>> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| split(value, ',')).filter_map(item).collect()
}

fn item(text: &str) -> Option<Item<'_>> {
    let mut parts = split(text, ';');
    let name = parts.next().filter(|name| !name.is_empty())?;
    let parameters = parts.filter_map(|part| part.split_once('=')).collect();
    Some(Item { name, parameters })
}

/// Splits at a character that is not inside a quoted string, and trims the parts.
fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        let outside = !quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        outside && c == at
    })
    .map(str::trim)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    fn read(pairs: &[(&'static str, &str)]) -> Option<Observation> {
        let headers = headers(pairs);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        structured(&headers).or_else(|| separate(&headers, now))
    }

    const SECS: fn(u64) -> Option<Duration> = |secs| Some(Duration::from_secs(secs));

    #[test]
    fn the_draft_is_read_with_its_policy() {
        let seen = read(&[
            ("ratelimit", r#""burst";r=9;t=1, "day;1,a";r=3;t=3600"#),
            ("ratelimit-policy", r#""burst";q=10;w=1,"day;1,a";q=1000;w=86400;qu="requests";pk=:YQ==:"#),
        ]);
        let expected = Observation {
            remaining: Some(3),
            reset: SECS(3600),
            limit: Some(1000),
            window: SECS(86400),
            ..Observation::default()
        };
        assert_eq!(seen, Some(expected));
    }

    #[test]
    fn a_policy_in_bytes_says_nothing_about_calls() {
        let seen = read(&[("ratelimit", r#""b";r=7"#), ("ratelimit-policy", r#""b";q=1000;w=60;qu="content-bytes""#)]);
        assert_eq!(seen, Some(Observation { remaining: Some(7), ..Observation::default() }));
    }

    #[test]
    fn the_older_headers_are_read_in_both_spellings_and_clocks() {
        let seen = Observation { remaining: Some(5), reset: SECS(30), ..Observation::default() };
        assert_eq!(read(&[("x-ratelimit-remaining", "5"), ("x-ratelimit-reset", "30")]), Some(seen));
        assert_eq!(read(&[("ratelimit-remaining", "5"), ("ratelimit-reset", "30.5")]), Some(seen));
        assert_eq!(read(&[("x-ratelimit-remaining", "5"), ("x-ratelimit-reset", "1767225630")]), Some(seen));
    }

    #[test]
    fn malformed_headers_are_ignored() {
        for value in ["", "r=5", "\"x\"", "\"x\";r", "\"x\";r=-1", "\"x\";r=5.5"] {
            assert_eq!(read(&[("ratelimit", value)]), None, "{value}");
        }
        assert_eq!(read(&[("x-ratelimit-remaining", "many")]), None);
        assert_eq!(read(&[]), None);
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(policy in "[ -~]{0,60}", value in "[ -~]{0,60}") {
            read(&[("ratelimit", &value), ("ratelimit-policy", &policy)]);
            read(&[("x-ratelimit-remaining", &value), ("x-ratelimit-reset", &policy)]);
        }
    }
}
