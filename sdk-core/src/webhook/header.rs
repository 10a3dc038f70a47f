//! Reading the headers that carry signatures.

use super::WebhookError;
use super::candidates::{Candidate, Candidates};
use super::fields::{Fields, HeaderField};
use super::timestamp::Timestamp;

/// The one value of the header at a place, without surrounding spaces. A second value is refused: who reads the message later might
/// take the one that was not verified.
pub(super) fn single<'a>(fields: &Fields<'a>, place: usize) -> Result<&'a str, WebhookError> {
    let (header, field) = fields.get(place);
    let malformed = |problem| WebhookError::Malformed { header, problem };
    let value = match field {
        HeaderField::Absent => return Err(WebhookError::MissingHeader(header)),
        HeaderField::Repeated => return Err(malformed("appears more than once")),
        HeaderField::Once(value) => value,
    };
    let visible = value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let text = std::str::from_utf8(value).ok().filter(|_| visible);
    let text = text.ok_or_else(|| malformed("holds characters other than visible ASCII"))?.trim_ascii();
    if text.is_empty() { Err(malformed("is empty")) } else { Ok(text) }
}

/// A header of which something is wrong.
pub(super) fn malformed(fields: &Fields<'_>, place: usize, problem: &'static str) -> WebhookError {
    WebhookError::Malformed { header: fields.get(place).0, problem }
}

/// The first header, which is one MAC in hexadecimal after `prefix`, of `N` bytes.
pub(super) fn hex_mac<'a, const N: usize>(fields: &Fields<'a>, prefix: &str) -> Result<Candidates<'a>, WebhookError> {
    let candidate = single(fields, 0)?.strip_prefix(prefix).map(Candidate::HexMac);
    candidate
        .filter(|candidate| candidate.mac::<N>().is_some())
        .map(Candidates::from)
        .ok_or_else(|| malformed(fields, 0, "is not one signature in lower-case hexadecimal"))
}

/// The first header, of the form `t=<seconds>,<name>=<hex>`: several signatures are possible, the order does not matter, elements
/// of other names say nothing, and a signature that cannot be read is one that does not match.
pub(super) fn timed_list<'a>(fields: &Fields<'a>, name: &str) -> Result<(Timestamp<'a>, Candidates<'a>), WebhookError> {
    let malformed = |problem| malformed(fields, 0, problem);
    let mut timestamp = None;
    let mut candidates = Candidates::default();
    for element in single(fields, 0)?.split(',') {
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
    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    static NAMES: [HeaderName; 1] = [HeaderName::from_static("x-signature")];

    fn headers<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> HeaderMap {
        let values = values.into_iter().map(|value| HeaderValue::from_bytes(value).unwrap());
        values.map(|value| (NAMES[0].clone(), value)).collect()
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
        let of = |map: HeaderMap| single(&Fields::of(&NAMES, &map), 0).map(str::to_owned);
        assert_eq!(of(headers([&b" a "[..]])).unwrap(), "a");
        assert!(matches!(of(HeaderMap::new()), Err(WebhookError::MissingHeader("x-signature"))));
        assert_eq!(problem(of(headers([&b"a"[..], b"a"]))), "appears more than once");
        assert_eq!(problem(of(headers([&b" "[..]]))), "is empty");
        assert_eq!(problem(of(headers(["\u{e9}".as_bytes()]))), "holds characters other than visible ASCII");
        for byte in [b'\n', b'\r', 0, 0x7f, 0x80] {
            // What no `HeaderMap` would hold, but a host may hand over.
            let value = [b'a', byte];
            let fields = Fields::new(&NAMES, [HeaderField::Once(&value)]);
            assert_eq!(problem(single(&fields, 0)), "holds characters other than visible ASCII", "{byte}");
        }
    }

    #[test]
    fn every_fault_of_a_timed_list_is_named() {
        let fault = |value: &str| problem(timed_list(&Fields::of(&NAMES, &headers([value.as_bytes()])), "s"));
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
                let fields = Fields::new(&NAMES, [HeaderField::Once(value)]);
                let _any = (timed_list(&fields, "s").is_ok(), hex_mac::<32>(&fields, "s=").is_ok());
            }
        }
    }
}
