//! Finding secrets in text that a server wrote.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::REDACTED;

/// What a URL cannot hold as it is ([RFC 3986 section 2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A word that makes the value after it a secret.
const TELLING: [&str; 10] = [
    "token",
    "secret",
    "password",
    "passwd",
    "authorization",
    "apikey",
    "credential",
    "cookie",
    "signature",
    "privatekey",
];

/// From this length on, a run of letters and digits without any structure is taken for a key. Ids of our own are
/// shorter or are UUIDs.
const OPAQUE: usize = 20;

/// `text` without secrets: the ones that are quoted, values of fields whose name tells, what follows `Bearer` and `Basic`,
/// and long opaque runs.
pub(crate) fn scrub(text: &str, quotes: &[String]) -> String {
    scrub_guessed(&scrub_known(text, quotes))
}

/// `text` without what it quotes.
pub(crate) fn scrub_known(text: &str, quotes: &[String]) -> String {
    let mut text = text.to_owned();
    for quote in quotes {
        if text.contains(quote) {
            text = text.replace(quote, REDACTED);
        }
    }
    text
}

/// The forms in which a server may quote the secrets `known`, which the request carried.
pub(crate) fn quotes<'a>(known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut quotes = Vec::new();
    for value in known {
        for part in parts(value) {
            if !part.trim().is_empty() {
                quotes.extend(forms(&part));
            }
        }
    }
    quotes
}

/// A header's value and what it is made of, the longest first: an `Authorization` value is a scheme and the secret, and
/// servers quote the second alone, or what `Basic` stands for.
fn parts(value: &str) -> Vec<String> {
    let mut parts = vec![value.to_owned()];
    let Some((scheme, credentials)) = value.split_once(' ') else { return parts };
    parts.push(credentials.to_owned());
    if scheme.eq_ignore_ascii_case("basic")
        && let Some(pair) = decoded(credentials)
    {
        let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
        let (longer, shorter) = if user.len() < password.len() { (password, user) } else { (user, password) };
        parts.extend([pair.clone(), longer.to_owned(), shorter.to_owned()]);
    }
    parts
}

/// The text that is encoded in base64. A decoder that refuses what is written otherwise than it should is several times as large,
/// which counts in a WebAssembly module.
fn decoded(base64: &str) -> Option<String> {
    let (mut text, mut held, mut bits) = (Vec::new(), 0_u32, 0_u32);
    for symbol in base64.trim_end_matches('=').bytes() {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            let [byte, ..] = (held >> bits).to_le_bytes();
            text.push(byte);
        }
    }
    String::from_utf8(text).ok()
}

/// As it is, within JSON, within JSON by a writer that escapes slashes, and within a URL.
fn forms(secret: &str) -> [String; 4] {
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(secret).to_owned();
    let slashes = json.replace('/', "\\/");
    [secret.to_owned(), slashes, json, utf8_percent_encode(secret, RESERVED).to_string()]
}

fn scrub_guessed(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = "";
    while let Some(start) = rest.find(is_word) {
        let (gap, tail) = rest.split_at(start);
        clean.push_str(gap);
        let word_end = tail.find(|c| !is_word(c)).unwrap_or(tail.len());
        // A quoted value of a telling field is hidden to its closing quote, spaces and all.
        let end = match (is_value_of(before, gap), quote(gap)) {
            (true, Some(quote)) => quoted_end(tail, quote).max(word_end),
            _ => word_end,
        };
        let (word, after) = tail.split_at(end);
        let hide = is_value_of(before, gap) || is_credentials_of(before, gap) || is_opaque(word);
        // The scheme's name is no secret, and it tells that the next word is one.
        if hide && !is_scheme(word) && word != "redacted" {
            clean.push_str(REDACTED);
        } else {
            clean.push_str(word);
        }
        before = word;
        rest = after;
    }
    clean.push_str(rest);
    clean
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '~')
}

fn is_value_of(name: &str, gap: &str) -> bool {
    let separated = gap.contains([':', '=']) && gap.chars().all(|c| matches!(c, ':' | '=' | '"' | '\'' | '\\' | ' '));
    separated && is_telling(name)
}

/// Whether a field or header of this name holds a secret by all experience.
pub(crate) fn is_telling(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase()).collect();
    TELLING.iter().any(|word| plain.contains(word))
}

