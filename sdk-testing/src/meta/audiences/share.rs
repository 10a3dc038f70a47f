//! Audiences that several ad accounts use:
//! <https://developers.facebook.com/docs/marketing-api/reference/custom-audience/adaccounts>.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::GraphError;
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::read;
use super::super::state::State;

/// Where a node keeps with whom it is shared; no field that can be read.
const SHARED: &str = "shared_with";

fn shared_with(node: &Node) -> Vec<u64> {
    let accounts = node.fields.get(SHARED).and_then(Value::as_array);
    accounts.into_iter().flatten().filter_map(Value::as_u64).collect()
}

/// Whether an ad account may use somebody else's audience.
pub(in super::super) fn is_shared_with(node: &Node, account: u64) -> bool {
    shared_with(node).contains(&account)
}

/// `GET /act_{account}/customaudiences`: its own and those that are shared with it, newest first.
pub(in super::super) fn list(state: &State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    let is_here = |node: &&Node| {
        node.kind == Kind::CustomAudience && (node.owner == account.id || is_shared_with(node, account.id))
    };
    let rows = state.nodes.newest_first().filter(is_here).collect();
    let url = read::edge_url(&call.base, account, "customaudiences");
    read::list(&state.nodes, rows, &call.params, &read::selection(&call.params)?, &url)
}

/// `GET /{audience}/adaccounts`.
pub(super) fn accounts(state: &State, call: &Call, node: &Node) -> Result<Value, GraphError> {
    let shared = shared_with(node);
    let rows = state.nodes.newest_first().filter(|account| shared.contains(&account.id)).collect();
    let url = read::edge_url(&call.base, node, "adaccounts");
    read::list(&state.nodes, rows, &call.params, &read::selection(&call.params)?, &url)
}

/// `POST` and `DELETE` of `/{audience}/adaccounts`.
pub(super) fn share(state: &mut State, call: &Call, node: &Node, is_shared: bool) -> Result<Value, GraphError> {
    let named = call.params.texts("adaccounts");
    if named.is_empty() {
        return Err(GraphError::missing("adaccounts"));
    }
    let mut shared = shared_with(node);
    for name in named {
        let id = name.strip_prefix("act_").unwrap_or(&name).parse().ok();
        let account = id.and_then(|id| state.nodes.of_kind(id, Kind::AdAccount));
        let account = account.filter(|account| account.id != node.owner).ok_or_else(|| {
            GraphError::invalid("adaccounts", format!("must hold ad accounts other than the owner - got \"{name}\""))
        })?;
        shared.retain(|id| *id != account.id);
        if is_shared {
            shared.push(account.id);
        }
    }
    if let Some(node) = state.nodes.get_mut(node.id) {
        node.fields.insert(SHARED.to_owned(), json!(shared));
    }
    Ok(json!({ "success": true }))
}
