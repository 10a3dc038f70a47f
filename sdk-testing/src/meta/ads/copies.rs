//! `POST /{id}/copies`: <https://developers.facebook.com/docs/marketing-api/reference/ad-campaign-group/copies/>.

use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::error::GraphError;
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::read;
use super::super::state::State;

/// More below it than this is copied by an asynchronous call alone.
const MOST_AT_ONCE: usize = 3;

/// Copies a campaign, an ad set or an ad; none for another kind of node.
pub(in super::super) fn copy(state: &mut State, call: &Call, source: &Node) -> Result<Option<Value>, GraphError> {
    let answer = match source.kind {
        Kind::Campaign => "copied_campaign_id",
        Kind::AdSet => "copied_adset_id",
        Kind::Ad => "copied_ad_id",
        _ => return Ok(None),
    };
    let is_deep = call.params.flag("deep_copy");
    let below: usize = [Kind::AdSet, Kind::Ad]
        .into_iter()
        .filter(|_| is_deep && source.kind != Kind::Ad)
        .map(|kind| read::children(&state.nodes, source, kind).len())
        .sum();
    if below > MOST_AT_ONCE {
        let message = format!("(#100) A deep copy of more than {MOST_AT_ONCE} objects has to be asynchronous");
        return Err(GraphError::new(100, message));
    }
    let mut copied = Vec::new();
    let into = source.link(if source.kind == Kind::Ad { "adset_id" } else { "campaign_id" });
    let id = copy_one(state, call, source, into, is_deep, &mut copied)?;
    Ok(Some(json!({ answer: id.to_string(), "ad_object_ids": copied })))
}

fn copy_one(
    state: &mut State,
    call: &Call,
    source: &Node,
    into: Option<u64>,
    is_deep: bool,
    copied: &mut Vec<Value>,
) -> Result<u64, GraphError> {
    let mut fields: Map<String, Value> = source.fields.clone();
    let (type_name, source_field) = match source.kind {
        Kind::Campaign => ("campaign", "source_campaign_id"),
        Kind::AdSet => ("ad_set", "source_adset_id"),
        _ => ("ad", "source_ad_id"),
    };
    fields.insert(source_field.into(), json!(source.public_id()));
    let status = match call.params.text("status_option").as_deref() {
        Some("ACTIVE") => "ACTIVE",
        Some("INHERITED_FROM_SOURCE") => source.text("status"),
        None | Some("PAUSED") => "PAUSED",
        Some(_) => {
            let problem = "must be one of {ACTIVE, PAUSED, INHERITED_FROM_SOURCE}";
            return Err(GraphError::invalid("status_option", problem));
        }
    };
    fields.insert("status".into(), json!(status));
    fields.insert("name".into(), json!(format!("{} - Copy", source.text("name"))));
    if let Some(above) = into.and_then(|id| state.nodes.get(id)) {
        match source.kind {
            Kind::AdSet => {
                fields.insert("campaign_id".into(), json!(above.public_id()));
            }
            Kind::Ad => {
                fields.insert("adset_id".into(), json!(above.public_id()));
                fields.insert("campaign_id".into(), json!(above.text("campaign_id")));
            }
            _ => {}
        }
    }
    let id = state.nodes.create(source.kind, source.owner, fields, call.now).id;
    copied.push(json!({ "ad_object_type": type_name, "source_id": source.public_id(), "copied_id": id.to_string() }));
    let below = match source.kind {
        Kind::Campaign if is_deep => Kind::AdSet,
        Kind::AdSet if is_deep => Kind::Ad,
        _ => return Ok(id),
    };
    let children: Vec<Node> = read::children(&state.nodes, source, below).into_iter().rev().cloned().collect();
    for child in children.iter().filter(|child| !child.is_gone()) {
        copy_one(state, call, child, Some(id), is_deep, copied)?;
    }
    Ok(id)
}
