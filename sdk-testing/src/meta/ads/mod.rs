//! Campaigns, ad sets, creatives and ads: what is accepted, and what becomes of it.

mod ad;
mod ad_set;
mod campaign;
mod copies;
mod creative;
mod label;
mod request_set;
mod schedule;
mod targeting;

use serde_json::{Map, Value, json};

pub(super) use ad_set::GOALS;
pub(super) use copies::copy;
pub(super) use label::by_label;
pub(super) use request_set::{Pending, belongs_to, start as start_request_set, work};
pub(super) use schedule::{add_period, is_within};
pub(super) use targeting::check_places;

use super::call::Call;
use super::error::{GraphError, refusal};
use super::kind::Kind;
use super::nodes::Node;
use super::params::Params;
use super::shape::{Field, accept};
use super::state::State;
use super::webhooks::{self, MetaChange};

/// The smallest daily budget, in minor units.
const SMALLEST_BUDGET: i64 = 100;

fn table(kind: Kind) -> Option<&'static [Field]> {
    Some(match kind {
        Kind::Campaign => &campaign::FIELDS,
        Kind::AdSet => &ad_set::FIELDS,
        Kind::Ad => &ad::FIELDS,
        Kind::AdCreative => &creative::FIELDS,
        Kind::AdLabel => &label::FIELDS,
        Kind::HighDemandPeriod => &schedule::FIELDS,
        _ => return None,
    })
}

/// Creates a node below the ad account. None of `kind` is created this way: no such edge.
pub(super) fn create(state: &mut State, call: &Call, account: &Node, kind: Kind) -> Result<Option<Value>, GraphError> {
    let Some(table) = table(kind) else { return Ok(None) };
    let mut fields = accept(table, &call.params, true)?;
    check(state, call, kind, account, None, &mut fields)?;
    if call.params.texts("execution_options").iter().any(|option| option == "validate_only") {
        return Ok(Some(json!({ "success": true })));
    }
    let id = state.nodes.create(kind, account.id, fields, call.now).id;
    Ok(Some(json!({ "id": id.to_string() })))
}

/// The fields of a creative that is described and not created.
pub(super) fn checked_creative(described: &Value) -> Result<Map<String, Value>, GraphError> {
    let mut params = Params::default();
    for (name, value) in described.as_object().into_iter().flatten() {
        params.add(name, value.clone());
    }
    let fields = accept(&creative::FIELDS, &params, true)?;
    creative::check(None, &fields)?;
    Ok(fields)
}

/// Changes a node.
pub(super) fn update(state: &mut State, call: &Call, node: &Node) -> Result<Option<Value>, GraphError> {
    let Some(table) = table(node.kind) else { return Ok(None) };
    let mut fields = accept(table, &call.params, false)?;
    let is_deletion = fields.get("status").is_some_and(|status| status == "DELETED");
    if node.is_gone() && !is_deletion && fields.keys().any(|name| name != "name") {
        return Err(GraphError::refused(
            &refusal::DELETED,
            "Only the name of a deleted or archived object can change.",
        ));
    }
    let Some(account) = state.nodes.get(node.owner).cloned() else {
        return Err(GraphError::no_such_object("POST", &node.public_id()));
    };
    check(state, call, node.kind, &account, Some(node), &mut fields)?;
    if call.params.texts("execution_options").iter().any(|option| option == "validate_only") {
        return Ok(Some(json!({ "success": true })));
    }
    if node.kind == Kind::AdSet && budgets(&fields).next().is_some() {
        state.usage.budget_changed(node.id, call.now)?;
    }
    let before = fields.contains_key("status").then(|| statuses(state, node));
    if let Some(node) = state.nodes.get_mut(node.id) {
        node.set(fields, call.now);
    }
    if let Some(before) = before {
        tell(state, call, node, &before);
    }
    Ok(Some(json!({ "success": true })))
}

