//! Settings of the client.

use std::fmt;
use std::time::Duration;

use acd_core::limits::Limits;
use acd_core::{Client, ClientBuilder, RetryConfig, Secret};

use crate::access::Access;
use crate::client::Origin;
use crate::error::{MetaErrors, Result};
use crate::limits::MetaLimits;
use crate::{GraphVersion, MetaClient};

/// Where the Graph API is.
const GRAPH: &str = "https://graph.facebook.com";
/// Where videos are sent in chunks.
const GRAPH_VIDEO: &str = "https://graph-video.facebook.com";

/// No wait that Meta asks for is cut short: calling while one is throttled makes the block longer. A call whose deadline
/// comes first fails at once.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

type Customise = Box<dyn FnOnce(ClientBuilder) -> ClientBuilder + Send>;

/// Settings of a [`MetaClient`] in the making.
#[must_use = "a client is made by build()"]
pub struct MetaClientBuilder {
    token: Secret,
    app_secret: Option<Secret>,
    base_url: Option<String>,
    version: GraphVersion,
    limits: Option<Limits>,
    http: Vec<Customise>,
}

impl MetaClientBuilder {
    pub(crate) fn new(token: Secret) -> Self {
        Self {
            token,
            app_secret: None,
            base_url: None,
            version: GraphVersion::default(),
            limits: None,
            http: Vec::new(),
        }
    }

    /// Proves with every call that the caller holds the app's secret too (`appsecret_proof`). Apps that require it refuse
    /// calls without. Default: no proof.
    pub fn app_secret(mut self, secret: impl Into<Secret>) -> Self {
        self.app_secret = Some(secret.into());
        self
    }

    /// Sends calls to another server than `https://graph.facebook.com`, such as a simulator. Uploads go there too.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets the version of the Graph API. Default [`GraphVersion::V26`].
    pub fn version(mut self, version: GraphVersion) -> Self {
        self.version = version;
        self
    }

    /// Sets the limits that calls keep to. Give the same set to every client of one app. Default: those of
    /// [`MetaLimits::default`], for this client and its clones.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Changes the HTTP client: transport, timeouts, retries, policies, headers. What is set here replaces what this
    /// crate sets.
    pub fn http(mut self, customise: impl FnOnce(ClientBuilder) -> ClientBuilder + Send + 'static) -> Self {
        self.http.push(Box::new(customise));
        self
    }

    /// The client. Connects when first used.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for a blank token or app secret, a base URL that is
    /// not one, and for what [`ClientBuilder::build`] refuses.
    pub fn build(self) -> Result<MetaClient> {
        let access = Access::new(self.token, self.app_secret.as_ref())?;
        let video_url = self.base_url.clone().unwrap_or_else(|| GRAPH_VIDEO.to_owned());
        let http = Client::builder(self.base_url.unwrap_or_else(|| GRAPH.to_owned()))
            .classify(MetaErrors)
            .limits(self.limits.unwrap_or_else(|| MetaLimits::default().pools()))
            .retry(RetryConfig::default().with_max_retry_after(LONGEST_WAIT));
        let http = self.http.into_iter().fold(http, |http, customise| customise(http)).build()?;
        Ok(MetaClient::over(http, Origin { access, app_secret: self.app_secret, version: self.version, video_url }))
    }
}

impl fmt::Debug for MetaClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetaClientBuilder").field("version", &self.version).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::{ErrorKind, MetaClient};

    #[test]
    fn what_cannot_work_is_said_at_once() {
        let builder = |token: &str| MetaClient::builder(token);
        for builder in [builder(""), builder("t").app_secret(""), builder("t").base_url("graph")] {
            assert_eq!(builder.build().unwrap_err().kind(), ErrorKind::Configuration);
        }
    }

    #[test]
    fn no_secret_is_ever_printed() {
        let builder = MetaClient::builder("hunter2").app_secret("hunter3");
        let printed = format!("{builder:?}") + &format!("{:?}", builder.build());
        assert!(!printed.contains("hunter"), "{printed}");
    }
}
