//! What may be shown of an exchange. Headers and query values are shown by allow-list; text from a server, which may
//! quote what it was sent, is searched for secrets.

mod text;

use std::borrow::Cow;
use std::fmt;

use http::Uri;
use http::header::{HeaderMap, HeaderName, HeaderValue};

pub(crate) use text::{is_telling, quotes, scrub, scrub_known};

/// What stands in the place of something hidden.
pub(crate) const REDACTED: &str = "[redacted]";

const HEADERS: [&str; 22] = [
    "accept",
    "allow",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "idempotency-key",
    "if-none-match",
    "ratelimit",
    "ratelimit-policy",
    "request-id",
    "retry-after",
    "server",
    "traceparent",
    "transfer-encoding",
    "user-agent",
    "vary",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-request-id",
];

const QUERY: [&str; 7] = ["cursor", "fields", "limit", "order", "page", "sort", "version"];

/// The allow-lists of a client's wire log.
#[derive(Clone, Debug)]
pub(crate) struct AllowList {
    headers: Vec<Cow<'static, str>>,
    query: Vec<Cow<'static, str>>,
}

impl AllowList {
    pub(crate) fn allow_header(&mut self, name: &HeaderName) {
        self.headers.push(name.as_str().to_owned().into());
    }

    pub(crate) fn allow_query(&mut self, name: impl Into<String>) {
        self.query.push(name.into().into());
    }

    /// Whether this value of this header is shown.
    pub(crate) fn shows_header(&self, name: &HeaderName, value: &HeaderValue) -> bool {
        !value.is_sensitive() && self.headers.iter().any(|shown| shown == name.as_str())
    }

    /// Whether the values of this query parameter are shown.
    pub(crate) fn shows_query(&self, name: &str) -> bool {
        self.query.iter().any(|shown| shown == name)
    }

    /// The URL without the values of query parameters that are not on the list.
    pub(crate) fn uri<'a>(&'a self, uri: &'a Uri) -> impl fmt::Display + 'a {
        ShownUri { list: self, uri }
    }

    /// The headers without the values that are not on the list or are marked sensitive.
    pub(crate) fn headers<'a>(&'a self, headers: &'a HeaderMap) -> impl fmt::Debug + 'a {
        ShownHeaders { list: self, headers }
    }
}

impl Default for AllowList {
    fn default() -> Self {
        Self { headers: HEADERS.map(Cow::Borrowed).into(), query: QUERY.map(Cow::Borrowed).into() }
    }
}

struct ShownUri<'a> {
    list: &'a AllowList,
    uri: &'a Uri,
}

impl fmt::Display for ShownUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(scheme), Some(authority)) = (self.uri.scheme_str(), self.uri.authority()) {
            // An authority may carry `user:password@`.
            let host = authority.as_str().rsplit('@').next().unwrap_or_default();
            write!(f, "{scheme}://{host}")?;
        }
        f.write_str(self.uri.path())?;
        let mut separator = '?';
        for pair in self.uri.query().into_iter().flat_map(|query| query.split('&')) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let shown = if self.list.shows_query(name) { value } else { REDACTED };
            write!(f, "{separator}{name}={shown}")?;
            separator = '&';
        }
        Ok(())
    }
}

struct ShownHeaders<'a> {
    list: &'a AllowList,
    headers: &'a HeaderMap,
}

impl fmt::Debug for ShownHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |name: &HeaderName, value: &HeaderValue| {
            if self.list.shows_header(name, value) {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            } else {
                REDACTED.to_owned()
            }
        };
        f.debug_map().entries(self.headers.iter().map(|(name, value)| (name.as_str(), shown(name, value)))).finish()
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn only_listed_query_values_are_shown() {
        let mut list = AllowList::default();
        list.allow_query("region");
        let uri = Uri::from_static("https://u:p@x.test/v1/a?limit=5&token=hunter2&region=eu&flag");
        let shown = "https://x.test/v1/a?limit=5&token=[redacted]&region=eu&flag=[redacted]";
        assert_eq!(list.uri(&uri).to_string(), shown);
    }

    #[test]
    fn only_listed_headers_are_shown_and_never_sensitive_ones() {
        let list = AllowList::default();
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer hunter2"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        let mut etag = HeaderValue::from_static("hunter3");
        etag.set_sensitive(true);
        headers.insert(header::ETAG, etag);
        let shown = format!("{:?}", list.headers(&headers));
        assert!(shown.contains("text/plain") && shown.contains("authorization"), "{shown}");
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
