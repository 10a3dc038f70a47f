//! What answers each call.

use serde_json::{Value, json};

use super::ads;
use super::audiences;
use super::auth;
use super::batch;
use super::call::{Call, Raw};
use super::conversions;
use super::error::GraphError;
use super::fields;
use super::insights;
use super::kind::Kind;
use super::leads;
use super::media;
use super::nodes::Node;
use super::oauth;
use super::pages;
use super::pixels;
use super::previews;
use super::read;
use super::state::State;
use super::targeting;
use super::usage::{Charge, UseCase};
use super::webhooks;

/// A status, a body and headers: what HTTP and an item of a batch both hold.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) error: Option<(i64, Option<i64>)>,
}

/// Answers one call that is no batch.
pub(super) fn answer(state: &mut State, raw: Raw, origin: &str, now: chrono::DateTime<chrono::Utc>) -> Answer {
    let trace = state.trace();
    let mut headers = vec![("x-fb-trace-id", trace.clone()), ("x-fb-rev", "1000000000".to_owned())];
    media::settle(state, now);
    let result = auth::check(state, &raw, now).and_then(|()| raw.into_call(origin, now)).and_then(|call| {
        headers.push(("facebook-api-version", format!("v{}.0", call.version)));
        let charge = charge(state, &call);
        audiences::settle(state, now);
        let counted = charge.as_ref().map_or(Ok(()), |charge| state.usage.charge(charge, now));
        let result = counted.and_then(|()| dispatch(state, &call));
        if let Some(charge) = charge {
            let usage = state.usage.headers(&charge, now);
            headers.extend(usage.into_iter().map(|(name, value)| (name, value.to_string())));
        }
        result
    });
    match result {
        Ok(mut body) => {
            if body.get("events_received").is_some() {
                body["fbtrace_id"] = json!(trace);
            }
            Answer { status: 200, body, headers, error: None }
        }
        Err(error) => {
            let known = Some((error.code, error.subcode));
            Answer { status: error.status, body: error.body(&trace), headers, error: known }
        }
    }
}

/// Whose limits a call counts against; events of the Conversions API count against none.
fn charge(state: &State, call: &Call) -> Option<Charge> {
    let node = state.nodes.find(call.path.first()?)?;
    let edge = call.path.get(1).map_or("", String::as_str);
    let (owner, use_case) = match (node.kind, edge) {
        (Kind::AdsPixel, "events") => return None,
        (Kind::AdReportRun, _) => (node.owner, UseCase::AdsInsights),
        (_, "insights") if !matches!(node.kind, Kind::IGUser | Kind::IGMedia) => (owner_of(node), UseCase::AdsInsights),
        (_, "leads" | "leadgen_forms" | "test_leads") | (Kind::Lead | Kind::LeadgenForm, _) => {
            (owner_of(node), UseCase::Leadgen)
        }
        (Kind::CustomAudience | Kind::SavedAudience, _)
        | (_, "customaudiences" | "saved_audiences" | "usersofanyaudience") => {
            (owner_of(node), UseCase::CustomAudience)
        }
        (Kind::Page, _) => (node.id, UseCase::Pages),
        (Kind::IGUser | Kind::IGContainer | Kind::IGMedia, _) => (owner_of(node), UseCase::Instagram),
        _ => (owner_of(node), UseCase::AdsManagement),
    };
    let counted = if use_case == UseCase::CustomAudience { Kind::CustomAudience } else { Kind::Ad };
    let is_active =
        |node: &&Node| node.kind == counted && node.owner == owner && state.nodes.effective_status(node) == "ACTIVE";
    let active = state.nodes.iter().filter(is_active).count() as u32;
    Some(Charge { owner, use_case, is_write: call.method != "GET", active })
}

const fn owner_of(node: &Node) -> u64 {
    match node.kind {
        Kind::AdAccount | Kind::Page | Kind::IGUser => node.id,
        _ => node.owner,
    }
}

