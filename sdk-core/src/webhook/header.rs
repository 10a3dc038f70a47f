//! Reading the headers that carry signatures.

use http::{HeaderMap, HeaderName};

use super::WebhookError;
use super::candidates::{Candidate, Candidates};
use super::timestamp::Timestamp;

/// The one value of a header, without surrounding spaces. A second value is refused: who reads the message later might
/// take the one that was not verified.
pub(super) fn single<'a>(headers: &'a HeaderMap, header: &'static HeaderName) -> Result<&'a str, WebhookError> {
    let malformed = |problem| WebhookError::Malformed { header: header.as_str(), problem };
    let mut values = headers.get_all(header).iter();
    let value = values.next().ok_or(WebhookError::MissingHeader(header.as_str()))?;
    if values.next().is_some() {
        return Err(malformed("appears more than once"));
    }
    let text = value.to_str().map_err(|_| malformed("holds characters other than visible ASCII"))?.trim_ascii();
    if text.is_empty() { Err(malformed("is empty")) } else { Ok(text) }
}

/// A header that is one MAC in hexadecimal after `prefix`, of `N` bytes.
pub(super) fn hex_mac<'a, const N: usize>(
    headers: &'a HeaderMap,
    header: &'static HeaderName,
    prefix: &str,
) -> Result<Candidates<'a>, WebhookError> {
    let malformed =
        WebhookError::Malformed { header: header.as_str(), problem: "is not one signature in lower-case hexadecimal" };
    let text = single(headers, header)?;
    let candidate = text.strip_prefix(prefix).map(Candidate::HexMac);
    candidate.filter(|candidate| candidate.mac::<N>().is_some()).map(Candidates::from).ok_or(malformed)
}

/// A header of the form `t=<seconds>,<name>=<hex>`: several signatures are possible, the order does not matter, elements
/// of other names say nothing, and a signature that cannot be read is one that does not match.
pub(super) fn timed_list<'a>(
    headers: &'a HeaderMap,
    header: &'static HeaderName,
    name: &str,
) -> Result<(Timestamp<'a>, Candidates<'a>), WebhookError> {
    let malformed = |problem| WebhookError::Malformed { header: header.as_str(), problem };
    let mut timestamp = None;
    let mut candidates = Candidates::default();
    for element in single(headers, header)?.split(',') {
        let element = element.trim_ascii();
        if let Some(value) = element.strip_prefix("t=") {
            let time =
                Timestamp::parse(value).ok_or(malformed("has a timestamp that is no whole number of seconds"))?;
            if timestamp.replace(time).is_some() {
                return Err(malformed("has two timestamps"));
            }
        } else if let Some(value) = element.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            candidates.push(Candidate::HexMac(value)).map_err(malformed)?;
        } else if !element.contains('=') {
            return Err(malformed("has an element that is not `name=value`"));
        }
    }
    Ok((timestamp.ok_or(malformed("has no timestamp"))?, candidates))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    static NAME: HeaderName = HeaderName::from_static("x-signature");

    fn headers<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> HeaderMap {
        let values = values.into_iter().map(|value| HeaderValue::from_bytes(value).unwrap());
        values.map(|value| (NAME.clone(), value)).collect()
    }

    fn problem<T>(outcome: Result<T, WebhookError>) -> &'static str {
        match outcome {
            Err(WebhookError::Malformed { header: "x-signature", problem }) => problem,
            Err(other) => panic!("{other}"),
            Ok(_) => "",
        }
    }

    #[test]
    fn a_header_is_there_exactly_once() {
        assert_eq!(single(&headers([&b" a "[..]]), &NAME).unwrap(), "a");
        assert!(matches!(single(&HeaderMap::new(), &NAME), Err(WebhookError::MissingHeader("x-signature"))));
        assert_eq!(problem(single(&headers([&b"a"[..], b"a"]), &NAME)), "appears more than once");
        assert_eq!(problem(single(&headers([&b" "[..]]), &NAME)), "is empty");
        assert_eq!(
            problem(single(&headers(["\u{e9}".as_bytes()]), &NAME)),
            "holds characters other than visible ASCII"
        );
    }

    #[test]
    fn every_fault_of_a_timed_list_is_named() {
        let fault = |value: &str| problem(timed_list(&headers([value.as_bytes()]), &NAME, "s"));
        assert_eq!(fault("s=0,other=1, t=5"), "");
        assert_eq!(fault("t=5"), "", "what it means that there is no signature is for the scheme to say");
        assert_eq!(fault("s=0"), "has no timestamp");
        assert_eq!(fault("t=5,t=5"), "has two timestamps");
        assert_eq!(fault("t=5.0,s=0"), "has a timestamp that is no whole number of seconds");
        assert_eq!(fault("t=5;s"), "has a timestamp that is no whole number of seconds");
        assert_eq!(fault("t=5,s"), "has an element that is not `name=value`");
        assert_eq!(fault(&format!("t=5{}", ",s=0".repeat(10_000))), "offers more than 16 signatures");
    }

    proptest! {
        #[test]
        fn no_header_panics(value in prop::collection::vec(b' '..=b'~', 0..80), other in "[ts0-9=, ]{0,40}") {
            for value in [value.as_slice(), other.as_bytes()] {
                let headers = headers([value]);
                let _any = (timed_list(&headers, &NAME, "s").is_ok(), hex_mac::<32>(&headers, &NAME, "s=").is_ok());
            }
        }
    }
}