/// What an ad object's change of status is told with: for itself and all below it.
fn statuses(state: &State, node: &Node) -> Vec<(u64, &'static str)> {
    let id = node.id.to_string();
    let is_touched = |below: &&Node| {
        matches!(below.kind, Kind::Campaign | Kind::AdSet | Kind::Ad)
            && (below.id == node.id || below.text("campaign_id") == id || below.text("adset_id") == id)
    };
    state.nodes.iter().filter(is_touched).map(|node| (node.id, state.nodes.effective_status(node))).collect()
}

/// Tells subscribers whose status is another one than it was: not which, as Meta does not either.
fn tell(state: &mut State, call: &Call, node: &Node, before: &[(u64, &'static str)]) {
    for changed in statuses(state, node).into_iter().filter(|now| !before.contains(now)) {
        let Some(node) = state.nodes.get(changed.0) else { continue };
        let kind = match node.kind {
            Kind::Campaign => "campaign",
            Kind::AdSet => "ad_set",
            _ => "ad",
        };
        let value =
            json!({ "object_id": node.public_id(), "object_type": kind, "changed_fields": ["effective_status"] });
        let account = format!("act_{}", node.owner);
        webhooks::change(state, &MetaChange::new("ad_account", account, "effective_status", value), call.now);
    }
}

/// Deletes a node: it stays readable with the status `DELETED`.
pub(super) fn delete(state: &mut State, call: &Call, node: &Node) -> Option<Value> {
    if node.kind == Kind::AdAsyncRequestSet {
        return Some(request_set::cancel(state, node, call.now));
    }
    table(node.kind)?;
    let deleted = Map::from_iter([("status".to_owned(), json!("DELETED"))]);
    let before = statuses(state, node);
    state.nodes.get_mut(node.id)?.set(deleted, call.now);
    tell(state, call, node, &before);
    Some(json!({ "success": true }))
}

/// The rules between fields. `before` is the node that is changed; `fields` may be completed.
fn check(
    state: &State,
    call: &Call,
    kind: Kind,
    account: &Node,
    before: Option<&Node>,
    fields: &mut Map<String, Value>,
) -> Result<(), GraphError> {
    if before.is_none() && fields.get("status").is_some_and(|status| status != "ACTIVE" && status != "PAUSED") {
        return Err(GraphError::invalid("status", "must be one of {ACTIVE, PAUSED} when an object is created"));
    }
    match kind {
        Kind::Campaign => campaign::check(call, before, fields)?,
        Kind::AdSet => ad_set::check(state, call, account, before, fields)?,
        Kind::AdCreative => {
            creative::check(before, fields)?;
            creative::check_videos(state, account, fields)?;
        }
        Kind::Ad => ad::check(state, account, before, fields)?,
        Kind::HighDemandPeriod => schedule::check(before, fields)?,
        _ => {}
    }
    if before.is_none() && kind != Kind::AdLabel {
        fields.entry("status").or_insert_with(|| json!("ACTIVE"));
    }
    Ok(())
}

/// The budgets among the fields, in minor units.
fn budgets(fields: &Map<String, Value>) -> impl Iterator<Item = (&'static str, i64)> {
    ["daily_budget", "lifetime_budget"].into_iter().filter_map(|name| Some((name, amount(fields, name)?)))
}

fn amount(fields: &Map<String, Value>, name: &str) -> Option<i64> {
    fields.get(name)?.as_str()?.parse().ok()
}

/// At most one budget, and none that is too small.
fn check_budgets(fields: &Map<String, Value>) -> Result<(), GraphError> {
    for (name, amount) in budgets(fields) {
        if amount < SMALLEST_BUDGET {
            let explanation = format!("The budget is {amount}; it has to be at least {SMALLEST_BUDGET}.");
            return Err(GraphError::refused(&refusal::BUDGET_TOO_LOW, explanation).blaming(name));
        }
    }
    if budgets(fields).count() > 1 {
        return Err(GraphError::invalid("lifetime_budget", "cannot be given together with daily_budget"));
    }
    Ok(())
}

/// The fields as they will be after the change.
fn merged(before: Option<&Node>, fields: &Map<String, Value>) -> Map<String, Value> {
    let mut all = before.map(|node| node.fields.clone()).unwrap_or_default();
    all.extend(fields.clone());
    all.retain(|_, value| !value.is_null());
    all
}
