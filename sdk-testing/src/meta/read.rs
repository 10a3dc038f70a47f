//! Reading nodes and lists of them.

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::ads::belongs_to;
use super::error::GraphError;
use super::fields::{self, Selected};
use super::kind::Kind;
use super::nodes::{Node, Nodes};
use super::params::{Params, as_text};

/// Rows on a page unless `limit` says otherwise.
const PAGE: usize = 25;
/// The most rows on a page.
const LARGEST_PAGE: usize = 5000;

/// The lists of ad objects by the name of their edge.
pub(super) fn listed(edge: &str) -> Option<Kind> {
    Some(match edge {
        "campaigns" => Kind::Campaign,
        "adsets" => Kind::AdSet,
        "ads" => Kind::Ad,
        "adcreatives" => Kind::AdCreative,
        "adlabels" => Kind::AdLabel,
        "asyncadrequestsets" => Kind::AdAsyncRequestSet,
        "requests" => Kind::AdAsyncRequest,
        "budget_schedules" => Kind::HighDemandPeriod,
        "adspixels" => Kind::AdsPixel,
        "customaudiences" => Kind::CustomAudience,
        "saved_audiences" => Kind::SavedAudience,
        "leadgen_forms" => Kind::LeadgenForm,
        "leads" => Kind::Lead,
        "adimages" => Kind::AdImage,
        "advideos" => Kind::AdVideo,
        "thumbnails" => Kind::VideoThumbnail,
        "media" | "children" => Kind::IGMedia,
        _ => return None,
    })
}

/// Where a field leads to another node, as `creative{id,name}` does.
fn linked(field: &str) -> Option<&'static str> {
    match field {
        "campaign" => Some("campaign_id"),
        "adset" => Some("adset_id"),
        _ => None,
    }
}

/// What is asked of a node with `fields`, as one text or as a JSON list; without them its id alone.
pub(super) fn selection(params: &Params) -> Result<Vec<Selected>, GraphError> {
    match params.json("fields") {
        Some(Value::Array(names)) => fields::parse(&names.iter().map(as_text).collect::<Vec<_>>().join(",")),
        Some(text) => fields::parse(&as_text(&text)),
        None => Ok(Vec::new()),
    }
}

/// A node as an answer holds it.
pub(super) fn node(nodes: &Nodes, node: &Node, selected: &[Selected], base: &str) -> Result<Value, GraphError> {
    let mut answer = Map::new();
    for field in selected {
        let name = field.name.as_str();
        if let Some(kind) = listed(name).filter(|_| node.kind != Kind::IGUser || name == "media") {
            let params = arguments(field);
            let list = list(nodes, children(nodes, node, kind), &params, &field.inside, &edge_url(base, node, name))?;
            answer.insert(name.to_owned(), list);
        } else if let Some(above) = linked(name).filter(|_| node.kind.has_field(name)) {
            if let Some(above) = node.link(above).and_then(|id| nodes.get(id)) {
                answer.insert(name.to_owned(), self::node(nodes, above, &field.inside, base)?);
            }
        } else if !node.kind.has_field(name) {
            let kind = node.kind.name();
            let message = format!("(#100) Tried accessing nonexisting field ({name}) on node type ({kind})");
            return Err(GraphError::new(100, message));
        } else if let Some(value) = nodes.value(node, name) {
            answer.insert(name.to_owned(), within(nodes, value, &field.inside, base)?);
        }
    }
    answer.insert("id".to_owned(), json!(node.public_id()));
    Ok(Value::Object(answer))
}

/// A stored object, of which a part is asked; one that names a node is read as that node.
fn within(nodes: &Nodes, value: Value, inside: &[Selected], base: &str) -> Result<Value, GraphError> {
    if inside.is_empty() {
        return Ok(value);
    }
    if let Some(found) = value.get("id").and_then(Value::as_str).and_then(|id| nodes.find(id)) {
        return node(nodes, found, inside, base);
    }
    let part = |object: &Value| -> Value {
        inside.iter().filter_map(|field| Some((field.name.clone(), object.get(&field.name)?.clone()))).collect()
    };
    Ok(match &value {
        Value::Array(items) => items.iter().map(part).collect(),
        object => part(object),
    })
}

