//! What is written down of an exchange, and what is not.

use acd_core::Secret;
use acd_core::testing::Redaction;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::body::StoredBody;
use super::exchange::{StoredAnswer, StoredRequest};
use super::json::{Pattern, hide};

/// Headers that differ from run to run or that belong to the connection: in a cassette they are noise.
const NOISE: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "idempotency-key",
    "keep-alive",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "user-agent",
];

/// Keeps secrets out of a [`Cassette`](super::Cassette). It is applied while recording, so that a secret never reaches the
/// file, and to the requests that a [`Replay`](super::Replay) compares: give both the same.
///
/// Without settings it writes down
/// - of headers and of query and form parameters the names, and the values of those that a client's own log shows;
/// - of JSON everything but strings and numbers in fields whose name tells (`access_token`, `client_secret` …) and what
///   looks like a key: opaque runs of 20 characters or more, and what follows `Bearer`;
/// - of other text everything but what looks like a secret in the same way;
/// - nowhere what the request carried in a header that is marked sensitive or whose name tells.
#[derive(Clone, Debug, Default)]
pub struct Sanitiser {
    redaction: Redaction,
    hidden: Vec<Pattern>,
    shown: Vec<Pattern>,
    replacements: Vec<(Secret, String)>,
    dates: bool,
}

impl Sanitiser {
    /// One without settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes down the values of this header. Values marked sensitive stay hidden.
    #[must_use]
    pub fn show_header(mut self, name: &HeaderName) -> Self {
        self.redaction.show_header(name);
        self
    }

    /// Writes down the values of this parameter, in queries and in form bodies.
    #[must_use]
    pub fn show_parameter(mut self, name: impl Into<String>) -> Self {
        self.redaction.show_query(name);
        self
    }

    /// Hides what JSON bodies hold at `pointer` (RFC 6901, with `*` for every element or member), such as
    /// `/data/*/email`. Numbers become 0, strings a placeholder, so that the document can still be decoded.
    ///
    /// # Panics
    /// When it is no JSON pointer.
    #[must_use]
    #[track_caller]
    pub fn hide_json(mut self, pointer: &str) -> Self {
        self.hidden.push(Pattern::new(pointer));
        self
    }

    /// Writes down what JSON bodies hold at `pointer` although it looks like a secret: ids of some vendors do.
    ///
    /// # Panics
    /// When it is no JSON pointer.
    #[must_use]
    #[track_caller]
    pub fn show_json(mut self, pointer: &str) -> Self {
        self.shown.push(Pattern::new(pointer));
        self
    }

    /// Writes `with` wherever `text` would stand: in URLs, headers and bodies. For what identifies an account or a
    /// machine, such as `127.0.0.1:49152`.
    #[must_use]
    pub fn replace(mut self, text: impl Into<Secret>, with: impl Into<String>) -> Self {
        self.replacements.push((text.into(), with.into()));
        self
    }

    /// Writes down the answers' `Date`, which makes every recording differ.
    #[must_use]
    pub fn keep_dates(mut self) -> Self {
        self.dates = true;
        self
    }