fn dispatch(state: &mut State, call: &Call) -> Result<Value, GraphError> {
    ads::work(state, call.now);
    let segments: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (call.method.as_str(), &segments[..]) {
        ("GET", ["me"]) => Ok(json!({ "id": state.world.app_id, "name": "Simulated system user" })),
        ("GET", ["me", "adaccounts"]) => roots(state, call, Kind::AdAccount),
        ("GET", ["me", "accounts"]) => pages::reached(state, call),
        ("GET", ["search"]) => targeting::search(call),
        ("GET", ["debug_token"]) => auth::debug(state, call),
        ("GET" | "POST", ["oauth", "access_token"]) => oauth::access_token(state, call),
        (_, [app, "subscriptions"]) if *app == state.world.app_id => {
            webhooks::of_app(state, call)?.ok_or_else(|| unsupported(call, app))
        }
        (_, [id, "subscribed_apps"]) => {
            let node = find(state, call, id)?;
            webhooks::of_node(state, call, &node)?.ok_or_else(|| unsupported(call, id))
        }
        (method, [id]) => {
            let mut node = find(state, call, id)?;
            let mut selected = read::selection(&call.params)?;
            if node.kind == Kind::AdReportRun {
                node.fields.extend(insights::progress(&node, call));
                if selected.is_empty() {
                    selected = fields::parse(insights::SHOWN)?;
                }
            }
            if node.kind == Kind::AsyncSession {
                node.set(batch::progress(&node, call.now), call.now);
            }
            let answer = match method {
                "GET" => Some(read::node(&state.nodes, &node, &selected, &call.base)?),
                "POST" => match node.kind {
                    Kind::CustomAudience => Some(audiences::update(state, call, &node)?),
                    Kind::LeadgenForm => Some(leads::update_form(state, call, &node)?),
                    Kind::AdsPixel => Some(pixels::update(state, call, &node)?),
                    _ => match media::update(state, call, &node)? {
                        Some(answer) => Some(answer),
                        None => ads::update(state, call, &node)?,
                    },
                },
                "DELETE" => match node.kind {
                    Kind::CustomAudience => Some(audiences::delete(state, &node)),
                    _ => media::delete(state, &node).or_else(|| ads::delete(state, call, &node)),
                },
                _ => None,
            };
            answer.ok_or_else(|| unsupported(call, id))
        }
        (method, [id, edge]) => {
            let node = find(state, call, id)?;
            let answer = match method {
                "GET" => get_edge(state, call, &node, edge)?,
                "POST" => post_edge(state, call, &node, edge)?,
                "DELETE" => delete_edge(state, call, &node, edge)?,
                _ => None,
            };
            answer.ok_or_else(|| unknown_edge(call, &node, edge))
        }
        _ => Err(unsupported(call, segments.first().unwrap_or(&""))),
    }
}

fn find(state: &State, call: &Call, id: &str) -> Result<Node, GraphError> {
    state.nodes.find(id).cloned().ok_or_else(|| unsupported(call, id))
}

fn get_edge(state: &mut State, call: &Call, node: &Node, edge: &str) -> Result<Option<Value>, GraphError> {
    if let Some(answer) = media::get_edge(state, call, node, edge)? {
        return Ok(Some(answer));
    }
    if edge == "insights" {
        return insights::read(state, call, node);
    }
    if edge == "leads" && is_below(node.kind, Kind::Lead) {
        return leads::list(state, call, node).map(Some);
    }
    match (node.kind, edge) {
        (Kind::AdsPixel, "stats") => return pixels::stats(state, call, node).map(Some),
        (Kind::CustomAudience, _) => return audiences::get(state, call, node, edge),
        (Kind::AdAccount, "customaudiences") => return audiences::list(state, call, node).map(Some),
        (Kind::AdAccount, "reachestimate") => return targeting::reach(state, call, node).map(Some),
        (Kind::AdAccount, "delivery_estimate") => return targeting::delivery(state, call, node, None).map(Some),
        (Kind::AdSet, "delivery_estimate") => {
            let account = find(state, call, &format!("act_{}", node.owner))?;
            return targeting::delivery(state, call, &account, Some(node)).map(Some);
        }
        (Kind::AdAccount, "generatepreviews") => return previews::generate(state, call, node).map(Some),
        (Kind::Ad | Kind::AdCreative, "previews") => return previews::of_node(state, call, node).map(Some),
        (Kind::AdAccount, _) if edge.starts_with("targeting") => return targeting::detailed(call, edge),
        _ => {}
    }
    if node.kind == Kind::AdAccount
        && let Some(found) = ads::by_label(state, node, edge, &call.params, &call.base)?
    {
        return Ok(Some(found));
    }
    let Some(kind) = read::listed(edge).filter(|kind| is_below(node.kind, *kind)) else { return Ok(None) };
    let mut rows = read::children(&state.nodes, node, kind);
    match kind {
        Kind::HighDemandPeriod => rows.retain(|row| ads::is_within(row, &call.params)),
        Kind::AdAsyncRequest => {
            let wanted = call.params.texts("statuses");
            rows.retain(|row| wanted.is_empty() || wanted.iter().any(|status| status == row.text("status")));
        }
        _ => {}
    }
    let url = read::edge_url(&call.base, node, edge);
    read::list(&state.nodes, rows, &call.params, &read::selection(&call.params)?, &url).map(Some)
}

