//! Ads that are created while nobody waits: <https://developers.facebook.com/docs/marketing-api/asyncrequests>.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::error::GraphError;
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::params::Params;
use super::super::shape::{Field, Shape, accept, may, must};
use super::super::state::State;

/// How long each ad is in the making, by the simulator's clock.
const TAKES: TimeDelta = TimeDelta::seconds(1);
/// The most ads in one set.
const MOST: usize = 1000;

const FIELDS: [Field; 4] = [
    must("name", Shape::Text(400)),
    must("ad_specs", Shape::List),
    may("notification_mode", Shape::One(&["OFF", "ON_COMPLETE"])),
    may("notification_uri", Shape::Text(2000)),
];

/// An ad that is still to be created.
#[derive(Clone, Debug)]
pub(in super::super) struct Pending {
    request: u64,
    set: u64,
    due: DateTime<Utc>,
    /// The call that creates it.
    call: Call,
}

/// `POST /act_{account}/asyncadrequestsets`: takes the ads down, to be created one after the other.
pub(in super::super) fn start(state: &mut State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    let mut fields = accept(&FIELDS, &call.params, true)?;
    let specs = match fields.remove("ad_specs") {
        Some(Value::Array(specs)) if (1..=MOST).contains(&specs.len()) => specs,
        _ => return Err(GraphError::invalid("ad_specs", format!("must hold 1 to {MOST} ads"))),
    };
    if let Some(wrong) = specs.iter().position(|spec| !spec.is_object()) {
        return Err(GraphError::invalid("ad_specs", format!("must hold an object at the place {wrong}")));
    }
    fields.insert("owner_id".into(), json!(account.id.to_string()));
    let set = state.nodes.create(Kind::AdAsyncRequestSet, account.id, fields, call.now).id;
    let mut due = call.now;
    for spec in specs {
        due += TAKES;
        let mut params = Params::default();
        spec.as_object().into_iter().flatten().for_each(|(name, value)| params.add(name, value.clone()));
        let fields = json!({
            "async_request_set": { "id": set.to_string() }, "status": "INITIAL", "type": "ASYNC_ADGROUP_CREATION",
            "scope_object_id": spec["adset_id"], "input": spec,
        });
        let fields = fields.as_object().cloned().unwrap_or_default();
        let request = state.nodes.create(Kind::AdAsyncRequest, account.id, fields, call.now).id;
        let call = Call { params, now: due, path: vec![account.public_id(), "ads".to_owned()], ..call.clone() };
        state.pending.push(Pending { request, set, due, call });
    }
    count(state, set, call.now);
    Ok(json!({ "id": set.to_string() }))
}

/// Creates the ads whose time has come.
pub(in super::super) fn work(state: &mut State, now: DateTime<Utc>) {
    let (due, later): (Vec<_>, Vec<_>) =
        std::mem::take(&mut state.pending).into_iter().partition(|next| next.due <= now);
    state.pending = later;
    for Pending { request, set, due, call } in due {
        let account = call.path.first().and_then(|id| state.nodes.find(id)).cloned();
        let created = account.map(|account| super::create(state, &call, &account, Kind::Ad));
        let (status, result) = match created {
            Some(Ok(Some(answer))) => ("SUCCESS", answer),
            Some(Err(error)) => ("ERROR", error.body(&state.trace())),
            _ => ("ERROR", GraphError::no_such_object("POST", call.path.first().map_or("", String::as_str)).body("A")),
        };
        finish(state, request, status, Some(result), due);
        count(state, set, due);
    }
}

/// `DELETE /{set}`: what is not created yet never will be.
pub(super) fn cancel(state: &mut State, set: &Node, now: DateTime<Utc>) -> Value {
    let (canceled, others): (Vec<_>, Vec<_>) =
        std::mem::take(&mut state.pending).into_iter().partition(|next| next.set == set.id);
    state.pending = others;
    for next in canceled {
        finish(state, next.request, "USER_CANCELED", None, now);
    }
    count(state, set.id, now);
    json!({ "success": true })
}

fn finish(state: &mut State, request: u64, status: &str, result: Option<Value>, now: DateTime<Utc>) {
    if let Some(node) = state.nodes.get_mut(request) {
        let result = result.map(|result| ("result".to_owned(), result));
        node.set(Map::from_iter([("status".to_owned(), json!(status))].into_iter().chain(result)), now);
    }
}

/// Writes into a set how far it is.
fn count(state: &mut State, set: u64, now: DateTime<Utc>) {
    let id = set.to_string();
    let of_set = |node: &&Node| node.kind == Kind::AdAsyncRequest && belongs_to(node, &id);
    let statuses: Vec<&str> = state.nodes.iter().filter(of_set).map(|node| node.text("status")).collect();
    let with = |status: &str| statuses.iter().filter(|known| **known == status).count();
    let counts = json!({
        "total_count": statuses.len(), "initial_count": with("INITIAL"), "in_progress_count": 0,
        "success_count": with("SUCCESS"), "error_count": with("ERROR"), "canceled_count": with("USER_CANCELED"),
        "is_completed": with("INITIAL") == 0,
    });
    if let Some(node) = state.nodes.get_mut(set) {
        node.set(counts.as_object().cloned().unwrap_or_default(), now);
    }
}

/// Whether a request is one of the set with this id.
pub(in super::super) fn belongs_to(request: &Node, set: &str) -> bool {
    request.fields.get("async_request_set").and_then(|link| link.get("id")).and_then(Value::as_str) == Some(set)
}
