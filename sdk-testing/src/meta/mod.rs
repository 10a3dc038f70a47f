//! A Graph API in miniature, over real HTTP.

mod ads;
mod audiences;
mod auth;
mod batch;
mod call;
mod clock;
mod control;
mod conversions;
mod error;
mod faults;
mod fetch;
mod fields;
mod graph;
mod incoming;
mod insights;
mod instagram;
mod kind;
mod leads;
mod media;
mod nodes;
mod oauth;
mod pages;
mod params;
mod pixels;
mod previews;
mod read;
mod server;
mod shape;
mod state;
mod targeting;
mod usage;
mod webhooks;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use acd_core::Runtime;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use clock::SimClock;
pub use faults::{MetaEffect, MetaFault};
use server::Simulation;
pub use state::MetaExchange;
use state::State;
pub use usage::MetaTier;
pub use webhooks::{MetaChange, MetaDelivery, MetaDeliveryState};
pub use world::World as MetaWorld;

/// A Graph API of Meta that keeps state, checks requests, counts limits and fails on demand, on a loopback port. It is
/// Meta's for whoever takes [`url`](Self::url) for `https://graph.facebook.com`: a client, or an official SDK.
///
/// Under `/__sim/` it has a page for people and JSON for tests in other languages. It ends when it is dropped.
///
/// ```
/// use acd_testing::{MetaEffect, MetaFault, MetaSimulator};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let meta = MetaSimulator::start().await?;
/// assert!(meta.url().starts_with("http://127.0.0.1:"));
/// assert!(meta.world().ad_account.starts_with("act_"));
/// // The next campaign is created, and nobody is told.
/// meta.inject(MetaFault::new(MetaEffect::CutAfter).method("POST").path("/campaigns").times(1));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MetaSimulator {
    address: SocketAddr,
    world: MetaWorld,
    simulation: Arc<Simulation>,
    serving: JoinHandle<()>,
}

/// What a [`MetaSimulator`] starts with.
#[derive(Debug)]
#[must_use]
pub struct MetaSimulatorBuilder {
    address: SocketAddr,
    runtime: Runtime,
    tier: MetaTier,
}

impl MetaSimulatorBuilder {
    /// Listens here instead of on a free port of 127.0.0.1. Everybody who can connect can do everything.
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Takes time and randomness from here instead of from the machine.
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = runtime;
        self
    }

    /// The app's limits; those of full access unless told.
    pub const fn tier(mut self, tier: MetaTier) -> Self {
        self.tier = tier;
        self
    }

    /// Starts it in the background of the running tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be had, or webhooks could not be sent.
    pub async fn start(self) -> io::Result<MetaSimulator> {
        let listener = TcpListener::bind(self.address).await?;
        let address = listener.local_addr()?;
        let clock = SimClock::new(self.runtime);
        let state = State::new(clock.now(), self.tier);
        let world = state.world.clone();
        let sender = webhooks::sender(clock.runtime()).map_err(io::Error::other)?;
        let simulation = Arc::new(Simulation::new(clock, sender, state));
        let serving = tokio::spawn(server::serve(listener, Arc::clone(&simulation)));
        Ok(MetaSimulator { address, world, simulation, serving })
    }
}

impl MetaSimulator {
    /// Starts one on a free port with the machine's clock and the limits of full access.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Starts one otherwise.
    pub fn builder() -> MetaSimulatorBuilder {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        MetaSimulatorBuilder { address, runtime: Runtime::system(), tier: MetaTier::default() }
    }

    /// What stands for `https://graph.facebook.com`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The first objects and their credentials.
    pub const fn world(&self) -> &MetaWorld {
        &self.world
    }

    /// Moves the simulator's time on, for limits, reports and events.
    pub fn advance(&self, by: Duration) {
        self.simulation.clock.advance(by);
    }

    /// Adds a fault; those before it come first.
    pub fn inject(&self, fault: MetaFault) {
        self.simulation.state().faults.push(fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.simulation.state().faults.clear();
    }

    /// Fills in a lead form, as somebody does whom an ad led there, and gives the lead's id. Questions that are not
    /// answered get an answer that is made up. `field_data` is `[{"name":"email","values":["ada@example.com"]}]`.
    ///
    /// # Errors
    /// When there is no such form or ad, the form is not active, or an answer fits no question.
    pub fn submit_lead(&self, form: &str, ad: Option<&str>, field_data: &Value) -> io::Result<String> {
        leads::submitted(&self.simulation, form, ad, field_data)
    }

    /// Tells of changes by webhooks, up to 1000 in each, and gives how many of them anybody has subscribed to.
    pub fn tell(&self, changes: &[MetaChange]) -> usize {
        webhooks::tell_all(&self.simulation, changes)
    }

    /// The webhooks that were sent, oldest first: the newest 1000, and those that are still repeated.
    pub fn deliveries(&self) -> Vec<MetaDelivery> {
        self.simulation.state().hooks.deliveries()
    }

    /// Sends a webhook once more as it was. False when there is none with this number.
    pub fn repeat_delivery(&self, id: u64) -> bool {
        webhooks::repeat(&self.simulation, id)
    }

    /// The newest 1000 calls, oldest first.
    pub fn traffic(&self) -> Vec<MetaExchange> {
        self.simulation.state().traffic.iter().cloned().collect()
    }

    /// Everything there is, as `GET /__sim/state` shows it: `nodes` with `kind`, `id` and `fields`, newest first, and the
    /// `events` of the Conversions API with whether each `counts`.
    pub fn snapshot(&self) -> Value {
        control::snapshot(&self.simulation.state(), self.simulation.clock.now())
    }
}

impl Drop for MetaSimulator {
    fn drop(&mut self) {
        self.serving.abort();
        // What still repeats webhooks sees that they are gone, and ends.
        let mut state = self.simulation.state();
        state.hooks = webhooks::Hooks::after(&state.hooks);
        drop(state);
        self.simulation.clock.wake();
    }
}
