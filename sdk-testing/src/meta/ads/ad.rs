//! <https://developers.facebook.com/docs/marketing-api/reference/adgroup/>

use serde_json::{Map, Value, json};

use super::super::error::GraphError;
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::params::as_text;
use super::super::shape::{Field, Shape, may, must};
use super::super::state::State;
use super::campaign::STATUSES;

pub(super) const FIELDS: [Field; 11] = [
    must("name", Shape::Text(400)),
    must("adset_id", Shape::Id).fixed(),
    must("creative", Shape::Object),
    may("status", Shape::One(STATUSES)),
    may("tracking_specs", Shape::List),
    may("conversion_domain", Shape::Text(255)),
    may("bid_amount", Shape::Integer),
    may("ad_schedule_start_time", Shape::Time),
    may("ad_schedule_end_time", Shape::Time),
    may("adlabels", Shape::List),
    may("display_sequence", Shape::Integer),
];

pub(super) fn check(
    state: &State,
    account: &Node,
    before: Option<&Node>,
    fields: &mut Map<String, Value>,
) -> Result<(), GraphError> {
    if before.is_none() {
        let id = fields.get("adset_id").map(as_text).unwrap_or_default();
        let ad_set = id.parse().ok().and_then(|id| state.nodes.of_kind(id, Kind::AdSet));
        let ad_set = ad_set
            .filter(|ad_set| ad_set.owner == account.id && !ad_set.is_gone())
            .ok_or_else(|| GraphError::invalid("adset_id", "must be an ad set of this ad account"))?;
        fields.insert("campaign_id".into(), json!(ad_set.text("campaign_id")));
    }
    if let Some(creative) = fields.get("creative") {
        let id = ["creative_id", "id"].iter().find_map(|name| creative.get(*name)).map(as_text).unwrap_or_default();
        let is_there = id.parse().ok().and_then(|id| state.nodes.of_kind(id, Kind::AdCreative));
        let creative =
            is_there.filter(|creative| creative.owner == account.id && !creative.is_gone()).ok_or_else(|| {
                GraphError::invalid("creative", "must be {\"creative_id\":\"…\"} of a creative of this ad account")
            })?;
        fields.insert("creative".into(), json!({ "id": creative.public_id() }));
    }
    Ok(())
}
