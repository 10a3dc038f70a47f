//! Lead forms and leads: <https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving>.

use std::io;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::clock;
use super::error::GraphError;
use super::kind::Kind;
use super::nodes::Node;
use super::params::{Params, as_text};
use super::read;
use super::server::Simulation;
use super::shape::{Field, Shape, accept, may, must};
use super::state::State;
use super::webhooks::{self, MetaChange};

/// What a new form is made of.
const FORM: [Field; 13] = [
    must("name", Shape::Text(200)),
    must("questions", Shape::List),
    must("privacy_policy", Shape::Object),
    may("follow_up_action_url", Shape::Text(2000)),
    may("locale", Shape::Text(10)),
    may("context_card", Shape::Object),
    may("thank_you_page", Shape::Object),
    may("custom_disclaimer", Shape::Object),
    may("question_page_custom_headline", Shape::Text(60)),
    may("tracking_parameters", Shape::Object),
    may("is_optimized_for_quality", Shape::Flag),
    may("block_display_for_non_targeted_viewer", Shape::Flag),
    may("should_enforce_work_email", Shape::Flag),
];
/// What of a form can change.
const FORM_CHANGE: [Field; 1] = [may("status", Shape::One(&["ACTIVE", "ARCHIVED", "DELETED", "DRAFT"]))];

/// `POST /{page}/leadgen_forms`.
pub(super) fn create_form(state: &mut State, call: &Call, page: &Node) -> Result<Value, GraphError> {
    if call.token != page.text("access_token") {
        return Err(GraphError::new(190, "This method must be called with a Page Access Token"));
    }
    let mut form = accept(&FORM, &call.params, true)?;
    let questions = form.get("questions").and_then(Value::as_array).into_iter().flatten();
    let questions = questions.map(question).collect::<Result<Vec<_>, _>>()?;
    if questions.is_empty() {
        return Err(GraphError::missing("questions"));
    }
    let policy = form.remove("privacy_policy").and_then(|policy| policy.get("url").cloned());
    let policy = policy.filter(Value::is_string);
    form.insert(
        "privacy_policy_url".to_owned(),
        policy.ok_or_else(|| GraphError::invalid("privacy_policy", "must hold url"))?,
    );
    form.insert("questions".to_owned(), json!(questions));
    form.insert("status".to_owned(), json!("ACTIVE"));
    form.insert("page_id".to_owned(), json!(page.public_id()));
    form.entry("locale").or_insert_with(|| json!("en_US"));
    let id = state.nodes.create(Kind::LeadgenForm, page.id, form, call.now).id;
    Ok(json!({ "id": id.to_string() }))
}

/// A question with the key that its answers are found by: one of Meta's own has its name in lower case.
fn question(question: &Value) -> Result<Value, GraphError> {
    let text = |name: &str| question.get(name).and_then(Value::as_str);
    let kind = text("type").ok_or_else(|| GraphError::invalid("questions", "must be objects with a type"))?;
    let key = match (text("key"), text("label")) {
        (Some(key), _) => key.to_owned(),
        (None, Some(label)) => label.to_lowercase().replace(' ', "_"),
        (None, None) if kind == "CUSTOM" => {
            return Err(GraphError::invalid("questions", "must hold a label for each of the type CUSTOM"));
        }
        (None, None) => kind.to_lowercase(),
    };
    let mut question = question.clone();
    question["key"] = json!(key);
    Ok(question)
}

/// `POST /{form}`.
pub(super) fn update_form(state: &mut State, call: &Call, form: &Node) -> Result<Value, GraphError> {
    let change = accept(&FORM_CHANGE, &call.params, false)?;
    if let Some(form) = state.nodes.get_mut(form.id) {
        form.set(change, call.now);
    }
    Ok(json!({ "success": true }))
}

/// `POST /{form}/test_leads`: a lead with the answers that are given, and made up ones for the other questions.
pub(super) fn create_test(state: &mut State, call: &Call, form: &Node) -> Result<Value, GraphError> {
    let given = call.params.json("field_data").unwrap_or_else(|| json!([]));
    let id = fill(state, form, None, &given, call.now)?;
    Ok(json!({ "id": id.to_string() }))
}

/// Fills in a form: a lead comes to be, and who subscribed to leads is told.
fn fill(
    state: &mut State,
    form: &Node,
    ad: Option<&Node>,
    given: &Value,
    now: DateTime<Utc>,
) -> Result<u64, GraphError> {
    if form.text("status") != "ACTIVE" {
        return Err(GraphError::new(100, "(#100) The form is not active"));
    }
    let mut lead = Map::from_iter([
        ("form_id".to_owned(), json!(form.public_id())),
        ("field_data".to_owned(), json!(answers(form, given)?)),
        ("is_organic".to_owned(), json!(ad.is_none())),
        ("platform".to_owned(), json!("fb")),
    ]);
    let mut told = json!({
        "page_id": form.owner.to_string(), "form_id": form.public_id(), "created_time": now.timestamp(),
    });
    if let Some(ad) = ad {
        let above = |name: &str| ad.link(name).and_then(|id| state.nodes.get(id));
        for (name, node) in [("ad", Some(ad)), ("adset", above("adset_id")), ("campaign", above("campaign_id"))] {
            if let Some(node) = node {
                lead.insert(format!("{name}_id"), json!(node.public_id()));
                lead.insert(format!("{name}_name"), json!(node.text("name")));
            }
        }
        told["ad_id"] = json!(ad.public_id());
        told["adgroup_id"] = json!(ad.public_id());
    }
    let id = state.nodes.create(Kind::Lead, form.owner, lead, now).id;
    told["leadgen_id"] = json!(id.to_string());
    webhooks::change(state, &MetaChange::new("page", form.owner.to_string(), "leadgen", told), now);
    Ok(id)
}

