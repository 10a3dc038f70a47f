//! Sending messages until they are taken.

use std::sync::Arc;

use acd_core::webhook::{Scheme, WebhookSigner};
use acd_core::{Client, Operation, Response, Result, RetryConfig, Runtime, Secret};
use chrono::TimeDelta;
use http::Method;

use super::super::server::Simulation;
use super::super::state::State;
use super::MetaDeliveryState;
use super::handshake::sent;

const DELIVER: Operation = Operation::new("meta_simulator.webhooks.deliver", Method::POST, "/").idempotent();
/// The first repetition comes at once, the next after this, each later one after twice as long.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(60);
/// After so long a message is dropped.
const GIVE_UP: TimeDelta = TimeDelta::hours(36);

/// What sends messages. One attempt a call: repetition follows Meta's plan, not the pipeline's.
pub(in super::super) fn sender(runtime: &Runtime) -> Result<Client> {
    let builder = Client::builder("http://localhost").runtime(runtime.clone());
    builder.retry(RetryConfig::disabled()).without_breakers().build()
}

/// Sends what is to be told, in the background.
pub(in super::super) fn send_pending(simulation: &Arc<Simulation>) {
    let idle = simulation.state().hooks.take_idle();
    for object in idle {
        let sending = send(Arc::clone(simulation), object.clone());
        if simulation.clock.runtime().spawn(sending).is_err() {
            // Without an executor nothing is sent, which the list of messages shows; the next change tries again.
            simulation.state().hooks.busy.remove(&object);
        }
    }
}

/// Sends everything about one object, one message after the other. One that is refused holds up no other.
async fn send(simulation: Arc<Simulation>, object: String) {
    loop {
        let Some(id) = simulation.state().hooks.next_message(&object) else { return };
        if !attempt(&simulation, id).await {
            let _without_executor = simulation.clock.runtime().spawn(insist(Arc::clone(&simulation), id));
        }
    }
}

/// Sends a message once more as it was, as Meta sometimes does. False when there is none with this number.
pub(in super::super) fn repeat(simulation: &Arc<Simulation>, id: u64) -> bool {
    let is_there = simulation.state().hooks.deliveries.contains_key(&id);
    let again = Arc::clone(simulation);
    let sending = async move {
        attempt(&again, id).await;
    };
    is_there && simulation.clock.runtime().spawn(sending).is_ok()
}

/// Repeats a message that was refused until it is taken or too old.
async fn insist(simulation: Arc<Simulation>, id: u64) {
    let clock = &simulation.clock;
    let begun = clock.now();
    let mut pause = FIRST_PAUSE;
    while !attempt(&simulation, id).await {
        let due = clock.now() + pause;
        if due - begun > GIVE_UP {
            if let Some(delivery) = simulation.state().hooks.deliveries.get_mut(&id) {
                delivery.state = MetaDeliveryState::Dropped;
            }
            return;
        }
        while clock.now() < due {
            clock.until(due).await;
            if !simulation.state().hooks.deliveries.contains_key(&id) {
                return;
            }
        }
        pause = pause * 2;
    }
}

/// Sends a message once. Gives whether there is nothing more to do about it.
async fn attempt(simulation: &Simulation, id: u64) -> bool {
    let known = |state: &State| {
        let delivery = state.hooks.deliveries.get(&id)?;
        Some((delivery.callback_url.clone(), delivery.body.clone(), Secret::from(state.world.app_secret.as_str())))
    };
    // Gone when everything was started over.
    let Some((url, body, secret)) = known(&simulation.state()) else { return true };
    let outcome = post(simulation, &url, body, secret).await;
    let mut state = simulation.state();
    let Some(delivery) = state.hooks.deliveries.get_mut(&id) else { return true };
    delivery.attempts += 1;
    delivery.status = match &outcome {
        Ok(response) => Some(response.status().as_u16()),
        Err(error) => error.status().map(|status| status.as_u16()),
    };
    if outcome.is_ok() {
        delivery.state = MetaDeliveryState::Taken;
    }
    outcome.is_ok()
}

async fn post(simulation: &Simulation, url: &str, body: String, secret: Secret) -> Result<Response> {
    let signer = WebhookSigner::new(Scheme::Meta, [secret])?;
    let headers = signer.sign("", simulation.clock.now().into(), body.as_bytes())?;
    let mut call = simulation.sender.call(&DELIVER).url(url).header("content-type", "application/json").body(body);
    for (name, value) in &headers {
        call = call.header(name, value.clone());
    }
    sent(call).await
}
