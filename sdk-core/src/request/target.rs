//! From a base URL, a path template, path parameters and a query to an absolute URL.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::transport::AbsoluteUrl;

/// RFC 3986's unreserved characters stay as they are; everything else is encoded in path segments and query alike, so
/// that no value can add a segment or a pair.
pub(crate) const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const UNPRINTABLE: &str = "was given a parameter whose `Display` fails";

/// Where a server's API begins: scheme, authority and perhaps a path prefix, without a trailing slash.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl(String);

impl BaseUrl {
    /// Checks a base URL as it comes from settings.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| Err(Error::new(ErrorKind::Configuration, format!("the base URL {why}")));
        let url = AbsoluteUrl::parse(text).map_err(|cause| {
            // The text itself is not repeated: it may hold a password.
            Error::new(ErrorKind::Configuration, "the base URL is not a URL such as https://api.example.com")
                .with_source(cause)
        })?;
        if !url.has_scheme("http") && !url.has_scheme("https") {
            return refuse("must start with http:// or https://");
        }
        if url.has_credentials() {
            return refuse("must not hold a user or password: give them to the client's auth instead");
        }
        let text = url.into_text();
        if text.contains(['?', '#']) {
            return refuse("must not hold a query or fragment");
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }

    /// Whether `uri` has the same scheme, host and port, so that it may see what the base URL's server may see.
    pub(crate) fn has_origin_of(&self, uri: &Uri) -> bool {
        let of = |text: &str| AbsoluteUrl::parse(text).ok().map(|url| url.origin());
        of(&self.0) == of(&uri.to_string())
    }
}

/// A URL in the making: one string that parameters are filled into as they come.
pub(crate) struct Target {
    url: String,
    /// Where the query begins, once there is one.
    query_at: Option<usize>,
    elsewhere: Option<String>,
    problem: Option<Cow<'static, str>>,
}

impl Target {
    pub(crate) fn new(base: &BaseUrl, operation: &Operation) -> Self {
        // Room for the usual parameters; longer ones grow it.
        let mut url = String::with_capacity(base.0.len() + operation.path().len() + 64);
        url.push_str(&base.0);
        url.push_str(operation.path());
        Self { url, query_at: None, elsewhere: None, problem: None }
    }

    /// Fills the placeholder. Neither the base URL nor an encoded value holds braces, so that only the template's own are
    /// found.
    pub(crate) fn path_param(&mut self, name: &'static str, value: impl fmt::Display) {
        let Some(place) = find_placeholder(&self.url, name) else {
            let problem = "was given a path parameter that its path does not have, or one twice";
            self.problem.get_or_insert(Cow::Borrowed(problem));
            return;
        };
        let from = self.url.len();
        if encode(&mut self.url, &value).is_err() {
            self.problem.get_or_insert(Cow::Borrowed(UNPRINTABLE));
        }
        // An empty segment or a dot segment would reach another path than the declared one, and encoding does not help:
        // URL parsers resolve `%2e%2e` as they resolve `..`.
        if matches!(&self.url[from..], "" | "." | "..") {
            let problem = format!("was given {:?} as path parameter `{name}`", &self.url[from..]);
            self.problem.get_or_insert(Cow::Owned(problem));
        }
        let length = self.url.len() - from;
        let placeholder = place.len();
        // Moved to its place within the string, which saves one of its own for each value.
        let mut bytes = std::mem::take(&mut self.url).into_bytes();
        bytes[place.start..].rotate_right(length);
        bytes.drain(place.start + length..place.start + length + placeholder);
        match String::from_utf8(bytes) {
            Ok(url) => self.url = url,
            // Only whole ASCII pieces are moved; were it otherwise, the call is refused rather than sent elsewhere.
            Err(_) => self.problem = Some(Cow::Borrowed("has a URL that is not text")),
        }
        if let Some(at) = &mut self.query_at {
            *at = *at + length - placeholder;
        }
    }

    pub(crate) fn query(&mut self, name: &str, value: impl fmt::Display) {
        self.separate();
        let name = encode(&mut self.url, &name);
        self.url.push('=');
        if encode(&mut self.url, &value).and(name).is_err() {
            self.problem.get_or_insert(Cow::Borrowed(UNPRINTABLE));
        }
    }

    /// Adds pairs that are encoded already.
    pub(crate) fn encoded_query(&mut self, pairs: &str) {
        if !pairs.is_empty() {
            self.separate();
            self.url.push_str(pairs);
        }
    }

