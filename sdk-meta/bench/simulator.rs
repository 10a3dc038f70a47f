//! `acd simulate --meta`, which runs in a process of its own, and its controls under `/__sim/`.

use std::time::Duration;

use acd_core::{Client, Operation};
use acd_meta::{AdAccountId, MetaClient};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Result;

const RESET: Operation = Operation::new("sim.reset", Method::POST, "/__sim/reset");
const LIMITS: Operation = Operation::new("sim.limits", Method::GET, "/__sim/limits").safe();
const SET_LIMITS: Operation = Operation::new("sim.set_limits", Method::PUT, "/__sim/limits").idempotent();
const SET_FAULTS: Operation = Operation::new("sim.set_faults", Method::PUT, "/__sim/faults").idempotent();
const SET_CLOCK: Operation = Operation::new("sim.set_clock", Method::POST, "/__sim/clock");

/// So many that no measurement reaches it.
const NO_CAP: u32 = 1_000_000_000;

#[derive(Deserialize)]
struct Printed {
    url: String,
    world: World,
}

#[derive(Deserialize)]
struct World {
    access_token: String,
    app_secret: String,
    ad_account: String,
    page: String,
}

pub(crate) struct Simulator {
    url: String,
    world: World,
    control: Client,
}

impl Simulator {
    pub(crate) fn new(printed: &str) -> Result<Self> {
        let Printed { url, world } = serde_json::from_str(printed)?;
        let control = Client::builder(url.as_str()).build()?;
        Ok(Self { url, world, control })
    }

    /// A client of it with the credentials that the official SDKs get too.
    pub(crate) fn client(&self) -> acd_meta::MetaClientBuilder {
        MetaClient::builder(self.world.access_token.as_str())
            .app_secret(self.world.app_secret.as_str())
            .base_url(self.url.as_str())
    }

    pub(crate) fn account(&self) -> AdAccountId {
        AdAccountId::from(self.world.ad_account.as_str())
    }

    pub(crate) fn page(&self) -> &str {
        &self.world.page
    }

    /// Empties it, and lets everything pass.
    pub(crate) async fn start_over(&self) -> Result<()> {
        self.limits_of(json!({ "tier": "full", "score_cap": NO_CAP, "hourly_cap": NO_CAP })).await
    }

    /// Empties it, with the limits of an app that has limited access: 60 points in 300 s. Every second call, on average,
    /// arrives so much later.
    pub(crate) async fn start_over_limited(&self, latency: Duration) -> Result<()> {
        self.limits_of(json!({ "tier": "limited" })).await?;
        let latency = json!({ "kind": "latency", "milliseconds": u64::try_from(latency.as_millis())? });
        let faults = json!([{ "path": "/campaigns", "rate": 0.5, "effect": latency }]);
        self.control.call(&SET_FAULTS).json(&faults).send().await?;
        Ok(())
    }

    async fn limits_of(&self, limits: Value) -> Result<()> {
        self.control.call(&RESET).send().await?;
        self.control.call(&SET_LIMITS).json(&limits).send().await?;
        Ok(())
    }

    /// Lets its time pass so many times as fast as the machine's.
    pub(crate) async fn speed(&self, speed: u32) -> Result<()> {
        self.control.call(&SET_CLOCK).json(&json!({ "speed": speed })).send().await?;
        Ok(())
    }

    /// How many calls were refused for a limit since the start.
    pub(crate) async fn throttled(&self) -> Result<u64> {
        let report: Value = self.control.call(&LIMITS).send().await?.json().await?;
        Ok(report["throttled"].as_u64().ok_or("the simulator does not say how many calls it throttled")?)
    }
}
