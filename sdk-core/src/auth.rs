//! Who is calling.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::AUTHORIZATION;

use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::request::Request;
use crate::runtime::BoxFuture;
use crate::secret::Secret;

/// Puts credentials on a request. Asked once per attempt, so that a retry carries fresh ones.
pub trait Auth: Send + Sync + 'static {
    /// Adds the credentials, in headers only: a query ends up in logs.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when there are none to be had. The call is retried only if the error says that it is
    /// [retryable](Error::with_retryable).
    fn apply(&self, request: &mut Request) -> impl Future<Output = Result<()>> + Send;
}

/// An [`Auth`] of any type, shared.
#[derive(Clone)]
pub(crate) struct SharedAuth(Arc<dyn DynAuth>);

impl SharedAuth {
    pub(crate) fn new(auth: impl Auth) -> Self {
        Self(Arc::new(auth))
    }

    pub(crate) async fn apply(&self, request: &mut Request) -> Result<()> {
        self.0.apply_dyn(request).await
    }
}

impl fmt::Debug for SharedAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

trait DynAuth: Send + Sync {
    fn apply_dyn<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<()>>;
}

impl<A: Auth> DynAuth for A {
    fn apply_dyn<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.apply(request))
    }
}

/// `Authorization: Bearer <token>` with a token that does not change.
#[derive(Clone, Debug)]
pub struct Bearer(Static);

impl Bearer {
    /// Takes the token.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it is blank or holds characters that a header cannot carry.
    pub fn new(token: &Secret) -> Result<Self> {
        Static::new("Bearer ", token).map(Self)
    }
}

impl Auth for Bearer {
    async fn apply(&self, request: &mut Request) -> Result<()> {
        self.0.put(request);
        Ok(())
    }
}

/// `Authorization: Basic <user:password>`.
#[derive(Clone, Debug)]
pub struct Basic(Static);

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
        Static::new("Basic ", &pair).map(Self)
    }
}

impl Auth for Basic {
    async fn apply(&self, request: &mut Request) -> Result<()> {
        self.0.put(request);
        Ok(())
    }
}

/// An `Authorization` value that is the same on every request.
#[derive(Clone, Debug)]
struct Static(HeaderValue);

impl Static {
    fn new(prefix: &str, secret: &Secret) -> Result<Self> {
        if secret.is_blank() {
            return Err(unusable("is blank: set it, or build the client without auth"));
        }
        let mut value = HeaderValue::from_str(&format!("{prefix}{}", secret.expose()))
            .map_err(|_| unusable("holds a line break or another character that a header cannot carry"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    fn put(&self, request: &mut Request) {
        request.headers_mut().insert(AUTHORIZATION, self.0.clone());
    }
}

fn unusable(why: &str) -> Error {
    Error::new(ErrorKind::Configuration, format!("the credential {why}"))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use http::{Method, Uri};

    use super::*;

    fn applied(auth: impl Auth) -> HeaderValue {
        let mut request = Request::new(Method::GET, Uri::from_static("http://localhost/"));
        SharedAuth::new(auth).apply(&mut request).now_or_never().unwrap().unwrap();
        request.headers()[AUTHORIZATION].clone()
    }

    #[test]
    fn the_schemes_are_written_as_their_rfcs_say() {
        let basic = Basic::new(&Secret::from("Aladdin"), &Secret::from("open sesame")).unwrap();
        assert_eq!(applied(basic), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(applied(Bearer::new(&Secret::from("t0")).unwrap()), "Bearer t0");
    }

    #[test]
    fn credentials_are_never_printed() {
        let bearer = Bearer::new(&Secret::from("hunter2")).unwrap();
        assert!(applied(bearer.clone()).is_sensitive());
        assert!(!format!("{bearer:?}").contains("hunter2"));
    }

    #[test]
    fn unusable_credentials_are_refused_when_the_client_is_built() {
        for bad in ["", " ", "a\nb"] {
            assert_eq!(Bearer::new(&Secret::from(bad)).unwrap_err().kind(), ErrorKind::Configuration);
        }
        assert!(Basic::new(&Secret::from("key"), &Secret::from("")).is_ok());
        assert!(Basic::new(&Secret::from("a:b"), &Secret::from("c")).is_err());
    }
}
