//! From a base URL, a path template, path parameters and a query to an absolute URL.

use std::fmt;

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;

/// RFC 3986's unreserved characters stay as they are; everything else is encoded in path segments and query alike, so
/// that no value can add a segment or a pair.
pub(crate) const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a server's API begins: scheme, authority and perhaps a path prefix, without a trailing slash.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl(String);

impl BaseUrl {
    /// Checks a base URL as it comes from settings.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| Err(Error::new(ErrorKind::Configuration, format!("the base URL {why}")));
        let url = Url::parse(text).map_err(|cause| {
            // The text itself is not repeated: it may hold a password.
            Error::new(ErrorKind::Configuration, "the base URL is not a URL such as https://api.example.com")
                .with_source(cause)
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return refuse("must start with http:// or https://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("must not hold a user or password: give them to the client's auth instead");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("must not hold a query or fragment");
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// Whether `uri` has the same scheme, host and port, so that it may see what the base URL's server may see.
    pub(crate) fn has_origin_of(&self, uri: &Uri) -> bool {
        let of = |text: &str| Url::parse(text).ok().map(|url| url.origin());
        of(&self.0) == of(&uri.to_string())
    }
}

/// A URL in the making.
pub(crate) struct Target {
    parameters: Vec<(&'static str, String)>,
    query: String,
    elsewhere: Option<String>,
}

impl Target {
    pub(crate) const fn new() -> Self {
        Self { parameters: Vec::new(), query: String::new(), elsewhere: None }
    }

    pub(crate) fn path_param(&mut self, name: &'static str, value: impl fmt::Display) {
        self.parameters.push((name, value.to_string()));
    }

    pub(crate) fn query(&mut self, name: &str, value: impl fmt::Display) {
        self.separate();
        self.query.extend(utf8_percent_encode(name, ENCODED));
        self.query.push('=');
        self.query.extend(utf8_percent_encode(&value.to_string(), ENCODED));
    }

    /// Adds pairs that are encoded already.
    pub(crate) fn encoded_query(&mut self, pairs: &str) {
        if !pairs.is_empty() {
            self.separate();
            self.query.push_str(pairs);
        }
    }

    fn separate(&mut self) {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
    }

    /// Goes to this absolute URL in the place of the base URL and the operation's path.
    pub(crate) fn elsewhere(&mut self, url: &str) {
        self.elsewhere = Some(url.to_owned());
    }

    pub(crate) fn is_elsewhere(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// Fills the template. Every parameter must be given exactly once, and none may be left over.
    pub(crate) fn resolve(&self, base: &BaseUrl, operation: &Operation) -> Result<Uri> {
        if let Some(url) = &self.elsewhere {
            return self.resolve_elsewhere(url, base, operation);
        }
        let mut url = String::with_capacity(base.0.len() + operation.path().len() + self.query.len() + 32);
        url.push_str(&base.0);
        let mut used = 0;
        let mut rest = operation.path();
        while let Some((literal, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').unwrap_or((after, ""));
            url.push_str(literal);
            url.extend(utf8_percent_encode(self.parameter(name, operation)?, ENCODED));
            used += 1;
            rest = tail;
        }
        url.push_str(rest);
        if used != self.parameters.len() {
            return Err(refused(operation, "was given a path parameter that its path does not have, or one twice"));
        }
        url.push_str(&self.query);
        Uri::try_from(url).map_err(|cause| refused(operation, "has a URL that is not valid").with_source(cause))
    }

    /// Checks a URL that a server gave. It is not repeated in errors: whoever holds it may often write to it.
    fn resolve_elsewhere(&self, url: &str, base: &BaseUrl, operation: &Operation) -> Result<Uri> {
        let mut url = Url::parse(url)
            .map_err(|cause| refused(operation, "was given a URL that is not an absolute one").with_source(cause))?;
        if !matches!((url.scheme(), base.0.starts_with("https:")), ("https", _) | ("http", false)) {
            return Err(refused(operation, "was given a URL that is not https, or not http where the base URL is"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused(operation, "was given a URL with a user or password"));
        }
        url.set_fragment(None);
        let mut text = String::from(url);
        // What is added here begins with a question mark.
        let more = if text.contains('?') { self.query.replacen('?', "&", 1) } else { self.query.clone() };
        text.push_str(&more);
        Uri::try_from(text).map_err(|cause| refused(operation, "has a URL that is not valid").with_source(cause))
    }

    fn parameter(&self, name: &str, operation: &Operation) -> Result<&str> {
        let Some((_, value)) = self.parameters.iter().find(|(known, _)| *known == name) else {
            return Err(refused(operation, &format!("lacks its path parameter `{name}`")));
        };
        // An empty segment or a dot segment would reach another path than the declared one, and encoding does not help:
        // URL parsers resolve `%2e%2e` as they resolve `..`.
        if matches!(value.as_str(), "" | "." | "..") {
            return Err(refused(operation, &format!("was given {value:?} as path parameter `{name}`")));
        }
        Ok(value)
    }
}

fn refused(operation: &Operation, why: &str) -> Error {
    Error::new(ErrorKind::Request, format!("{} {why}", operation.path())).with_operation(operation.name())
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    const GET: Operation = Operation::new("test.get", Method::GET, "/v1/a/{a}/b/{b}");

    fn resolve(base: &str, parameters: &[(&'static str, &str)], query: &[(&str, &str)]) -> Result<String> {
        let mut target = Target::new();
        for (name, value) in parameters {
            target.path_param(name, value);
        }
        for (name, value) in query {
            target.query(name, value);
        }
        target.resolve(&BaseUrl::parse(base)?, &GET).map(|uri| uri.to_string())
    }

    #[test]
    fn values_cannot_leave_their_segment_or_pair() {
        let url = resolve("https://x.test/api/", &[("a", "1/2?#%"), ("b", "é ")], &[("q", "a&b=c+d"), ("r", "")]);
        assert_eq!(url.unwrap(), "https://x.test/api/v1/a/1%2F2%3F%23%25/b/%C3%A9%20?q=a%26b%3Dc%2Bd&r=");
    }

    #[test]
    fn parameters_that_change_the_path_are_refused() {
        for bad in ["", ".", ".."] {
            let error = resolve("https://x.test", &[("a", bad), ("b", "1")], &[]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Request);
        }
    }

    #[test]
    fn a_missing_or_unknown_parameter_is_named() {
        let missing = resolve("https://x.test", &[("a", "1")], &[]).unwrap_err();
        assert!(missing.to_string().contains("`b`"), "{missing}");
        assert!(resolve("https://x.test", &[("a", "1"), ("b", "2"), ("c", "3")], &[]).is_err());
        assert!(resolve("https://x.test", &[("a", "1"), ("b", "2"), ("a", "3")], &[]).is_err());
    }

    #[test]
    fn a_url_from_a_server_is_taken_as_it_is_but_never_less_safe() {
        let go = |base: &str, url: &str| {
            let mut target = Target::new();
            target.elsewhere(url);
            target.query("q", "x y");
            target.resolve(&BaseUrl::parse(base).unwrap(), &GET).map(|uri| uri.to_string())
        };
        let url = "https://up.test/s/%2F?upload_id=hunter2";
        assert_eq!(go("https://x.test", url).unwrap(), "https://up.test/s/%2F?upload_id=hunter2&q=x%20y");
        assert_eq!(go("http://x.test", "http://x.test:81/s#f").unwrap(), "http://x.test:81/s?q=x%20y");
        for bad in ["http://up.test/hunter2", "ftp://hunter2", "/hunter2", "https://a:hunter2@up.test"] {
            let error = go("https://x.test", bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Request);
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |uri| BaseUrl::parse("https://x.test/api").unwrap().has_origin_of(&Uri::from_static(uri));
        assert!(same("https://x.test:443/other") && same("https://X.test/"));
        assert!(!same("http://x.test/") && !same("https://x.test:444/") && !same("https://y.x.test/"));
    }

    #[test]
    fn base_urls_that_could_leak_or_lose_something_are_refused() {
        for bad in ["", "api.test", "ftp://x", "https://u:hunter2@x", "https://x?k=1", "https://x#f"] {
            let error = BaseUrl::parse(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }
}
