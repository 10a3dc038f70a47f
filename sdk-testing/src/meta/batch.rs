//! Batches: <https://developers.facebook.com/docs/graph-api/batch-requests>.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::call::Raw;
use super::clock;
use super::error::GraphError;
use super::graph::{self, Answer};
use super::kind::Kind;
use super::nodes::Node;
use super::params::as_text;
use super::state::State;

/// The most calls in one batch.
const MOST: usize = 50;

/// Whether a call is a batch: a POST to the root.
pub(super) fn is_batch(raw: &Raw) -> bool {
    let rest = raw.path.split_once('/').map_or("", |(_, rest)| rest);
    let is_root = raw.path.is_empty() || (rest.is_empty() && raw.path.starts_with('v'));
    raw.method == "POST" && is_root && (raw.params.has("batch") || raw.params.has("asyncbatch"))
}

/// How long a session is at work, by the simulator's clock, before it tells what came of it.
const TAKES: TimeDelta = TimeDelta::seconds(2);

/// Answers a batch at once, or with a session for each of its calls.
pub(super) fn run(state: &mut State, raw: &Raw, origin: &str, now: DateTime<Utc>) -> Result<Value, GraphError> {
    if raw.params.has("batch") {
        return answers(state, raw, "batch", origin, now);
    }
    let made = answers(state, raw, "asyncbatch", origin, now)?;
    let items = raw.params.json("asyncbatch").unwrap_or_default();
    let owner = state.world.ad_account.trim_start_matches("act_").parse().unwrap_or_default();
    let mut sessions = Vec::new();
    for (item, answer) in items.as_array().into_iter().flatten().zip(made.as_array().into_iter().flatten()) {
        let name = item.get("name").map(as_text);
        let fields = json!({
            "name": name, "method": item.get("method"), "uri": item.get("relative_url"),
            "result": answer.get("body"), "code": answer.get("code"),
        });
        let fields = fields.as_object().cloned().unwrap_or_default();
        let id = state.nodes.create(Kind::AsyncSession, owner, fields, now).id;
        sessions.push(json!({ "id": id.to_string(), "name": name }));
    }
    Ok(json!({ "async_sessions": sessions }))
}

/// The members of a session that change with time.
pub(super) fn progress(session: &Node, now: DateTime<Utc>) -> Map<String, Value> {
    let mut fields = Map::new();
    let passed = (now - session.created).num_milliseconds() * 100 / TAKES.num_milliseconds();
    let is_good = session.fields.get("code").and_then(Value::as_i64) == Some(200);
    let status = match (passed, is_good) {
        (..100, _) => "IN_PROGRESS",
        (_, true) => "COMPLETED",
        (_, false) => "FAILED",
    };
    fields.insert("status".into(), json!(status));
    fields.insert("percent_completed".into(), json!(passed.clamp(0, 100)));
    fields.insert("start_time".into(), json!(clock::written(session.created)));
    if passed < 100 {
        fields.insert("result".into(), Value::Null);
    } else {
        fields.insert("complete_time".into(), json!(clock::written(session.created + TAKES)));
    }
    fields
}

/// Makes the calls one after the other. Each counts against the limits, and each fails alone.
fn answers(
    state: &mut State,
    raw: &Raw,
    parameter: &str,
    origin: &str,
    now: DateTime<Utc>,
) -> Result<Value, GraphError> {
    let items = raw.params.json(parameter).and_then(|batch| batch.as_array().cloned());
    let items = items.ok_or_else(|| GraphError::invalid(parameter, "must be an array"))?;
    if items.len() > MOST {
        let message = format!("(#1) Too many requests in batch message. Maximum batch size is {MOST}");
        return Err(GraphError::new(100, message));
    }
    let with_headers = raw.params.text("include_headers").as_deref() != Some("false");
    let mut named: HashMap<String, Result<Value, ()>> = HashMap::new();
    let mut answers = Vec::with_capacity(items.len());
    for item in &items {
        let text = |name: &str| item.get(name).map(as_text).unwrap_or_default();
        let answer = match (filled(&text("relative_url"), &named), filled(&text("body"), &named)) {
            (Ok(relative_url), Ok(body)) if !depends_on_failed(&text("depends_on"), &named) => {
                graph::answer(state, raw.of_batch(&text("method"), &relative_url, &body), origin, now)
            }
            // What it needs has failed: not run.
            _ => {
                answers.push(Value::Null);
                continue;
            }
        };
        let is_good = answer.status == 200;
        let name = text("name");
        let is_hidden = is_good
            && !name.is_empty()
            && item.get("omit_response_on_success").map(as_text).as_deref() != Some("false");
        let is_used = items.iter().any(|other| mentions(other, &name));
        if !name.is_empty() {
            named.insert(name, if is_good { Ok(answer.body.clone()) } else { Err(()) });
        }
        answers.push(if is_hidden && is_used && parameter == "batch" {
            Value::Null
        } else {
            written(&answer, with_headers)
        });
    }
    Ok(Value::Array(answers))
}

