//! `/__sim/`: what a test or a person sees of a simulator, and changes.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::audiences;
use super::faults::MetaFault;
use super::nodes::Nodes;
use super::server::Simulation;
use super::state::{self, MetaExchange};
use super::usage::Limits;
use super::{leads, webhooks};

type Shared = State<Arc<Simulation>>;

pub(super) fn router() -> Router<Arc<Simulation>> {
    Router::new()
        .route("/__sim/", get(|| async { Html(include_str!("page.html")) }))
        .route("/__sim/state", get(state))
        .route("/__sim/traffic", get(traffic))
        .route("/__sim/limits", get(limits).put(set_limits))
        .route("/__sim/faults", get(faults).put(set_faults))
        .route("/__sim/clock", get(clock).post(change_clock))
        .route("/__sim/tokens/{token}", put(set_token))
        .route("/__sim/app", put(set_app))
        .route("/__sim/audiences/{id}", put(set_audience))
        .route("/__sim/reset", post(reset))
        .merge(leads::router())
        .merge(webhooks::router())
}

/// Everything there is, credentials of the simulated world included.
pub(super) fn snapshot(state: &state::State, now: chrono::DateTime<chrono::Utc>) -> Value {
    let events: Vec<_> = state.events.iter().rev().take(200).collect();
    json!({
        "now": now.to_rfc3339(), "world": state.world, "nodes": nodes(&state.nodes), "events": events,
        "uploads": state.media.uploads(),
    })
}

fn nodes(nodes: &Nodes) -> Vec<Value> {
    nodes
        .newest_first()
        .map(|node| {
            let status = node.has("status").then(|| nodes.effective_status(node));
            json!({ "kind": node.kind, "id": node.public_id(), "effective_status": status, "fields": node.fields })
        })
        .collect()
}

async fn state(State(simulation): Shared) -> Json<Value> {
    Json(snapshot(&simulation.state(), simulation.clock.now()))
}

async fn traffic(State(simulation): Shared) -> Json<Vec<MetaExchange>> {
    Json(simulation.state().traffic.iter().cloned().collect())
}

async fn limits(State(simulation): Shared) -> Json<Value> {
    let now = simulation.clock.now();
    Json(simulation.state().usage.report(now))
}

async fn set_limits(State(simulation): Shared, Json(limits): Json<Limits>) -> StatusCode {
    simulation.state().usage.limits = limits;
    StatusCode::NO_CONTENT
}

async fn faults(State(simulation): Shared) -> Json<Vec<MetaFault>> {
    Json(simulation.state().faults.clone())
}

async fn set_faults(State(simulation): Shared, Json(faults): Json<Vec<MetaFault>>) -> StatusCode {
    simulation.state().faults = faults;
    StatusCode::NO_CONTENT
}

async fn clock(State(simulation): Shared) -> Json<Value> {
    Json(json!({ "now": simulation.clock.now().to_rfc3339(), "speed": simulation.clock.speed() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    /// Moves the time on.
    #[serde(default)]
    advance_seconds: u32,
    /// How many times as fast as the machine's it passes from now on.
    speed: Option<NonZeroU32>,
}

async fn change_clock(State(simulation): Shared, Json(change): Json<ClockChange>) -> Json<Value> {
    simulation.clock.advance(Duration::from_secs(change.advance_seconds.into()));
    if let Some(speed) = change.speed {
        simulation.clock.set_speed(speed);
    }
    clock(State(simulation)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenChange {
    /// What it may do from now on.
    scopes: Option<Vec<String>>,
    /// The subcode of error 190 that it is refused with, such as 463 for an expired one; none brings it back.
    revoked: Option<i64>,
}

async fn set_token(
    State(simulation): Shared,
    axum::extract::Path(text): axum::extract::Path<String>,
    Json(change): Json<TokenChange>,
) -> StatusCode {
    let mut state = simulation.state();
    let Some(token) = state.tokens.iter_mut().find(|token| token.text == text) else { return StatusCode::NOT_FOUND };
    token.revoked = change.revoked;
    if let Some(scopes) = change.scopes {
        token.scopes = scopes.into_iter().collect();
    }
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppChange {
    requires_appsecret_proof: bool,
}

async fn set_app(State(simulation): Shared, Json(change): Json<AppChange>) -> StatusCode {
    simulation.state().requires_proof = change.requires_appsecret_proof;
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AudienceChange {
    /// Whether Meta found it to break its rules, so that nobody can use or change it.
    flagged: bool,
}

async fn set_audience(
    State(simulation): Shared,
    axum::extract::Path(id): axum::extract::Path<u64>,
    Json(change): Json<AudienceChange>,
) -> StatusCode {
    match audiences::flag(&mut simulation.state(), id, change.flagged) {
        true => StatusCode::NO_CONTENT,
        false => StatusCode::NOT_FOUND,
    }
}

/// Back to the beginning; the ids of the first objects stay the same.
async fn reset(State(simulation): Shared) -> StatusCode {
    let now = simulation.clock.now();
    let mut state = simulation.state();
    let tier = state.usage.limits.tier();
    let hooks = webhooks::Hooks::after(&state.hooks);
    *state = state::State::new(now, tier);
    state.hooks = hooks;
    drop(state);
    simulation.clock.wake();
    StatusCode::NO_CONTENT
}