fn post_edge(state: &mut State, call: &Call, node: &Node, edge: &str) -> Result<Option<Value>, GraphError> {
    if let Some(answer) = media::post_edge(state, call, node, edge)? {
        return Ok(Some(answer));
    }
    match (node.kind, edge) {
        (_, "insights") => insights::start(state, call, node),
        (Kind::AdsPixel, "events") => conversions::receive(&mut state.events, call, node.id).map(Some),
        (Kind::LeadgenForm, "test_leads") => leads::create_test(state, call, node).map(Some),
        (Kind::Page, "leadgen_forms") => leads::create_form(state, call, node).map(Some),
        (_, "copies") => ads::copy(state, call, node),
        (Kind::CustomAudience, _) => audiences::change(state, call, node, edge),
        (Kind::AdAccount, "customaudiences") => {
            let created = audiences::create(state, call, node)?;
            with_fields(state, call, created).map(Some)
        }
        (Kind::AdAccount, "adspixels") => {
            let created = pixels::create(state, call, node)?;
            with_fields(state, call, created).map(Some)
        }
        (Kind::Campaign | Kind::AdSet, "budget_schedules") => ads::add_period(state, call, node).map(Some),
        (Kind::AdAccount, "asyncadrequestsets") => ads::start_request_set(state, call, node).map(Some),
        (Kind::AdAccount, _) => match read::listed(edge) {
            Some(kind) => {
                let created = ads::create(state, call, node, kind)?;
                created.map(|created| with_fields(state, call, created)).transpose()
            }
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

fn delete_edge(state: &mut State, call: &Call, node: &Node, edge: &str) -> Result<Option<Value>, GraphError> {
    match (node.kind, edge) {
        (Kind::CustomAudience, _) => audiences::change(state, call, node, edge),
        (Kind::AdAccount, "usersofanyaudience") => audiences::remove_from_all(state, call, node).map(Some),
        _ => media::delete_edge(state, call, node, edge),
    }
}

/// A create that names `fields` is answered with them.
fn with_fields(state: &State, call: &Call, created: Value) -> Result<Value, GraphError> {
    let selected = read::selection(&call.params)?;
    match created.get("id").and_then(Value::as_str).and_then(|id| state.nodes.find(id)) {
        Some(node) if !selected.is_empty() => read::node(&state.nodes, node, &selected, &call.base),
        _ => Ok(created),
    }
}

/// Which lists a kind of node has.
fn is_below(above: Kind, kind: Kind) -> bool {
    match above {
        Kind::AdAccount => {
            matches!(kind, Kind::Campaign | Kind::AdSet | Kind::Ad | Kind::AdCreative | Kind::AdLabel | Kind::AdsPixel)
                || matches!(kind, Kind::AdImage | Kind::AdVideo | Kind::CustomAudience | Kind::SavedAudience)
                || kind == Kind::AdAsyncRequestSet
        }
        Kind::AdVideo => kind == Kind::VideoThumbnail,
        Kind::Campaign => matches!(kind, Kind::AdSet | Kind::Ad | Kind::HighDemandPeriod),
        Kind::AdSet => matches!(kind, Kind::Ad | Kind::HighDemandPeriod),
        Kind::AdAsyncRequestSet => kind == Kind::AdAsyncRequest,
        Kind::Ad => matches!(kind, Kind::AdCreative | Kind::Lead),
        Kind::Page => kind == Kind::LeadgenForm,
        Kind::LeadgenForm => kind == Kind::Lead,
        Kind::IGUser | Kind::IGMedia => kind == Kind::IGMedia,
        _ => false,
    }
}

/// All nodes of a kind that the token sees.
fn roots(state: &State, call: &Call, kind: Kind) -> Result<Value, GraphError> {
    let rows: Vec<&Node> = state.nodes.newest_first().filter(|node| node.kind == kind).collect();
    let url = format!("{}/{}", call.base, call.path.join("/"));
    read::list(&state.nodes, rows, &call.params, &read::selection(&call.params)?, &url)
}

fn unsupported(call: &Call, id: &str) -> GraphError {
    GraphError::no_such_object(&call.method, id)
}

fn unknown_edge(call: &Call, node: &Node, edge: &str) -> GraphError {
    if call.method == "GET" {
        let kind = node.kind.name();
        return GraphError::new(
            100,
            format!("(#100) Tried accessing nonexisting field ({edge}) on node type ({kind})"),
        );
    }
    unsupported(call, &node.public_id())
}
