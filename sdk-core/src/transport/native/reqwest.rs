//! reqwest over TCP and rustls.

use http::Uri;
use reqwest::redirect;

use super::failure;
use super::incoming::incoming;
use super::options::TransportOptions;
use super::outgoing::Outgoing;
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::request::Request;
use crate::response::Response;
use crate::transport::Transport;

/// Sends requests with reqwest. Needs a running tokio runtime. `HyperTransport` does the same with less work.
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

impl ReqwestTransport {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when TLS cannot be set up, for want of trusted root certificates say, and for
    /// [`public_addresses_only`](TransportOptions::public_addresses_only), which this transport cannot promise.
    pub fn new(options: &TransportOptions) -> Result<Self> {
        if options.public_addresses_only {
            let problem = "ReqwestTransport connects to any address: use HyperTransport for public addresses alone";
            return Err(Error::new(ErrorKind::Configuration, problem));
        }
        #[cfg(feature = "rustls-ring")]
        install_ring();
        let client = reqwest::Client::builder()
            .connect_timeout(options.connect_timeout)
            .pool_idle_timeout(options.idle_timeout)
            .user_agent(&options.user_agent)
            .redirect(redirect::Policy::none())
            // The pipeline alone decides what is sent twice.
            .retry(reqwest::retry::never())
            .build()
            .map_err(|cause| {
                Error::new(
                    ErrorKind::Configuration,
                    "the HTTP client cannot be set up: check the user agent, and that root certificates are installed",
                )
                .with_source(cause)
            })?;
        Ok(Self { client })
    }
}

/// rustls has no provider of its own in this build. An application that installed one before keeps it.
#[cfg(feature = "rustls-ring")]
fn install_ring() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing the race to another thread leaves a provider installed, which is all that is wanted.
        let _installed_by_another = rustls::crypto::ring::default_provider().install_default().is_err();
    }
}

impl Transport for ReqwestTransport {
    async fn send(&self, request: Request) -> Result<Response> {
        let response = self.client.execute(convert(request)?).await.map_err(classify)?;
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        let body = incoming(body, |cause| failure::of_the_answer(cause.without_url()));
        Ok(Response::new(parts.status, parts.headers, body))
    }
}

fn convert(request: Request) -> Result<reqwest::Request> {
    let (method, uri, headers, body) = request.into_parts();
    let mut converted = reqwest::Request::new(method, url(&uri)?);
    *converted.headers_mut() = headers;
    *converted.body_mut() = match Outgoing::from(body) {
        Outgoing::Nothing => None,
        Outgoing::Whole(bytes) => Some(bytes.into()),
        streamed @ Outgoing::Streamed { .. } => Some(reqwest::Body::wrap(streamed)),
    };
    Ok(converted)
}

fn url(uri: &Uri) -> Result<reqwest::Url> {
    // Put together by hand: `Uri` prints itself piece by piece, and each piece would grow the string.
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut text = String::with_capacity(authority.len() + path.len() + 8);
    text.push_str(uri.scheme_str().unwrap_or_default());
    text.push_str("://");
    text.push_str(authority);
    text.push_str(path);
    reqwest::Url::parse(&text)
        .map_err(|cause| Error::new(ErrorKind::Request, "the request has no absolute URL").with_source(cause))
}

fn classify(cause: reqwest::Error) -> Error {
    // reqwest prints the URL with its query, which our own message leaves out.
    let cause = cause.without_url();
    if cause.is_builder() {
        Error::new(ErrorKind::Request, "the request cannot be sent as it is").with_source(cause)
    } else if cause.is_connect() {
        let timed_out = cause.is_timeout();
        failure::of_connecting(cause, timed_out)
    } else {
        failure::of_the_exchange(cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_cannot_promise_is_refused() {
        let options = TransportOptions { public_addresses_only: true, ..TransportOptions::default() };
        assert_eq!(ReqwestTransport::new(&options).unwrap_err().kind(), ErrorKind::Configuration);
    }
}