/// Where a list is had, for its links.
pub(super) fn edge_url(base: &str, node: &Node, edge: &str) -> String {
    format!("{base}/{}/{edge}", node.public_id())
}

fn arguments(field: &Selected) -> Params {
    let mut params = Params::default();
    for (name, value) in &field.arguments {
        params.add(name, json!(value));
    }
    params
}

/// The nodes of a kind below a node, newest first.
pub(super) fn children<'a>(nodes: &'a Nodes, above: &'a Node, kind: Kind) -> Vec<&'a Node> {
    let id = above.id.to_string();
    let is_below = |node: &Node| match above.kind {
        Kind::IGUser => node.owner == above.id && !node.has("parent"),
        Kind::AdAccount | Kind::Page => node.owner == above.id,
        Kind::AdVideo => node.text("video_id") == id,
        Kind::IGMedia => node.text("parent") == id,
        Kind::Campaign | Kind::AdSet if kind == Kind::HighDemandPeriod => node.text("ad_object_id") == id,
        Kind::AdAsyncRequestSet => belongs_to(node, &id),
        Kind::Campaign => node.text("campaign_id") == id,
        Kind::AdSet => node.text("adset_id") == id,
        Kind::LeadgenForm => node.text("form_id") == id,
        Kind::Ad if kind == Kind::AdCreative => {
            above.fields.get("creative").and_then(|creative| creative["id"].as_str()) == Some(&node.id.to_string())
        }
        Kind::Ad => node.text("ad_id") == id,
        _ => false,
    };
    nodes.newest_first().filter(|node| node.kind == kind && is_below(node)).collect()
}

/// A page of nodes, filtered by `effective_status`; what is deleted or archived shows only when asked for.
pub(super) fn list(
    nodes: &Nodes,
    mut rows: Vec<&Node>,
    params: &Params,
    selected: &[Selected],
    url: &str,
) -> Result<Value, GraphError> {
    let wanted = params.texts("effective_status");
    rows.retain(|node| {
        let status = nodes.effective_status(node);
        if wanted.is_empty() {
            !matches!(status, "DELETED" | "ARCHIVED")
        } else {
            wanted.iter().any(|want| want == status)
        }
    });
    if let Some(after) = updated_after(params)? {
        rows.retain(|node| node.updated.timestamp() > after);
    }
    page(&rows, params, url, |row| row.id, |row| node(nodes, row, selected, url_base(url)))
}

/// The time of the condition `[{"field":"ad.updated_time","operator":"GREATER_THAN","value":1767225600}]`.
fn updated_after(params: &Params) -> Result<Option<i64>, GraphError> {
    let filters = params.json("filtering").unwrap_or_default();
    let is_wanted = |filter: &&Value| {
        filter["field"].as_str().is_some_and(|field| field.rsplit('.').next() == Some("updated_time"))
            && filter["operator"] == "GREATER_THAN"
    };
    let Some(filter) = filters.as_array().and_then(|filters| filters.iter().find(is_wanted)) else { return Ok(None) };
    let time = as_text(&filter["value"]).parse();
    time.map(Some).map_err(|_| GraphError::invalid("filtering", "updated_time must be compared with Unix seconds"))
}

/// The part of a list's address before its node.
fn url_base(url: &str) -> &str {
    url.rsplitn(3, '/').nth(2).unwrap_or(url)
}

