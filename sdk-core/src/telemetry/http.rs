//! OpenTelemetry's words for HTTP.

use http::Uri;

use crate::error::Error;

/// What stands for an error's type when the work was dropped before its end.
pub(crate) const CANCELLED: &str = "cancelled";

/// `server.address`: the host, an IPv6 address without its brackets.
pub(crate) fn server_address(uri: &Uri) -> Option<&str> {
    let host = uri.host()?;
    Some(host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host))
}

/// `server.port`: the one that is connected to, whether the URL names it or not.
pub(crate) fn server_port(uri: &Uri) -> Option<u16> {
    uri.port_u16().or_else(|| match uri.scheme_str()? {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    })
}

/// `error.type` of one exchange: the status if the server answered with an error, otherwise the kind of failure.
pub(crate) fn error_type(error: &Error) -> ErrorType {
    ErrorType { status: error.status().filter(|status| status.as_u16() >= 400), kind: error.kind().as_str() }
}

/// An `error.type` that needs no memory of its own.
#[derive(Clone, Copy)]
pub(crate) struct ErrorType {
    status: Option<http::StatusCode>,
    kind: &'static str,
}

impl ErrorType {
    pub(crate) const fn cancelled() -> Self {
        Self { status: None, kind: CANCELLED }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.status.as_ref().map_or(self.kind, http::StatusCode::as_str)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::ErrorKind;

    #[test]
    fn the_server_is_named_as_it_is_connected_to() {
        let server = |uri| {
            let uri = Uri::from_static(uri);
            (server_address(&uri).map(str::to_owned), server_port(&uri))
        };
        assert_eq!(server("https://a.test/x"), (Some("a.test".to_owned()), Some(443)));
        assert_eq!(server("http://[::1]:8080/"), (Some("::1".to_owned()), Some(8080)));
        assert_eq!(server("/relative"), (None, None));
    }

    #[test]
    fn an_error_answer_is_typed_by_its_status_and_any_other_failure_by_its_kind() {
        let answer = |status| Error::from_answer(status, HeaderMap::new(), b"", str::to_owned);
        assert_eq!(error_type(&answer(StatusCode::BAD_GATEWAY)).as_str(), "502");
        assert_eq!(error_type(&answer(StatusCode::FOUND)).as_str(), "redirect");
        assert_eq!(error_type(&Error::new(ErrorKind::Connect, "refused")).as_str(), "connect");
    }
}
