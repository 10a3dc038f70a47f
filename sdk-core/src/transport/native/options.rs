//! How connections are made and kept.

use std::time::Duration;

/// What the user agent says unless told otherwise.
const USER_AGENT: &str = concat!("acd-core/", env!("CARGO_PKG_VERSION"));

/// Settings of the connections, on native targets. A browser manages its own.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TransportOptions {
    /// The limit for DNS, TCP and TLS together. Default 5 s. It is shorter than an attempt's timeout, so that a server
    /// that cannot be reached is told apart from one that may have acted.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept. Default 50 s, below the 60 s after which common load balancers close it.
    pub idle_timeout: Duration,
    /// The `User-Agent` of requests that have none of their own. Default `acd-core/<version>`.
    pub user_agent: String,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(50),
            user_agent: USER_AGENT.to_owned(),
        }
    }
}