fn is_credentials_of(name: &str, gap: &str) -> bool {
    is_scheme(name) && !gap.is_empty() && gap.chars().all(char::is_whitespace)
}

fn is_scheme(word: &str) -> bool {
    ["bearer", "basic"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

fn quote(gap: &str) -> Option<char> {
    gap.chars().next_back().filter(|c| matches!(c, '"' | '\''))
}

fn quoted_end(tail: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in tail.char_indices() {
        match c {
            '\\' => escaped = !escaped,
            _ if c == quote && !escaped => return at,
            _ => escaped = false,
        }
    }
    tail.len()
}

fn is_opaque(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let letters = word.chars().filter(char::is_ascii_alphabetic).count();
    word.len() >= OPAQUE && digits >= 2 && letters >= 1 && !ends_in_uuid(word)
}

/// UUIDs are ids, not secrets; ours have a prefix, as in `key_01890a5d-ac96-774b-bcce-b302099a8057`.
fn ends_in_uuid(word: &str) -> bool {
    let id = word.rsplit('_').next().unwrap_or(word);
    let is_part = |part: &str| part.bytes().all(|digit| digit.is_ascii_hexdigit());
    id.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && id.split('-').all(is_part)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_encoded_in_base64_is_found(text in ".*") {
            prop_assert_eq!(decoded(&STANDARD.encode(&text)), Some(text.clone()));
            prop_assert_eq!(decoded(&STANDARD_NO_PAD.encode(&text)), Some(text));
        }

        #[test]
        fn any_text_can_be_looked_at(text in ".*") {
            decoded(&text);
        }
    }

    fn guess(text: &str) -> String {
        scrub(text, &[])
    }

    #[test]
    fn fields_with_telling_names_lose_their_values() {
        assert_eq!(guess(r#"{"access_token":"abc","n":1}"#), r#"{"access_token":"[redacted]","n":1}"#);
        assert_eq!(guess(r#"{"password": "two \" words"}"#), r#"{"password": "[redacted]"}"#);
        assert_eq!(guess("client_secret=abc&x=1"), "client_secret=[redacted]&x=1");
        assert_eq!(guess("Authorization: Bearer abc.def"), "Authorization: Bearer [redacted].def");
    }

    #[test]
    fn long_opaque_runs_are_hidden_and_ids_are_not() {
        assert_eq!(guess("bad key sk_live_51Habcdefghijkl0987"), "bad key [redacted]");
        for kept in [
            "no key_01890a5d-ac96-774b-bcce-b302099a8057 here",
            "the_parameter_is_not_a_number",
            "2026-11-22T10:00:00Z took 35 ms",
            "token is expired",
        ] {
            assert_eq!(guess(kept), kept);
        }
    }

    #[test]
    fn what_was_sent_is_hidden_wherever_it_appears() {
        assert_eq!(scrub("x hunter2 y", &quotes(["Bearer hunter2"])), "x [redacted] y");
        assert_eq!(scrub("x Bearer hunter2 y", &quotes(["Bearer hunter2"])), "x [redacted] y");
        assert_eq!(scrub("untouched", &quotes(["", " "])), "untouched");
    }

    #[test]
    fn what_was_sent_is_hidden_in_every_form_that_a_server_may_give_it() {
        let quoted = r#"a/b+c=="d" a\/b+c==\"d\" a/b+c==\"d\" a%2Fb%2Bc%3D%3D%22d%22"#;
        assert_eq!(scrub_known(quoted, &quotes([r#"Bearer a/b+c=="d""#])), [REDACTED; 4].join(" "));
        let basic = format!("Basic {}", STANDARD.encode("alice:swordfish"));
        let told = scrub_known("no swordfish for alice", &quotes([basic.as_str()]));
        assert_eq!(told, "no [redacted] for [redacted]");
    }

    proptest! {
        #[test]
        fn a_known_secret_never_survives(
            before in ".{0,40}", secret in "[a-zA-Z0-9]{6,40}", after in ".{0,40}",
        ) {
            prop_assume!(!"[redacted]".contains(&secret));
            let clean = scrub(&format!("{before}{secret}{after}"), &quotes([secret.as_str()]));
            prop_assert!(!clean.contains(&secret));
        }
    }
}