/// A page of rows that are sorted by falling number. The cursor holds the number, so rows that appear or vanish between
/// two pages shift nothing.
pub(super) fn page<T>(
    rows: &[T],
    params: &Params,
    url: &str,
    number: impl Fn(&T) -> u64,
    show: impl Fn(&T) -> Result<Value, GraphError>,
) -> Result<Value, GraphError> {
    let limit = match params.text("limit") {
        None => PAGE,
        Some(text) => match text.parse() {
            Ok(limit @ 1..) => usize::min(limit, LARGEST_PAGE),
            _ => return Err(GraphError::new(100, "(#100) limit must be a positive integer")),
        },
    };
    let place = |name| params.text(name).map(|cursor| decode(&cursor)).transpose();
    let (start, end) = match (place("after")?, place("before")?) {
        (Some(after), _) => {
            let start = rows.partition_point(|row| Reverse(number(row)) <= Reverse(after));
            (start, rows.len().min(start + limit))
        }
        (None, Some(before)) => {
            let end = rows.partition_point(|row| Reverse(number(row)) < Reverse(before));
            (end.saturating_sub(limit), end)
        }
        (None, None) => (0, rows.len().min(limit)),
    };
    let shown = &rows[start..end];
    let mut answer = json!({ "data": shown.iter().map(show).collect::<Result<Vec<_>, _>>()? });
    if let [first, ..] = shown
        && let [.., last] = shown
    {
        let (before, after) = (encode(number(first)), encode(number(last)));
        let mut paging = json!({ "cursors": { "before": before, "after": after } });
        if end < rows.len() {
            paging["next"] = json!(link(url, params, limit, "after", &after));
        }
        if start > 0 {
            paging["previous"] = json!(link(url, params, limit, "before", &before));
        }
        answer["paging"] = paging;
    }
    if params.has("summary") {
        answer["summary"] = json!({ "total_count": rows.len() });
    }
    Ok(answer)
}

fn encode(number: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("QVF{number}"))
}

fn decode(cursor: &str) -> Result<u64, GraphError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor.trim_end_matches('=')).ok();
    let number = bytes.and_then(|bytes| String::from_utf8(bytes).ok()?.strip_prefix("QVF")?.parse().ok());
    number.ok_or_else(|| GraphError::new(100, "(#100) Invalid cursors values"))
}

/// The address of a neighbouring page. As Meta's it repeats all parameters, the token too.
fn link(url: &str, params: &Params, limit: usize, direction: &str, cursor: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in params.names().filter(|name| !matches!(*name, "after" | "before" | "limit")) {
        query.append_pair(name, &params.text(name).unwrap_or_default());
    }
    query.append_pair("limit", &limit.to_string()).append_pair(direction, cursor);
    format!("{url}?{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(params: &[(&str, &str)]) -> (Vec<u64>, Value) {
        let rows: Vec<u64> = (1..=7).rev().collect();
        let mut all = Params::default();
        params.iter().for_each(|(name, value)| all.add(name, json!(value)));
        let answer = page(&rows, &all, "http://sim/v26.0/act_1/ads", |row| *row, |row| Ok(json!(row))).unwrap();
        let data = answer["data"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
        (data, answer["paging"].clone())
    }

    #[test]
    fn pages_lead_forth_and_back() {
        let (rows, paging) = numbers(&[("limit", "3"), ("access_token", "t")]);
        assert_eq!(rows, [7, 6, 5]);
        assert!(paging["next"].as_str().unwrap().contains("access_token=t&limit=3&after="));
        assert_eq!(paging.get("previous"), None);
        let after = paging["cursors"]["after"].as_str().unwrap();
        let (rows, paging) = numbers(&[("limit", "3"), ("after", after)]);
        assert_eq!(rows, [4, 3, 2]);
        let before = paging["cursors"]["before"].as_str().unwrap();
        assert_eq!(numbers(&[("limit", "3"), ("before", before)]).0, [7, 6, 5]);
        let after = paging["cursors"]["after"].as_str().unwrap();
        let (rows, paging) = numbers(&[("limit", "3"), ("after", after)]);
        assert_eq!((rows, paging.get("next")), (vec![1], None));
        assert!(paging["cursors"]["after"].is_string(), "there even on the last page");
    }

    #[test]
    fn foreign_cursors_and_empty_pages_are_refused() {
        for (name, value) in [("after", "zzz"), ("limit", "0"), ("limit", "x")] {
            let mut params = Params::default();
            params.add(name, json!(value));
            assert!(page(&[1_u64], &params, "u", |row| *row, |row| Ok(json!(row))).is_err(), "{name}={value}");
        }
    }
}
