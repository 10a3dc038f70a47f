//! <https://developers.facebook.com/docs/marketing-api/reference/ad-campaign-group/budget_schedules>

use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::clock;
use super::super::error::GraphError;
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::params::Params;
use super::super::shape::{Field, Shape, accept, must};
use super::super::state::State;
use super::campaign::has_budget;
use super::merged;

pub(super) const FIELDS: [Field; 4] = [
    must("budget_value", Shape::Integer),
    must("budget_value_type", Shape::One(&["ABSOLUTE", "MULTIPLIER"])),
    must("time_start", Shape::Time),
    must("time_end", Shape::Time),
];

/// `POST /{campaign or ad set}/budget_schedules`: a period in which more may be spent.
pub(in super::super) fn add_period(state: &mut State, call: &Call, owner: &Node) -> Result<Value, GraphError> {
    let mut fields = accept(&FIELDS, &call.params, true)?;
    check(None, &fields)?;
    if !has_budget(&owner.fields) {
        return Err(GraphError::new(100, "(#100) A budget schedule belongs to a campaign or ad set with a budget"));
    }
    fields.insert("ad_object_id".into(), json!(owner.public_id()));
    let id = state.nodes.create(Kind::HighDemandPeriod, owner.owner, fields, call.now).id;
    Ok(json!({ "id": id.to_string() }))
}

pub(super) fn check(before: Option<&Node>, fields: &Map<String, Value>) -> Result<(), GraphError> {
    let all = merged(before, fields);
    if all.get("budget_value").and_then(Value::as_i64).is_none_or(|value| value <= 0) {
        return Err(GraphError::invalid("budget_value", "must be greater than 0"));
    }
    match (time(&all, "time_start"), time(&all, "time_end")) {
        (Some(start), Some(end)) if start < end => Ok(()),
        _ => Err(GraphError::invalid("time_end", "must be after time_start")),
    }
}

/// Whether a period touches the time that is searched: it ends after `time_start` and begins before `time_stop`.
pub(in super::super) fn is_within(period: &Node, params: &Params) -> bool {
    let asked = |name: &str| params.text(name).and_then(|text| clock::read(&text));
    let (start, end) = (time(&period.fields, "time_start"), time(&period.fields, "time_end"));
    asked("time_start").is_none_or(|from| end > Some(from)) && asked("time_stop").is_none_or(|to| start < Some(to))
}

fn time(fields: &Map<String, Value>, name: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    fields.get(name).and_then(Value::as_str).and_then(clock::read)
}
