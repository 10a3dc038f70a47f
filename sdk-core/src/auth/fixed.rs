//! Credentials that do not change.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};

use super::Auth;
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::request::Request;
use crate::secret::Secret;

/// `Authorization: Bearer <token>` with a token that does not change
/// ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)).
#[derive(Clone, Debug)]
pub struct Bearer(HeaderValue);

impl Bearer {
    /// Takes the token.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it is blank or holds characters that a header cannot carry.
    pub fn new(token: &Secret) -> Result<Self> {
        sensitive("Bearer ", token).map(Self)
    }
}

impl Auth for Bearer {
    async fn apply(&self, request: &mut Request) -> Result<()> {
        request.headers_mut().insert(AUTHORIZATION, self.0.clone());
        Ok(())
    }
}

/// `Authorization: Basic <user:password>` ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)).
#[derive(Clone, Debug)]
pub struct Basic(HeaderValue);

impl Basic {
    /// Takes user and password; either may be empty, as services use one of them for their key.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when both are blank, or when the user holds a colon, which would end it early.
    pub fn new(user: &Secret, password: &Secret) -> Result<Self> {
        if user.is_blank() && password.is_blank() {
            return Err(unusable("is blank: set it, or build the client without auth"));
        }
        if user.expose().contains(':') {
            return Err(unusable("has a colon in its user name"));
        }
        let pair = Secret::new(STANDARD.encode(format!("{}:{}", user.expose(), password.expose())));
        sensitive("Basic ", &pair).map(Self)
    }
}

impl Auth for Basic {
    async fn apply(&self, request: &mut Request) -> Result<()> {
        request.headers_mut().insert(AUTHORIZATION, self.0.clone());
        Ok(())
    }
}

/// A key in a header of the service's own, such as `X-Api-Key: <key>`. There is no counterpart for the query: URLs end up
/// in logs, histories and referrers.
#[derive(Clone, Debug)]
pub struct HeaderAuth {
    name: HeaderName,
    value: HeaderValue,
}

impl HeaderAuth {
    /// Takes the header's name and the key, which is sent as it is.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the name is none, or when the key is blank or holds characters that a header
    /// cannot carry.
    pub fn new<N: TryInto<HeaderName>>(name: N, key: &Secret) -> Result<Self> {
        let name = name.try_into().map_err(|_| unusable("was given a header name that is not one"))?;
        Ok(Self { name, value: sensitive("", key)? })
    }
}

impl Auth for HeaderAuth {
    async fn apply(&self, request: &mut Request) -> Result<()> {
        request.headers_mut().insert(self.name.clone(), self.value.clone());
        Ok(())
    }
}

/// The value of a header that holds a secret, marked so that it stays out of logs even when a server echoes it.
pub(super) fn sensitive(prefix: &str, secret: &Secret) -> Result<HeaderValue> {
    if secret.is_blank() {
        return Err(unusable("is blank: set it, or build the client without auth"));
    }
    let mut value = HeaderValue::from_str(&format!("{prefix}{}", secret.expose()))
        .map_err(|_| unusable("holds a line break or another character that a header cannot carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn unusable(why: &str) -> Error {
    Error::new(ErrorKind::Configuration, format!("the credential {why}"))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use http::{HeaderMap, Method, Uri};

    use super::super::SharedAuth;
    use super::*;

    fn applied(auth: impl Auth) -> HeaderMap {
        let mut request = Request::new(Method::GET, Uri::from_static("http://localhost/"));
        SharedAuth::new(auth).apply(&mut request).now_or_never().unwrap().unwrap();
        request.headers().clone()
    }

    #[test]
    fn the_schemes_are_written_as_their_rfcs_say() {
        let basic = Basic::new(&Secret::from("Aladdin"), &Secret::from("open sesame")).unwrap();
        assert_eq!(applied(basic)[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(applied(Bearer::new(&Secret::from("t0")).unwrap())[AUTHORIZATION], "Bearer t0");
    }

    #[test]
    fn a_key_travels_in_the_named_header_alone() {
        let headers = applied(HeaderAuth::new("X-Api-Key", &Secret::from("k0")).unwrap());
        assert_eq!(headers["x-api-key"], "k0");
        assert_eq!(headers.len(), 1);
    }

    #[test]
    fn credentials_are_never_printed() {
        let bearer = Bearer::new(&Secret::from("hunter2")).unwrap();
        let basic = Basic::new(&Secret::from("hunter2"), &Secret::from("")).unwrap();
        let key = HeaderAuth::new("x-api-key", &Secret::from("hunter2")).unwrap();
        let printed = format!("{bearer:?} {basic:?} {key:?}");
        assert!(!printed.contains("hunter2") && !printed.contains(&STANDARD.encode("hunter2:")), "{printed}");
        assert!(applied(bearer)[AUTHORIZATION].is_sensitive());
        assert!(applied(key)["x-api-key"].is_sensitive());
    }

    #[test]
    fn unusable_credentials_are_refused_when_the_client_is_built() {
        for bad in ["", " ", "a\nb"] {
            assert_eq!(Bearer::new(&Secret::from(bad)).unwrap_err().kind(), ErrorKind::Configuration);
            assert_eq!(HeaderAuth::new("x-key", &Secret::from(bad)).unwrap_err().kind(), ErrorKind::Configuration);
        }
        assert!(HeaderAuth::new("not a name", &Secret::from("k0")).is_err());
        assert!(Basic::new(&Secret::from("key"), &Secret::from("")).is_ok());
        assert!(Basic::new(&Secret::from("a:b"), &Secret::from("c")).is_err());
    }
}
