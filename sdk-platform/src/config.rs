//! Settings of the client.

use std::fmt;

use acd_core::limits::{LocalPool, Quota};
use acd_core::{Bearer, Client, ClientBuilder, Limits, Secret};

use crate::PlatformClient;
use crate::error::Result;

/// Settings of a [`PlatformClient`] in the making.
///
/// Unless [`http`](Self::http) says otherwise, the client keeps to the limits that the server tells in `RateLimit` and
/// `Retry-After`: when a call is held back, all others of the client wait as long, up to 30 s or their deadline.
#[must_use = "a client is made by build()"]
pub struct PlatformClientBuilder {
    http: Result<ClientBuilder>,
}

impl PlatformClientBuilder {
    pub(crate) fn new(key: &Secret, base_url: String) -> Self {
        // The server counts by key: when it holds one call back, it would hold back the next as well. Until it says what
        // its limit is, there is none.
        let limits = Limits::new().every_call(|_server| LocalPool::gcra(Quota::per_second(1_000_000)));
        let http = Bearer::new(key).map(|bearer| Client::builder(base_url).auth(bearer).limits(limits));
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
    use std::time::Duration;

    use acd_core::RetryConfig;
    use acd_core::testing::{ManualClock, ScriptedTransport, answer};

    use crate::{ErrorKind, PlatformClient};

    #[test]
    fn when_one_call_is_held_back_the_next_waits_too() {
        let clock = ManualClock::new();
        let me = r#"{"kind":"admin","product":null,"scopes":["admin"],"user_id":null,"user":null}"#;
        let script = [answer(429).header("retry-after", "7"), answer(200).body(me)];
        let transport = ScriptedTransport::new(script);
        let client = PlatformClient::builder("acd_key", "http://127.0.0.1:4400")
            .http(|http| http.transport(transport).runtime(clock.runtime()).retry(RetryConfig::disabled()))
            .build()
            .unwrap();
        assert_eq!(clock.run(client.users().me().into_future()).unwrap_err().kind(), ErrorKind::Throttled);
        clock.run(client.users().me().into_future()).unwrap();
        assert_eq!(clock.elapsed(), Duration::from_secs(7));
    }

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
