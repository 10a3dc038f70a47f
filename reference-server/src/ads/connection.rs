//! The way to Meta: the real one, or a simulator in this process.

use std::sync::Arc;

use acd_core::limits::Priority;
use acd_core::{Result, Runtime, Secret};
use acd_meta::{AdAccountId, GraphVersion, MetaClient, MetaLimits};
use acd_platform::ProductSlug;
use acd_testing::MetaSimulator;

use super::pool::SharedPools;
use crate::kernel::db::Db;

/// How Meta's Graph API is reached.
#[derive(Clone, Debug)]
pub struct MetaSettings {
    /// The access token of a system user.
    pub token: Secret,
    /// The app's secret, with which calls prove that they are the app's.
    pub app_secret: Option<Secret>,
    /// The version of the Graph API.
    pub version: GraphVersion,
    /// Another server than Meta's.
    pub base_url: Option<String>,
}

/// The one client of Meta in this process, under the limits that all replicas share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Meta {
    client: MetaClient,
    pools: SharedPools,
    simulator: Option<Arc<MetaSimulator>>,
}

impl Meta {
    /// A client with these settings, whose limits are kept in this database. Connects when first used.
    ///
    /// # Errors
    /// [`Configuration`](acd_core::ErrorKind::Configuration) for settings that cannot work.
    pub fn connect(db: Db, settings: MetaSettings) -> Result<Self> {
        Self::with(db, settings, Runtime::system(), None)
    }

    /// A client of this simulator, which lives at least as long as the client. `runtime` is the simulator's own.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn simulated(db: Db, simulator: impl Into<Arc<MetaSimulator>>, runtime: Runtime) -> Result<Self> {
        let simulator = simulator.into();
        let settings = MetaSettings {
            token: Secret::from(simulator.world().access_token.as_str()),
            app_secret: Some(Secret::from(simulator.world().app_secret.as_str())),
            version: GraphVersion::default(),
            base_url: Some(simulator.url()),
        };
        Self::with(db, settings, runtime, Some(simulator))
    }

    fn with(db: Db, settings: MetaSettings, runtime: Runtime, simulator: Option<Arc<MetaSimulator>>) -> Result<Self> {
        let pools = SharedPools::new(db, runtime.clone(), MetaLimits::default());
        let builder = MetaClient::builder(settings.token)
            .version(settings.version)
            .limits(pools.limits())
            .http(move |http| http.runtime(runtime));
        let builder = match settings.app_secret {
            Some(secret) => builder.app_secret(secret),
            None => builder,
        };
        let builder = match settings.base_url {
            Some(url) => builder.base_url(url),
            None => builder,
        };
        Ok(Self { client: builder.build()?, pools, simulator })
    }

    /// The client, for calls that this product asks for in this account.
    pub fn on_behalf(&self, product: &ProductSlug, account: &AdAccountId) -> MetaClient {
        self.for_product(product).for_account(account)
    }

    /// The client, for calls that this product asks for and that belong to no ad account, such as conversions.
    pub fn for_product(&self, product: &ProductSlug) -> MetaClient {
        self.client.for_caller(product.as_str())
    }

    /// The client, for what the server itself reads in this account: behind everybody who waits for an answer.
    pub fn in_background(&self, account: &AdAccountId) -> MetaClient {
        self.client.for_account(account).with_priority(Priority::Background)
    }

    /// The limits.
    pub fn pools(&self) -> &SharedPools {
        &self.pools
    }

    /// The simulator that stands in for Meta, if one does.
    pub fn simulator(&self) -> Option<&MetaSimulator> {
        self.simulator.as_deref()
    }
}
