//! The pages that a token reaches: <https://developers.facebook.com/docs/graph-api/reference/user/accounts>.

use serde_json::{Value, json};

use super::call::Call;
use super::error::GraphError;
use super::fields;
use super::kind::Kind;
use super::nodes::Node;
use super::read;
use super::state::State;

/// What is told without `fields`.
const SHOWN: &str = "access_token,category,name,id,tasks";
/// What the token's user may do there. It is a field of this list and not of a page.
const TASKS: [&str; 6] = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MANAGE", "MESSAGING", "MODERATE"];

/// `GET /me/accounts`.
pub(super) fn reached(state: &State, call: &Call) -> Result<Value, GraphError> {
    let mut selected = read::selection(&call.params)?;
    if selected.is_empty() {
        selected = fields::parse(SHOWN)?;
    }
    let has_tasks = selected.iter().any(|field| field.name == "tasks");
    selected.retain(|field| field.name != "tasks");
    let rows: Vec<&Node> = state.nodes.newest_first().filter(|node| node.kind == Kind::Page).collect();
    let url = format!("{}/{}", call.base, call.path.join("/"));
    let mut list = read::list(&state.nodes, rows, &call.params, &selected, &url)?;
    if has_tasks {
        for row in list.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten() {
            row["tasks"] = json!(TASKS);
        }
    }
    Ok(list)
}