    pub(super) fn request(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> StoredRequest {
        let known = self.known(headers);
        StoredRequest {
            method: method.as_str().to_owned(),
            url: self.url(uri, &known),
            headers: self.headers(headers, &known),
            body: self.body(headers, body, &known),
        }
    }

    /// `known` is what the request carried: servers quote it.
    pub(super) fn answer(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        known: &[String],
    ) -> StoredAnswer {
        let headers_kept = self.headers(headers, known);
        StoredAnswer { status: status.as_u16(), headers: headers_kept, body: self.body(headers, body, known) }
    }

    /// The secrets of a request in every form in which they may turn up again.
    pub(super) fn known(&self, headers: &HeaderMap) -> Vec<String> {
        let secret =
            |name: &HeaderName, value: &HeaderValue| value.is_sensitive() || self.redaction.is_telling(name.as_str());
        let values =
            headers.iter().filter(|(name, value)| secret(name, value)).filter_map(|(_, value)| value.to_str().ok());
        let mut known = Vec::new();
        for value in values.map(str::trim).filter(|value| !value.is_empty()) {
            // An `Authorization` value is a scheme and the secret.
            for text in [Some(value), value.split_once(' ').map(|(_, credentials)| credentials)].into_iter().flatten() {
                known.push(text.to_owned());
                known.push(utf8_percent_encode(text, NON_ALPHANUMERIC).to_string());
            }
        }
        // The longest first: one secret may begin like another.
        known.sort_by_key(|text| std::cmp::Reverse(text.len()));
        known.dedup();
        known
    }

    fn url(&self, uri: &Uri, known: &[String]) -> String {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        // An authority may carry `user:password@`.
        let host = authority.rsplit('@').next().unwrap_or_default();
        let mut url = format!("{}://{host}{}", uri.scheme_str().unwrap_or("http"), uri.path());
        if let Some(query) = uri.query() {
            url.push('?');
            url.push_str(&self.parameters(query));
        }
        self.exact(&url, known)
    }

    fn parameters(&self, pairs: &str) -> String {
        let shown = |pair: &str| match pair.split_once('=') {
            Some((name, _)) if self.redaction.shows_query(name) => pair.to_owned(),
            Some((name, _)) => format!("{name}={}", Redaction::PLACEHOLDER),
            // A flag has a name alone; what is no form at all looks the same.
            None => self.redaction.scrub(pair, []),
        };
        pairs.split('&').map(shown).collect::<Vec<_>>().join("&")
    }

    fn headers(&self, headers: &HeaderMap, known: &[String]) -> Vec<(String, String)> {
        let is_noise = |name: &str| {
            // A secret can be a name too, in lower case as all names are; a name has to stay one, so it is left out.
            let is_secret = known.iter().any(|secret| name.contains(&secret.to_ascii_lowercase()));
            is_secret || NOISE.contains(&name) || (name == "date" && !self.dates)
        };
        let shown = |(name, value): (&HeaderName, &HeaderValue)| {
            let text = match value.to_str() {
                Ok(text) if self.redaction.shows_header(name, value) => self.exact(text, known),
                _ => Redaction::PLACEHOLDER.to_owned(),
            };
            (name.as_str().to_owned(), text)
        };
        let mut kept: Vec<_> = headers.iter().filter(|(name, _)| !is_noise(name.as_str())).map(shown).collect();
        // Stable, so that values of one name keep their order.
        kept.sort_by(|one, two| one.0.cmp(&two.0));
        kept
    }

    fn body(&self, headers: &HeaderMap, body: &[u8], known: &[String]) -> StoredBody {
        let Ok(text) = std::str::from_utf8(body) else {
            let replacements = self.replacements.iter().map(|(text, with)| (text.expose().as_bytes(), with.as_bytes()));
            let known = known.iter().map(|text| (text.as_bytes(), Redaction::PLACEHOLDER.as_bytes()));
            return StoredBody::new(
                &known.chain(replacements).fold(body.to_vec(), |bytes, (from, to)| swap(&bytes, from, to)),
            );
        };
        // Whatever the content type says: it may be wrong, and a document is recognised for sure.
        let Ok(document) = serde_json::from_str::<Value>(text) else {
            let content_type = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let is_form = content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
            let clean = if is_form { self.exact(&self.parameters(text), known) } else { self.guessed(text, known) };
            return StoredBody::new(clean.as_bytes());
        };
        let mut clean = document.clone();
        self.json(&mut clean, &mut Vec::new(), known);
        // Its own spelling, if nothing had to go.
        let text = if clean == document { text.to_owned() } else { clean.to_string() };
        StoredBody::new(text.as_bytes())
    }

    fn json(&self, value: &mut Value, path: &mut Vec<String>, known: &[String]) {
        if self.hidden.iter().any(|pattern| pattern.matches(path)) {
            return hide(value);
        }
        let is_shown = self.shown.iter().any(|pattern| pattern.matches(path));
        if !is_shown && path.last().is_some_and(|name| self.redaction.is_telling(name)) {
            return hide(value);
        }
        match value {
            Value::String(text) if is_shown => *text = self.exact(text, known),
            Value::String(text) => *text = self.guessed(text, known),
            Value::Array(elements) => {
                for (index, element) in elements.iter_mut().enumerate() {
                    path.push(index.to_string());
                    self.json(element, path, known);
                    path.pop();
                }
            }
            Value::Object(members) => {
                for (name, mut member) in std::mem::take(members) {
                    path.push(name.clone());
                    self.json(&mut member, path, known);
                    path.pop();
                    members.insert(self.exact(&name, known), member);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Without what is known to be secret and with the replacements.
    fn exact(&self, text: &str, known: &[String]) -> String {
        let clean = known.iter().fold(text.to_owned(), |text, secret| text.replace(secret, Redaction::PLACEHOLDER));
        let wanted = self.replacements.iter().filter(|(text, _)| !text.is_blank());
        wanted.fold(clean, |text, (from, to)| text.replace(from.expose(), to))
    }

    /// The same, and without what looks like a secret.
    fn guessed(&self, text: &str, known: &[String]) -> String {
        self.redaction.scrub(&self.exact(text, known), [])
    }
}

fn swap(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut swapped = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        match rest.strip_prefix(from).filter(|_| !from.is_empty()) {
            Some(after) => {
                swapped.extend_from_slice(to);
                rest = after;
            }
            None => {
                swapped.push(*first);
                rest = tail;
            }
        }
    }
    swapped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(sanitiser: &Sanitiser, content_type: &'static str, body: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        let body =
            sanitiser.request(&Method::POST, &Uri::from_static("https://x.test/"), &headers, body.as_bytes()).body;
        String::from_utf8(body.bytes().unwrap().to_vec()).unwrap()
    }

    #[test]
    fn json_without_secrets_keeps_its_own_spelling() {
        let body = r#"{"b": 1.10, "a": [1, 2]}"#;
        assert_eq!(stored(&Sanitiser::new(), "application/json", body), body);
    }

    #[test]
    fn json_places_are_hidden_and_shown_as_configured() {
        let sanitiser = Sanitiser::new().hide_json("/data/*/email").show_json("/data/*/id").show_json("/page_token");
        let body =
            r#"{"data":[{"email":"a@b","id":"ch_3MmlLrLkdIwHu7ix0snN0B15","n":7}],"page_token":"p","token":{"v":5}}"#;
        let expected = r#"{"data":[{"email":"[redacted]","id":"ch_3MmlLrLkdIwHu7ix0snN0B15","n":7}],"page_token":"p","token":{"v":0}}"#;
        assert_eq!(stored(&sanitiser, "application/json", body), expected);
        let hidden = stored(&Sanitiser::new(), "application/json", body);
        assert!(!hidden.contains("ch_3Mml") && hidden.contains("a@b"), "{hidden}");
    }

    #[test]
    fn forms_are_shown_by_allow_list() {
        let sanitiser = Sanitiser::new().show_parameter("grant_type");
        let body = "grant_type=refresh&code=two%20words&client_secret=x&flag";
        let expected = "grant_type=refresh&code=[redacted]&client_secret=[redacted]&flag";
        assert_eq!(stored(&sanitiser, "application/x-www-form-urlencoded", body), expected);
    }

    #[test]
    fn bytes_are_swapped_wherever_they_stand() {
        assert_eq!(swap(b"\xffab\xffab", b"ab", b"c"), b"\xffc\xffc");
        assert_eq!(swap(b"ab", b"", b"c"), b"ab");
    }

    #[test]
    fn printing_shows_no_replaced_text() {
        let sanitiser = Sanitiser::new().replace("hunter2", "x");
        assert!(!format!("{sanitiser:?}").contains("hunter2"));
    }
}
