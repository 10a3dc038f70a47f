//! The parts of a request that a signature can cover, RFC 9421, section 2.

use std::borrow::Cow;

use http::header::HOST;
use http::{HeaderMap, HeaderName, Method, Uri};

use super::structured::{Bare, Item};

/// Why a request cannot be signed or its signature cannot be read: "the request …" or "the signature …", in one line.
pub(super) type Refused = Cow<'static, str>;

/// A request as the signature sees it: the body takes part through its digest alone.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
}

/// One covered part. Parameters such as `;sf` and `;key` are not supported: the profile needs none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Component {
    Method,
    Authority,
    Path,
    Query,
    Field(HeaderName),
}

impl Component {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Method => "@method",
            Self::Authority => "@authority",
            Self::Path => "@path",
            Self::Query => "@query",
            Self::Field(name) => name.as_str(),
        }
    }

    pub(super) fn to_item(&self) -> Item {
        Bare::String(self.name().to_owned()).into()
    }

    pub(super) fn from_item(item: &Item) -> Result<Self, Refused> {
        let Bare::String(name) = &item.bare else {
            return Err("the signature covers something that is not named by a string".into());
        };
        if !item.parameters.0.is_empty() {
            return Err(format!("the signature covers {item}: parameters of components are not supported").into());
        }
        match name.as_str() {
            "@method" => Ok(Self::Method),
            "@authority" => Ok(Self::Authority),
            "@path" => Ok(Self::Path),
            "@query" => Ok(Self::Query),
            // An upper-case name would be a second spelling of the same field.
            _ => match HeaderName::try_from(name) {
                Ok(field) if field.as_str() == name => Ok(Self::Field(field)),
                _ => Err(format!("the signature covers {item}, which is neither supported nor a field").into()),
            },
        }
    }

    /// The value that stands in the signature base.
    pub(super) fn value(&self, message: &Message<'_>) -> Result<String, Refused> {
        let value = match self {
            Self::Method => message.method.as_str().to_owned(),
            Self::Authority => authority(message)?,
            Self::Path if message.uri.path().is_empty() => "/".to_owned(),
            Self::Path => message.uri.path().to_owned(),
            Self::Query => format!("?{}", message.uri.query().unwrap_or_default()),
            Self::Field(name) => field(name, message.headers)?,
        };
        if value.bytes().all(|byte| matches!(byte, b'\t' | 0x20..=0x7e)) {
            Ok(value)
        } else {
            Err(format!("the request's `{}` is not ASCII: encode it", self.name()).into())
        }
    }
}

/// All lines of a field, trimmed and joined.
pub(super) fn field(name: &HeaderName, headers: &HeaderMap) -> Result<String, Refused> {
    let mut joined: Option<String> = None;
    for value in headers.get_all(name) {
        let line = value.to_str().map_err(|_| format!("the request's `{name}` is not ASCII: encode it"))?.trim();
        match &mut joined {
            Some(joined) => {
                joined.push_str(", ");
                joined.push_str(line);
            }
            None => joined = Some(line.to_owned()),
        }
    }
    joined.ok_or_else(|| format!("the request has no field `{name}`, which the signature covers").into())
}

/// The host that the request is for. It stands in the URL, in `Host` or in both, and then both must say the same.
pub(super) fn authority(message: &Message<'_>) -> Result<String, Refused> {
    let mut hosts = message.headers.get_all(HOST).iter();
    let host = hosts.next().map(|value| value.to_str().map_err(|_| "the request's Host is not ASCII")).transpose()?;
    if hosts.next().is_some() {
        return Err("the request has more than one Host".into());
    }
    let scheme = message.uri.scheme_str();
    let of_url = message.uri.authority().map(|authority| normalized(authority.as_str(), scheme)).transpose()?;
    let of_host = host.map(|host| normalized(host, scheme)).transpose()?;
    match (of_url, of_host) {
        (Some(url), Some(host)) if url != host => Err("the request's URL and its Host name two different hosts".into()),
        (Some(authority), _) | (None, Some(authority)) => Ok(authority),
        (None, None) => Err("the request names no host".into()),
    }
}

/// Lower case and without the scheme's own port. A server that gets `/path` alone does not know the scheme: both known
/// ports are then taken off, as clients leave out the one that goes without saying.
fn normalized(authority: &str, scheme: Option<&str>) -> Result<String, Refused> {
    if authority.is_empty() || authority.contains('@') {
        return Err("the request's host is empty or holds a user".into());
    }
    let lower = authority.to_ascii_lowercase();
    let implied: &[&str] = match scheme {
        Some("http") => &[":80"],
        Some("https") => &[":443"],
        _ => &[":80", ":443"],
    };
    let bare = implied.iter().find_map(|port| lower.strip_suffix(port)).unwrap_or(&lower);
    Ok(bare.to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn value(component: &Component, uri: &'static str, headers: &[(&'static str, &'static str)]) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        let message = Message { method: &Method::POST, uri: &Uri::from_static(uri), headers: &map };
        component.value(&message).ok()
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_authority_is_in_lower_case_without_the_implied_port() {
        let of = |uri, headers| value(&Component::Authority, uri, headers);
        assert_eq!(of("https://WWW.Example.com:443/", &[]), some("www.example.com"));
        assert_eq!(of("http://example.com:443/", &[]), some("example.com:443"));
        assert_eq!(of("/", &[("host", "Example.com:443")]), some("example.com"));
        assert_eq!(of("https://example.com/", &[("host", "EXAMPLE.com")]), some("example.com"));
    }

    #[test]
    fn an_authority_in_doubt_is_none() {
        let of = |uri, headers| value(&Component::Authority, uri, headers);
        assert_eq!(of("/", &[]), None);
        assert_eq!(of("/", &[("host", "a"), ("host", "a")]), None);
        assert_eq!(of("http://a/", &[("host", "b")]), None);
        assert_eq!(of("/", &[("host", "user@a")]), None);
    }

    #[test]
    fn path_and_query_are_taken_as_they_were_sent() {
        assert_eq!(value(&Component::Path, "/a%2Fb?x", &[]), some("/a%2Fb"));
        assert_eq!(value(&Component::Path, "http://a", &[]), some("/"));
        assert_eq!(value(&Component::Query, "/?a=%20b&c", &[]), some("?a=%20b&c"));
        assert_eq!(value(&Component::Query, "/", &[]), some("?"), "no query and an empty one look the same");
    }

    #[test]
    fn the_lines_of_a_field_are_trimmed_and_joined() {
        let name = Component::Field(HeaderName::from_static("x-a"));
        assert_eq!(value(&name, "/", &[("x-a", " 1 "), ("x-a", ""), ("x-a", "2\t")]), some("1, , 2"));
        assert_eq!(value(&name, "/", &[]), None);
    }

    #[test]
    fn only_plain_names_in_lower_case_are_understood() {
        for bad in ["Date", "@target-uri", "@signature-params", "", "a b"] {
            assert!(Component::from_item(&Bare::String(bad.to_owned()).into()).is_err(), "{bad}");
        }
        assert!(Component::from_item(&Bare::Token("date".to_owned()).into()).is_err());
        let date = Component::Field(HeaderName::from_static("date"));
        assert_eq!(Component::from_item(&date.to_item()), Ok(date));
    }
}
