//! `/__sim/webhooks`: what was sent, and what is to be sent besides.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::super::server::Simulation;
use super::{MetaChange, change, repeat, send_pending};

type Shared = State<Arc<Simulation>>;

pub(in super::super) fn router() -> Router<Arc<Simulation>> {
    Router::new()
        .route("/__sim/webhooks", get(list))
        .route("/__sim/webhooks/changes", post(tell))
        .route("/__sim/webhooks/{id}/repeat", post(again))
}

async fn list(State(simulation): Shared) -> Json<Value> {
    let hooks = &simulation.state().hooks;
    Json(json!({
        "subscriptions": hooks.subscriptions, "installed": hooks.installed, "deliveries": hooks.deliveries(),
    }))
}

async fn tell(State(simulation): Shared, Json(changes): Json<Vec<MetaChange>>) -> Json<Value> {
    Json(json!({ "told": tell_all(&simulation, &changes) }))
}

/// Tells of changes, all at once. Gives how many of them anybody has subscribed to.
pub(in super::super) fn tell_all(simulation: &Arc<Simulation>, changes: &[MetaChange]) -> usize {
    let now = simulation.clock.now();
    let mut state = simulation.state();
    let told = changes.iter().filter(|told| change(&mut state, told, now)).count();
    drop(state);
    send_pending(simulation);
    told
}

async fn again(State(simulation): Shared, Path(id): Path<u64>) -> StatusCode {
    if repeat(&simulation, id) { StatusCode::ACCEPTED } else { StatusCode::NOT_FOUND }
}
