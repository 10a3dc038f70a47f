//! <https://developers.facebook.com/docs/marketing-api/reference/ad-label/>: the handle by which a create whose answer was
//! lost is found again.

use serde_json::Value;

use super::super::error::GraphError;
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::params::{Params, as_text};
use super::super::read;
use super::super::shape::{Field, Shape, must};
use super::super::state::State;

pub(super) const FIELDS: [Field; 1] = [must("name", Shape::Text(400))];

/// `campaignsbylabels`, `adsetsbylabels`, `adcreativesbylabels`, `adsbylabels`; none for another edge.
pub(in super::super) fn by_label(
    state: &State,
    account: &Node,
    edge: &str,
    params: &Params,
    base: &str,
) -> Result<Option<Value>, GraphError> {
    let kind = match edge {
        "campaignsbylabels" => Kind::Campaign,
        "adsetsbylabels" => Kind::AdSet,
        "adcreativesbylabels" => Kind::AdCreative,
        "adsbylabels" => Kind::Ad,
        _ => return Ok(None),
    };
    let wanted = params.texts("ad_label_ids");
    if wanted.is_empty() {
        return Err(GraphError::missing("ad_label_ids"));
    }
    let is_all = params.text("operator").as_deref() == Some("ALL");
    let carries = |node: &Node, wanted: &String| {
        let id = wanted.parse().ok();
        let name = id.and_then(|id| state.nodes.of_kind(id, Kind::AdLabel)).map(|label| label.text("name"));
        let labels = node.fields.get("adlabels").and_then(Value::as_array);
        labels.into_iter().flatten().any(|label| {
            label.get("id").map(as_text).as_ref() == Some(wanted)
                || (name.is_some() && label.get("name").and_then(Value::as_str) == name)
        })
    };
    let mut rows = read::children(&state.nodes, account, kind);
    rows.retain(|node| {
        if is_all {
            wanted.iter().all(|label| carries(node, label))
        } else {
            wanted.iter().any(|label| carries(node, label))
        }
    });
    let url = read::edge_url(base, account, edge);
    read::list(&state.nodes, rows, params, &read::selection(params)?, &url).map(Some)
}
