//! What media and accounts reached: <https://developers.facebook.com/docs/instagram-platform/insights>. The figures are
//! made up, but always the same for the same media.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::GraphError;
use super::super::insights::mix;
use super::super::kind::Kind;
use super::super::nodes::Node;

/// The metrics of media, and how large their figures are.
const MEDIA: [(&str, u64); 7] = [
    ("reach", 4000),
    ("views", 6000),
    ("likes", 400),
    ("comments", 40),
    ("saved", 60),
    ("shares", 30),
    ("total_interactions", 530),
];
/// The metrics of accounts; those that have one figure for a day.
const ACCOUNT: [(&str, u64); 10] = [
    ("reach", 9000),
    ("views", 15_000),
    ("follower_count", 50),
    ("accounts_engaged", 900),
    ("total_interactions", 1200),
    ("likes", 800),
    ("comments", 90),
    ("shares", 70),
    ("saves", 110),
    ("profile_links_taps", 40),
];
const PERIODS: [&str; 5] = ["day", "week", "days_28", "lifetime", "total_over_range"];

/// `GET /{media}/insights`, `GET /{user}/insights`
pub(super) fn read(call: &Call, node: &Node) -> Result<Value, GraphError> {
    let metrics: &[(&str, u64)] = if node.kind == Kind::IGMedia { &MEDIA } else { &ACCOUNT };
    let wanted = call.params.texts("metric");
    if wanted.is_empty() {
        return Err(GraphError::missing("metric"));
    }
    let period = match (node.kind, call.params.text("period")) {
        (Kind::IGMedia, None) => "lifetime".to_owned(),
        (_, Some(period)) if PERIODS.contains(&period.as_str()) => period,
        (_, Some(_)) => {
            return Err(GraphError::invalid("period", format!("must be one of {{{}}}", PERIODS.join(", "))));
        }
        (_, None) => return Err(GraphError::missing("period")),
    };
    let is_total = call.params.text("metric_type").as_deref() == Some("total_value");
    let mut rows = Vec::new();
    for (at, name) in wanted.iter().enumerate() {
        let Some((_, size)) = metrics.iter().find(|(metric, _)| metric == name) else {
            let names: Vec<_> = metrics.iter().map(|(metric, _)| *metric).collect();
            let message = format!("(#100) metric[{at}] must be one of the following values: {}", names.join(", "));
            return Err(GraphError::new(100, message));
        };
        let value = figure(node, name, *size);
        let mut row = json!({
            "name": name, "period": period, "title": name.replace('_', " "), "description": "",
            "id": format!("{}/insights/{name}/{period}", node.id),
        });
        if is_total {
            row["total_value"] = json!({ "value": value });
        } else {
            row["values"] = json!([{ "value": value }]);
        }
        rows.push(row);
    }
    Ok(json!({ "data": rows }))
}

/// Interactions are the sum of what they consist of.
fn figure(node: &Node, name: &str, size: u64) -> u64 {
    if name == "total_interactions" && node.kind == Kind::IGMedia {
        let parts = MEDIA.iter().filter(|(metric, _)| matches!(*metric, "likes" | "comments" | "saved" | "shares"));
        return parts.map(|(metric, size)| figure(node, metric, *size)).sum();
    }
    let seed = name.bytes().fold(node.id, |seed, byte| mix(seed ^ u64::from(byte)));
    size / 2 + seed % size
}
