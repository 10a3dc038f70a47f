//! Requests as JavaScript hands them over.

use acd_core::{Error, ErrorKind};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use wasm_bindgen::JsValue;

/// Method, URL and headers. Headers are lines of name, colon and value.
pub(crate) fn head(method: &str, url: &str, headers: &str) -> Result<(Method, Uri, HeaderMap), Error> {
    let unusable = |what: &str| Error::new(ErrorKind::Request, format!("the request cannot be signed: {what}"));
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| unusable("its method is none"))?;
    let url = url.parse().map_err(|_| unusable("its URL is none"))?;
    let mut map = HeaderMap::new();
    for line in headers.lines() {
        let header = line.split_once(':').and_then(|(name, value)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value.trim_ascii()).ok()?))
        });
        let (name, value) = header.ok_or_else(|| unusable("one of its headers is none"))?;
        map.append(name, value);
    }
    Ok((method, url, map))
}

/// An error as JavaScript gets it: its kind, and its message.
pub(crate) fn told(error: &Error) -> JsValue {
    JsValue::from_str(&format!("{}\n{error}", error.kind().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_or_refused() {
        let (method, url, headers) = head("post", "http://h/a?b", "A: 1 \nb:\na:2\n").unwrap();
        assert_eq!((method.as_str(), url.path(), headers.get_all("a").iter().count()), ("post", "/a", 2));
        for (method, url, headers) in
            [("", "/", ""), ("G T", "/", ""), ("GET", "h h", ""), ("GET", "/", "a b:1"), ("GET", "/", "a")]
        {
            assert_eq!(head(method, url, headers).unwrap_err().kind(), ErrorKind::Request, "{method} {url} {headers}");
        }
    }
}
