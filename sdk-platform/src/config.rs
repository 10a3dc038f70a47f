//! Settings of the client.

use std::fmt;

use acd_core::{Bearer, Client, ClientBuilder, Secret};

use crate::PlatformClient;
use crate::error::Result;

/// Settings of a [`PlatformClient`] in the making.
#[must_use = "a client is made by build()"]
pub struct PlatformClientBuilder {
    http: Result<ClientBuilder>,
}

impl PlatformClientBuilder {
    pub(crate) fn new(key: &Secret, base_url: String) -> Self {
        let http = Bearer::new(key).map(|bearer| Client::builder(base_url).auth(bearer));
        Self { http }
    }

    /// Changes the HTTP client: transport, timeouts, retries, policies, headers. Credentials set here replace the key,
    /// as a JWT that is refreshed does.
    pub fn http(self, customise: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        Self { http: self.http.map(customise) }
    }

    /// The client. Connects when first used.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for a blank key, a base URL that is not one or that
    /// holds credentials or a query, and for what [`ClientBuilder::build`] refuses.
    pub fn build(self) -> Result<PlatformClient> {
        Ok(PlatformClient::over(self.http?.build()?))
    }
}

impl fmt::Debug for PlatformClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformClientBuilder").field("http", &self.http).finish()
    }
}

#[cfg(test)]
mod tests {
    use crate::{ErrorKind, PlatformClient};

    #[test]
    fn what_cannot_work_is_said_at_once() {
        for (key, url) in [("", "http://127.0.0.1:4400"), ("acd_key", "127.0.0.1"), ("acd_key", "http://u:p@host")] {
            assert_eq!(PlatformClient::new(key, url).unwrap_err().kind(), ErrorKind::Configuration, "{key} {url}");
        }
    }

    #[test]
    fn the_key_is_never_printed() {
        let builder = PlatformClient::builder("acd_hunter2", "http://127.0.0.1:4400");
        let printed = format!("{builder:?}") + &format!("{:?}", builder.build());
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
