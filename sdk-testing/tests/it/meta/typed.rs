//! The typed client against the simulator.

use std::ops::Deref;

use acd_core::{HyperTransport, RetryConfig};
use acd_meta::{AdAccountId, MetaClient};
use acd_testing::{ManualClock, MetaSimulator};
use serde_json::Value;

use super::Meta;

/// A simulator whose clock stands still unless it is moved, and a client that does not repeat calls by itself.
pub(crate) struct Client {
    wire: Meta,
    pub(crate) meta: MetaClient,
    pub(crate) account: AdAccountId,
}

impl Client {
    pub(crate) async fn start() -> Self {
        let simulator = MetaSimulator::builder().runtime(ManualClock::new().runtime()).start().await.unwrap();
        let world = simulator.world();
        let transport = HyperTransport::new(&Default::default()).unwrap();
        let meta = MetaClient::builder(world.access_token.as_str())
            .app_secret(world.app_secret.as_str())
            .base_url(simulator.url())
            .http(|http| http.transport(transport).retry(RetryConfig::disabled()))
            .build()
            .unwrap();
        let account = AdAccountId::from(world.ad_account.as_str());
        Self { wire: Meta::of(simulator), meta, account }
    }

    /// Changes the simulator itself.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &Value) {
        let url = format!("{}/__sim/{path}", self.simulator.url());
        let request = self.http.request(method.parse().unwrap(), url).json(body);
        request.send().await.unwrap().error_for_status().unwrap();
    }
}

/// The calls that need no types.
impl Deref for Client {
    type Target = Meta;

    fn deref(&self) -> &Meta {
        &self.wire
    }
}
