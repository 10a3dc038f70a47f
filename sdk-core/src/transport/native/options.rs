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
    /// Whether connections are made to public addresses alone. Default false. For URLs that others give: a host that has an
    /// address in a private network, or the machine's own, is not connected to. `HyperTransport` alone can tell; what a proxy
    /// connects to is the proxy's to decide.
    pub public_addresses_only: bool,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(50),
            user_agent: USER_AGENT.to_owned(),
            public_addresses_only: false,
        }
    }
}