fn written(answer: &Answer, with_headers: bool) -> Value {
    let mut item = json!({ "code": answer.status, "body": answer.body.to_string() });
    if with_headers {
        let headers: Vec<Value> =
            answer.headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        item["headers"] = json!(headers);
    }
    item
}

fn mentions(item: &Value, name: &str) -> bool {
    !name.is_empty()
        && (item.to_string().contains(&format!("{{result={name}:"))
            || item.get("depends_on").and_then(Value::as_str) == Some(name))
}

fn depends_on_failed(name: &str, named: &HashMap<String, Result<Value, ()>>) -> bool {
    !name.is_empty() && !named.get(name).is_some_and(Result::is_ok)
}

/// Puts results of earlier items into a text; an error when one is missing or has failed.
fn filled(text: &str, named: &HashMap<String, Result<Value, ()>>) -> Result<String, ()> {
    // In a body the braces may have been percent-encoded with everything else.
    let encoded = text.replace("%7Bresult%3D", "{result=").replace("%7bresult%3d", "{result=");
    let (mut rest, mut out) = (encoded.as_str(), String::new());
    while let Some((before, after)) = rest.split_once("{result=") {
        let end = after.find('}').into_iter().chain(after.find("%7D")).min().ok_or(())?;
        let (inside, tail) = after.split_at(end);
        let inside = percent_encoding::percent_decode_str(inside).decode_utf8_lossy();
        let (name, path) = inside.split_once(':').ok_or(())?;
        let values = select(named.get(name).and_then(|result| result.as_ref().ok()).ok_or(())?, path).ok_or(())?;
        out.push_str(before);
        out.push_str(&values.join(","));
        rest = tail.strip_prefix('}').or_else(|| tail.strip_prefix("%7D")).ok_or(())?;
    }
    out.push_str(rest);
    Ok(out)
}

/// The values at `$.id`, `$.data[0].id` or `$.data.*.id`.
fn select(value: &Value, path: &str) -> Option<Vec<String>> {
    let steps = path.strip_prefix('$')?.replace('[', ".").replace(']', "");
    let mut values = vec![value];
    for step in steps.split('.').filter(|step| !step.is_empty()) {
        values = values
            .into_iter()
            .flat_map(|value| match (step, value) {
                ("*", Value::Array(items)) => items.iter().collect(),
                ("*", Value::Object(members)) => members.values().collect(),
                (index, Value::Array(items)) => {
                    index.parse().ok().and_then(|index: usize| items.get(index)).into_iter().collect::<Vec<_>>()
                }
                (name, value) => value.get(name).into_iter().collect(),
            })
            .collect();
    }
    Some(values).filter(|values| !values.is_empty()).map(|values| values.into_iter().map(as_text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_earlier_items_are_put_in() {
        let named = HashMap::from([
            ("one".to_owned(), Ok(json!({ "id": "7" }))),
            ("list".to_owned(), Ok(json!({ "data": [{ "id": "1" }, { "id": "2" }] }))),
            ("bad".to_owned(), Err(())),
        ]);
        assert_eq!(filled("x={result=one:$.id}&y", &named).as_deref(), Ok("x=7&y"));
        assert_eq!(filled("x=%7Bresult%3Done%3A%24.id%7D", &named).as_deref(), Ok("x=7"));
        assert_eq!(filled("?ids={result=list:$.data.*.id}", &named).as_deref(), Ok("?ids=1,2"));
        assert_eq!(filled("{result=list:$.data[1].id}", &named).as_deref(), Ok("2"));
        for text in ["{result=bad:$.id}", "{result=none:$.id}", "{result=one:$.name}", "{result=one"] {
            assert_eq!(filled(text, &named), Err(()), "{text}");
        }
    }
}
