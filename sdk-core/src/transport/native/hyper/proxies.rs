//! The proxies that the environment asks for.

use std::env;
use std::sync::Arc;

use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

const VARIABLES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Which proxy is for which URL; none at all on most machines, which then costs nothing per call.
#[derive(Clone)]
pub(super) struct Proxies(Option<Arc<Matcher>>);

impl Proxies {
    pub(super) fn from_environment() -> Self {
        let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
        Self(VARIABLES.iter().any(is_set).then(|| Arc::new(Matcher::from_env())))
    }

    /// The proxy on the way to `uri`.
    pub(super) fn find(&self, uri: &Uri) -> Option<Intercept> {
        self.0.as_ref()?.intercept(uri)
    }

    /// What the proxy on the way to `uri` asks of a request that is sent through it as it is.
    pub(super) fn credentials(&self, uri: &Uri) -> Option<HeaderValue> {
        self.find(uri)?.basic_auth().cloned()
    }
}
