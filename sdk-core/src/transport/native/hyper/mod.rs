//! hyper's pooled client over TCP and rustls.

mod connection;
mod connector;
#[cfg(not(feature = "rustls-ring"))]
mod plain;
mod proxies;
mod resolver;
#[cfg(feature = "rustls-ring")]
mod tls;

use std::fmt;
use std::io;

use http::header::{ACCEPT, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};
use http::uri::Scheme;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::failure;
use super::incoming::incoming;
use super::options::TransportOptions;
use super::outgoing::Outgoing;
use crate::Result;
use crate::address::is_public_address;
use crate::error::{Error, ErrorKind};
use crate::request::Request;
use crate::response::Response;
use crate::transport::Transport;
use connector::Connector;
use proxies::Proxies;
use resolver::Resolver;

/// Sends requests with hyper, over HTTP/1.1. Needs a running tokio runtime. Cheap to clone; clones share connections.
///
/// Proxies are those of the environment when the transport is made: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and
/// `NO_PROXY`, in capitals or not, as curl
/// [reads them](https://everything.curl.dev/usingcurl/proxies/env.html). Those for SOCKS are not supported.
#[derive(Clone)]
pub struct HyperTransport {
    client: legacy::Client<Connector, Outgoing>,
    proxies: Proxies,
    user_agent: HeaderValue,
    is_public_only: bool,
}

impl HyperTransport {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when the user agent is no header value, or TLS cannot be set up, for want of trusted
    /// root certificates say.
    pub fn new(options: &TransportOptions) -> Result<Self> {
        Self::with_proxies(options, Proxies::from_environment())
    }

    fn with_proxies(options: &TransportOptions, proxies: Proxies) -> Result<Self> {
        let user_agent = HeaderValue::from_str(&options.user_agent).map_err(|cause| {
            let problem = "the user agent holds characters that a header cannot carry";
            Error::new(ErrorKind::Configuration, problem).with_source(cause)
        })?;
        let is_public_only = options.public_addresses_only;
        let resolver = Resolver::new(is_public_only);
        let connector = Connector::new(options.connect_timeout, resolver, proxies.clone(), user_agent.clone())?;
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(options.idle_timeout)
            // The pipeline alone decides what is sent twice.
            .retry_canceled_requests(false)
            .build(connector);
        Ok(Self { client, proxies, user_agent, is_public_only })
    }

    fn convert(&self, request: Request) -> Result<http::Request<Outgoing>> {
        let (method, uri, headers, body) = request.into_parts();
        let refuse = |why| Err(Error::new(ErrorKind::Request, why));
        let Some(authority) = uri.authority() else { return refuse("the request has no absolute URL") };
        if authority.as_str().contains('@') {
            return refuse("the URL holds a user or password: give them to the call's auth instead");
        }
        // What is no name is not resolved.
        let literal = authority.host().trim_matches(['[', ']']).parse();
        if self.is_public_only && literal.is_ok_and(|address| !is_public_address(address)) {
            let problem =
                io::Error::new(io::ErrorKind::PermissionDenied, "the URL names an address that is not public");
            return Err(
                Error::new(ErrorKind::Request, "the URL leads to an address that is not public").with_source(problem)
            );
        }
        let is_plain = uri.scheme() == Some(&Scheme::HTTP);
        if !is_plain && uri.scheme() != Some(&Scheme::HTTPS) {
            return refuse("the URL is neither http nor https");
        }
        #[cfg(not(feature = "rustls-ring"))]
        if !is_plain {
            let problem = "the URL is https and this program has no TLS: switch on acd-core's feature `rustls-ring`";
            return Err(Error::new(ErrorKind::Configuration, problem));
        }
        let mut converted = http::Request::new(Outgoing::from(body));
        *converted.headers_mut() = headers;
        let headers = converted.headers_mut();
        // Servers take its absence for the same, but some firewalls for the sign of a robot.
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers.entry(USER_AGENT).or_insert_with(|| self.user_agent.clone());
        // Over https the proxy is told when the tunnel is dug, and the server never.
        if is_plain && let Some(credentials) = self.proxies.credentials(&uri) {
            headers.entry(PROXY_AUTHORIZATION).or_insert(credentials);
        }
        *converted.method_mut() = method;
        *converted.uri_mut() = uri;
        Ok(converted)
    }
}

impl Transport for HyperTransport {
    async fn send(&self, request: Request) -> Result<Response> {
        let answer = self.client.request(self.convert(request)?).await.map_err(classify)?;
        let (parts, body) = answer.into_parts();
        Ok(Response::new(parts.status, parts.headers, incoming(body, failure::of_the_answer)))
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport").field("user_agent", &self.user_agent).finish_non_exhaustive()
    }
}

fn classify(cause: legacy::Error) -> Error {
    if cause.is_connect() {
        let timed_out = failure::find::<io::Error>(&cause).is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut);
        failure::of_connecting(cause, timed_out)
    } else {
        failure::of_the_exchange(cause)
    }
}

#[cfg(test)]
mod tests {
    use http::{Method, Uri};

    use super::*;

    fn convert(url: &'static str, headers: &[(http::HeaderName, &'static str)]) -> Result<http::Request<Outgoing>> {
        let mut request = Request::new(Method::GET, Uri::from_static(url));
        for (name, value) in headers {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        HyperTransport::new(&TransportOptions::default()).unwrap().convert(request)
    }

    #[test]
    fn what_a_request_says_for_itself_is_kept() {
        let own = convert("http://localhost/v1", &[(USER_AGENT, "mine/1"), (ACCEPT, "text/csv")]).unwrap();
        assert_eq!(
            (&own.headers()[USER_AGENT], &own.headers()[ACCEPT]),
            (&"mine/1".parse().unwrap(), &"text/csv".parse().unwrap())
        );
        let usual = convert("http://localhost/v1", &[]).unwrap();
        assert!(usual.headers()[USER_AGENT].to_str().unwrap().starts_with("acd-core/"));
        assert_eq!(usual.headers()[ACCEPT], "*/*");
    }

    #[test]
    fn a_url_that_cannot_be_sent_to_is_refused_before_anything_is_sent() {
        for url in ["/v1", "localhost:80", "ftp://localhost/v1", "http://user:hunter2@localhost/v1"] {
            let Err(error) = convert(url, &[]) else { panic!("{url} was taken") };
            assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Request, false), "{url}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn an_address_that_is_not_public_is_refused_where_only_those_are_wanted() {
        let options = TransportOptions { public_addresses_only: true, ..TransportOptions::default() };
        let transport = HyperTransport::new(&options).unwrap();
        let convert = |url| transport.convert(Request::new(Method::GET, Uri::from_static(url)));
        for url in
            ["http://127.0.0.1/", "http://169.254.169.254/latest", "http://[::1]:80/", "http://[::ffff:10.0.0.1]/"]
        {
            let Err(error) = convert(url) else { panic!("{url} was taken") };
            assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::Request, false), "{url}");
        }
        assert!(convert("http://8.8.8.8/").is_ok() && convert("http://localhost/").is_ok(), "names are resolved later");
    }

    #[test]
    fn a_user_agent_that_no_header_carries_is_refused() {
        let options = TransportOptions { user_agent: "two\nlines".to_owned(), ..TransportOptions::default() };
        assert_eq!(HyperTransport::new(&options).unwrap_err().kind(), ErrorKind::Configuration);
    }
}
