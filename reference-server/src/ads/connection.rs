//! The way to Meta: the real one, or a simulator in this process.

use std::sync::Arc;

use acd_core::limits::Priority;
use acd_core::webhook::{Scheme, Verifier};
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
    /// What Meta is told to ask for webhooks with; without it, or without the app's secret, none are taken.
    pub verify_token: Option<Secret>,
    /// Secrets of the app by which webhooks may be signed besides [`app_secret`](Self::app_secret), as while it is replaced.
    pub former_app_secrets: Vec<Secret>,
}

/// How webhooks of Meta are told from others.
#[derive(Clone, Debug)]
pub struct MetaInbound {
    /// Tells by the signature.
    pub verifier: Verifier,
    /// What the question has to hold that Meta asks first.
    pub verify_token: Secret,
}

impl MetaInbound {
    fn of(settings: &MetaSettings) -> Result<Option<Self>> {
        let (Some(secret), Some(verify_token)) = (&settings.app_secret, &settings.verify_token) else {
            return Ok(None);
        };
        let secrets = std::iter::once(secret).chain(&settings.former_app_secrets).cloned();
        Ok(Some(Self { verifier: Verifier::new(Scheme::Meta, secrets)?, verify_token: verify_token.clone() }))
    }
}

/// What a simulator is given with the address of webhooks. It opens nothing but what the simulator's secrets open.
const SIMULATED_VERIFY_TOKEN: &str = "simulated-verify-token";

/// The one client of Meta in this process, under the limits that all replicas share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Meta {
    client: MetaClient,
    pools: SharedPools,
    inbound: Option<MetaInbound>,
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
            verify_token: Some(Secret::from(SIMULATED_VERIFY_TOKEN)),
            former_app_secrets: Vec::new(),
        };
        Self::with(db, settings, runtime, Some(simulator))
    }

    fn with(db: Db, settings: MetaSettings, runtime: Runtime, simulator: Option<Arc<MetaSimulator>>) -> Result<Self> {
        let pools = SharedPools::new(db, runtime.clone(), MetaLimits::default());
        let inbound = MetaInbound::of(&settings)?;
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
        Ok(Self { client: builder.build()?, pools, inbound, simulator })
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

    /// How webhooks are told from others; none where the settings for it are missing.
    pub fn inbound(&self) -> Option<&MetaInbound> {
        self.inbound.as_ref()
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