    fn separate(&mut self) {
        let separator = if self.query_at.is_some() { '&' } else { '?' };
        self.query_at.get_or_insert(self.url.len());
        self.url.push(separator);
    }

    /// Goes to this absolute URL in the place of the base URL and the operation's path.
    pub(crate) fn elsewhere(&mut self, url: &str) {
        self.elsewhere = Some(url.to_owned());
    }

    pub(crate) fn is_elsewhere(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// The URL. Every parameter must have been given exactly once, and none may be left over.
    pub(crate) fn resolve(self, base: &BaseUrl, operation: &Operation) -> Result<Uri> {
        if let Some(url) = &self.elsewhere {
            return self.resolve_elsewhere(url, base, operation);
        }
        if let Some(problem) = self.problem {
            return Err(refused(operation, &problem));
        }
        if let Some((_, after)) = self.url.split_once('{') {
            let name = after.split_once('}').map_or(after, |(name, _)| name);
            return Err(refused(operation, &format!("lacks its path parameter `{name}`")));
        }
        Uri::try_from(self.url).map_err(|cause| refused(operation, "has a URL that is not valid").with_source(cause))
    }

    /// Checks a URL that a server gave. It is not repeated in errors: whoever holds it may often write to it.
    fn resolve_elsewhere(&self, url: &str, base: &BaseUrl, operation: &Operation) -> Result<Uri> {
        let url = AbsoluteUrl::parse(url)
            .map_err(|cause| refused(operation, "was given a URL that is not an absolute one").with_source(cause))?;
        if !url.has_scheme("https") && (base.0.starts_with("https:") || !url.has_scheme("http")) {
            return Err(refused(operation, "was given a URL that is not https, or not http where the base URL is"));
        }
        if url.has_credentials() {
            return Err(refused(operation, "was given a URL with a user or password"));
        }
        let mut text = url.without_fragment();
        // What is added here begins with a question mark.
        let query = self.query_at.map_or("", |at| &self.url[at..]);
        if text.contains('?') {
            text.push_str(&query.replacen('?', "&", 1));
        } else {
            text.push_str(query);
        }
        Uri::try_from(text).map_err(|cause| refused(operation, "has a URL that is not valid").with_source(cause))
    }
}

fn find_placeholder(url: &str, name: &str) -> Option<Range<usize>> {
    let mut from = 0;
    loop {
        let open = from + url[from..].find('{')?;
        let close = open + url[open..].find('}')?;
        if &url[open + 1..close] == name {
            return Some(open..close + 1);
        }
        from = close + 1;
    }
}

/// Writes a value percent-encoded, without a string in between.
fn encode(url: &mut String, value: &dyn fmt::Display) -> fmt::Result {
    struct Encoding<'a>(&'a mut String);

    impl fmt::Write for Encoding<'_> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            self.0.extend(utf8_percent_encode(part, ENCODED));
            Ok(())
        }
    }

    fmt::Write::write_fmt(&mut Encoding(url), format_args!("{value}"))
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
        let base = BaseUrl::parse(base)?;
        let mut target = Target::new(&base, &GET);
        for (name, value) in parameters {
            target.path_param(name, value);
        }
        for (name, value) in query {
            target.query(name, value);
        }
        target.resolve(&base, &GET).map(|uri| uri.to_string())
    }

    #[test]
    fn values_cannot_leave_their_segment_or_pair() {
        let url = resolve("https://x.test/api/", &[("a", "1/2?#%"), ("b", "é ")], &[("q", "a&b=c+d"), ("r", "")]);
        assert_eq!(url.unwrap(), "https://x.test/api/v1/a/1%2F2%3F%23%25/b/%C3%A9%20?q=a%26b%3Dc%2Bd&r=");
    }

    #[test]
    fn parameters_and_query_may_come_in_any_order() {
        let base = BaseUrl::parse("https://x.test").unwrap();
        let mut target = Target::new(&base, &GET);
        target.query("q", "{a}");
        target.path_param("b", "{a}");
        target.query("r", 1);
        target.path_param("a", "long enough to be moved");
        let url = target.resolve(&base, &GET).unwrap().to_string();
        assert_eq!(url, "https://x.test/v1/a/long%20enough%20to%20be%20moved/b/%7Ba%7D?q=%7Ba%7D&r=1");
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
            let base = BaseUrl::parse(base).unwrap();
            let mut target = Target::new(&base, &GET);
            target.elsewhere(url);
            target.query("q", "x y");
            target.resolve(&base, &GET).map(|uri| uri.to_string())
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
