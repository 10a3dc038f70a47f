//! The ways in which a server says how long to wait.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

use super::http_date;

/// Headers that give milliseconds. They are asked first: where a server sends both, this one is the finer.
const MILLISECONDS: [&str; 3] = ["retry-after-ms", "x-ms-retry-after-ms", "x-amz-retry-after"];

/// How long the server asks to wait: `Retry-After` in seconds or as an HTTP date, or one of the headers in milliseconds.
/// `None` when it does not say, or says nothing that makes sense.
///
/// A date is measured against the answer's own `Date` when it has one, so that a wrong clock on this machine does not
/// matter, and against `now` otherwise. A date in the past means no wait.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(ms) = MILLISECONDS.iter().find_map(|name| text(name)?.parse().ok()) {
        return Some(Duration::from_millis(ms));
    }
    let value = text("retry-after")?;
    if let Some(wait) = seconds(value) {
        return Some(wait);
    }
    let until = http_date::read(value)?;
    let now = text("date").and_then(http_date::read).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or(Duration::ZERO))
}

/// Whole seconds by the standard; some servers send a fraction.
fn seconds(value: &str) -> Option<Duration> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let is_number = !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    // Beyond nanoseconds nothing is told apart.
    let nanos = fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .fold(0, |nanos, digit| nanos * 10 + u32::from(digit & 0xf));
    whole.parse().ok().filter(|_| is_number).map(|whole| Duration::new(whole, nanos))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn parse(pairs: &[(&'static str, &str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        retry_after(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777))
    }

    #[test]
    fn every_form_is_understood() {
        assert_eq!(parse(&[("retry-after", "120")]), Some(Duration::from_secs(120)));
        assert_eq!(parse(&[("retry-after", " 0.25 ")]), Some(Duration::from_millis(250)));
        assert_eq!(parse(&[("retry-after", "1.0000000019")]), Some(Duration::new(1, 1)));
        assert_eq!(parse(&[("retry-after-ms", "40"), ("retry-after", "1")]), Some(Duration::from_millis(40)));
        assert_eq!(parse(&[("x-amz-retry-after", "1500")]), Some(Duration::from_millis(1500)));
        // 784111777 is Sun, 06 Nov 1994 08:49:37 GMT, the date in RFC 9110's own examples.
        assert_eq!(parse(&[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")]), Some(Duration::from_secs(60)));
    }

    #[test]
    fn a_date_is_measured_by_the_server_clock() {
        let skewed = [("retry-after", "Fri, 06 Nov 2037 08:49:47 GMT"), ("date", "Fri, 06 Nov 2037 08:49:37 GMT")];
        assert_eq!(parse(&skewed), Some(Duration::from_secs(10)));
        assert_eq!(parse(&[("retry-after", "Sun, 06 Nov 1994 08:49:00 GMT")]), Some(Duration::ZERO));
    }

    #[test]
    fn nonsense_is_no_wish() {
        for value in ["", "-1", "soon", "1e999", "nan", "inf", "1 2", "99999999999999999999999"] {
            let parsed = parse(&[("retry-after", value)]);
            assert!(parsed.is_none() || parsed > Some(Duration::from_secs(u64::from(u32::MAX))), "{value}: {parsed:?}");
        }
        assert_eq!(parse(&[]), None);
    }

    proptest! {
        #[test]
        fn no_header_value_panics(value in "[ -~]{0,40}") {
            parse(&[("retry-after", &value), ("date", &value)]);
            parse(&[("retry-after-ms", &value)]);
        }

        #[test]
        fn seconds_survive(value in any::<u32>()) {
            prop_assert_eq!(parse(&[("retry-after", &value.to_string())]), Some(Duration::from_secs(value.into())));
        }
    }
}