/// The answers to a form's questions, in their order.
fn answers(form: &Node, given: &Value) -> Result<Vec<Value>, GraphError> {
    let wrong = |problem: &str| GraphError::invalid("field_data", problem);
    let given = given.as_array().ok_or_else(|| wrong("must be an array"))?;
    let name_of = |answer: &Value| answer.get("name").and_then(Value::as_str).map(str::to_owned);
    if given.iter().any(|answer| name_of(answer).is_none() || !answer.get("values").is_some_and(Value::is_array)) {
        return Err(wrong("must hold objects with name and values"));
    }
    let questions = form.fields.get("questions").and_then(Value::as_array).into_iter().flatten();
    let keys: Vec<&str> = questions.filter_map(|question| question.get("key")?.as_str()).collect();
    if let Some(name) = given.iter().filter_map(name_of).find(|name| !keys.contains(&name.as_str())) {
        return Err(wrong(&format!("names \"{name}\", which is none of the form's questions")));
    }
    let answer = |key: &&str| {
        let answer = given.iter().find(|answer| name_of(answer).as_deref() == Some(*key));
        let made_up = || json!([format!("<test lead: dummy data for {key}>")]);
        json!({ "name": key, "values": answer.map_or_else(made_up, |answer| answer["values"].clone()) })
    };
    Ok(keys.iter().map(answer).collect())
}

/// `GET /{form}/leads` and `GET /{ad}/leads`, filtered by `time_created`.
pub(super) fn list(state: &State, call: &Call, above: &Node) -> Result<Value, GraphError> {
    let mut rows = read::children(&state.nodes, above, Kind::Lead);
    let conditions = conditions(&call.params)?;
    rows.retain(|lead| {
        let made = lead.created.timestamp();
        conditions.iter().all(|(operator, bound)| match operator {
            Operator::After => made > *bound,
            Operator::From => made >= *bound,
            Operator::Before => made < *bound,
            Operator::Until => made <= *bound,
        })
    });
    let url = read::edge_url(&call.base, above, "leads");
    let mut selected = read::selection(&call.params)?;
    if selected.is_empty() {
        selected = super::fields::parse("id,created_time,field_data")?;
    }
    read::list(&state.nodes, rows, &call.params, &selected, &url)
}

/// How the time of a lead is compared.
enum Operator {
    After,
    From,
    Before,
    Until,
}

fn conditions(params: &Params) -> Result<Vec<(Operator, i64)>, GraphError> {
    let wrong = |problem: &str| GraphError::invalid("filtering", problem);
    let filters = params.json("filtering").unwrap_or_else(|| json!([]));
    let filters = filters.as_array().ok_or_else(|| wrong("must be an array"))?;
    let condition = |filter: &Value| {
        let text = |name: &str| filter.get(name).map(as_text).unwrap_or_default();
        if text("field") != "time_created" {
            return Err(wrong("must be by time_created"));
        }
        let operator = match text("operator").as_str() {
            "GREATER_THAN" => Operator::After,
            "GREATER_THAN_OR_EQUAL" => Operator::From,
            "LESS_THAN" => Operator::Before,
            "LESS_THAN_OR_EQUAL" => Operator::Until,
            _ => return Err(wrong("must compare by GREATER_THAN, LESS_THAN or those with _OR_EQUAL")),
        };
        let bound = clock::read(&text("value")).ok_or_else(|| wrong("must hold a valid time"))?;
        Ok((operator, bound.timestamp()))
    };
    filters.iter().map(condition).collect()
}

pub(super) fn router() -> Router<Arc<Simulation>> {
    Router::new().route("/__sim/leads", post(submit))
}

/// Somebody who fills in a form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submission {
    form: String,
    /// The ad that led to the form; none leaves the lead organic.
    ad: Option<String>,
    #[serde(default)]
    field_data: Vec<Value>,
}

async fn submit(Shared(simulation): Shared<Arc<Simulation>>, Json(submission): Json<Submission>) -> Response {
    let Submission { form, ad, field_data } = submission;
    match submitted(&simulation, &form, ad.as_deref(), &json!(field_data)) {
        Ok(id) => Json(json!({ "id": id })).into_response(),
        Err(problem) => (StatusCode::BAD_REQUEST, problem.to_string()).into_response(),
    }
}

/// Fills in a form and gives the lead's id.
pub(super) fn submitted(
    simulation: &Arc<Simulation>,
    form: &str,
    ad: Option<&str>,
    field_data: &Value,
) -> io::Result<String> {
    let refused = |problem: String| io::Error::new(io::ErrorKind::InvalidInput, problem);
    let now = simulation.clock.now();
    let mut state = simulation.state();
    let find = |id: &str, kind| state.nodes.find(id).filter(|node| node.kind == kind).cloned();
    let form = find(form, Kind::LeadgenForm).ok_or_else(|| refused(format!("there is no lead form {form}")))?;
    let ad = match ad {
        Some(id) => Some(find(id, Kind::Ad).ok_or_else(|| refused(format!("there is no ad {id}")))?),
        None => None,
    };
    let id =
        fill(&mut state, &form, ad.as_ref(), field_data, now).map_err(|error| refused(error.message().to_owned()))?;
    drop(state);
    webhooks::send_pending(simulation);
    Ok(id.to_string())
}
