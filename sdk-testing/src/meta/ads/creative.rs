//! <https://developers.facebook.com/docs/marketing-api/reference/ad-creative/>

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::error::{GraphError, refusal};
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::shape::{Field, Shape, may};
use super::super::state::State;

pub(super) const FIELDS: [Field; 16] = [
    may("name", Shape::Text(400)),
    may("status", Shape::One(&["ACTIVE", "IN_PROCESS", "WITH_ISSUES", "DELETED"])),
    may("adlabels", Shape::List),
    may("object_story_id", Shape::Text(100)).fixed(),
    may("object_story_spec", Shape::Object).fixed(),
    may("asset_feed_spec", Shape::Object).fixed(),
    may("source_instagram_media_id", Shape::Id).fixed(),
    may("product_set_id", Shape::Id).fixed(),
    may("template_url", Shape::Text(2000)).fixed(),
    may("instagram_user_id", Shape::Id).fixed(),
    may("url_tags", Shape::Text(2000)).fixed(),
    may("degrees_of_freedom_spec", Shape::Object).fixed(),
    may("contextual_multi_ads", Shape::Object).fixed(),
    may("authorization_category", Shape::Text(100)).fixed(),
    may("applink_treatment", Shape::Text(100)).fixed(),
    may("platform_customizations", Shape::Object).fixed(),
];
/// What a creative is made of: at least one of these.
const CONTENT: [&str; 5] =
    ["object_story_id", "object_story_spec", "asset_feed_spec", "source_instagram_media_id", "product_set_id"];
/// What a new post holds: exactly one of these.
const POSTS: [&str; 5] = ["link_data", "video_data", "photo_data", "text_data", "template_data"];
/// The lists of assets, and the member by which two are the same.
const ASSETS: [(&str, &[&str]); 6] = [
    ("images", &["hash", "url"]),
    ("videos", &["video_id"]),
    ("bodies", &["text"]),
    ("titles", &["text"]),
    ("descriptions", &["text"]),
    ("link_urls", &["website_url"]),
];

pub(super) fn check(before: Option<&Node>, fields: &Map<String, Value>) -> Result<(), GraphError> {
    if before.is_some() {
        return Ok(());
    }
    if !CONTENT.iter().any(|name| fields.contains_key(*name)) {
        return Err(GraphError::missing("object_story_spec"));
    }
    if let Some(spec) = fields.get("object_story_spec") {
        check_post(spec, fields.contains_key("asset_feed_spec"))?;
    }
    fields.get("asset_feed_spec").map_or(Ok(()), check_assets)
}

/// Every video that is shown is one of the account's, and ready.
pub(super) fn check_videos(state: &State, account: &Node, fields: &Map<String, Value>) -> Result<(), GraphError> {
    let posts =
        fields.get("object_story_spec").into_iter().flat_map(|spec| POSTS.iter().filter_map(|name| spec.get(*name)));
    let cards = |post: &Value| post.get("child_attachments").and_then(Value::as_array).cloned().unwrap_or_default();
    let posts = posts.flat_map(|post| cards(post).into_iter().chain([post.clone()]));
    let assets = fields.get("asset_feed_spec").and_then(|spec| spec.get("videos")?.as_array()).into_iter().flatten();
    let shown =
        posts.map(|post| ("object_story_spec", post)).chain(assets.map(|asset| ("asset_feed_spec", asset.clone())));
    for (field, shown) in shown {
        let Some(id) = shown.get("video_id").and_then(Value::as_str) else { continue };
        let video = id.parse().ok().and_then(|id| state.nodes.of_kind(id, Kind::AdVideo));
        let Some(video) = video.filter(|video| video.owner == account.id) else {
            return Err(GraphError::invalid(field, "names a video that the ad account does not have"));
        };
        if video.fields.get("status").is_none_or(|status| status["video_status"] != "ready") {
            return Err(GraphError::invalid(field, "names a video that is not ready: wait until it is processed"));
        }
    }
    Ok(())
}

fn check_post(spec: &Value, has_assets: bool) -> Result<(), GraphError> {
    let wrong = |problem: &str| GraphError::invalid("object_story_spec", problem);
    if spec.get("page_id").is_none_or(Value::is_null) {
        return Err(wrong("must hold page_id"));
    }
    let posts: Vec<_> = POSTS.iter().filter_map(|name| Some((*name, spec.get(*name)?))).collect();
    let [(name, post)] = posts[..] else {
        let is_complete = posts.is_empty() && has_assets;
        return if is_complete {
            Ok(())
        } else {
            Err(wrong("must hold exactly one of link_data, video_data, photo_data, text_data"))
        };
    };
    let has = |member: &str| post.get(member).is_some_and(|value| !value.is_null());
    match name {
        "link_data" if !has("link") => return Err(wrong("must hold link_data.link")),
        "video_data" if !has("video_id") => return Err(wrong("must hold video_data.video_id")),
        "video_data" if !has("image_url") && !has("image_hash") => {
            return Err(wrong("must hold video_data.image_url or video_data.image_hash"));
        }
        _ => {}
    }
    if let Some(cards) = post.get("child_attachments").and_then(Value::as_array)
        && !(2..=10).contains(&cards.len())
    {
        return Err(wrong("must hold 2 to 10 child_attachments"));
    }
    match post.get("call_to_action") {
        Some(action) if action.get("type").and_then(Value::as_str).is_none() => {
            let explanation = "A call to action is an object with a type.";
            Err(GraphError::refused(&refusal::CALL_TO_ACTION, explanation).blaming("object_story_spec"))
        }
        _ => Ok(()),
    }
}

fn check_assets(spec: &Value) -> Result<(), GraphError> {
    for (list, identity) in ASSETS {
        let mut seen = BTreeSet::new();
        for asset in spec.get(list).and_then(Value::as_array).into_iter().flatten() {
            let key = identity.iter().find_map(|name| asset.get(*name)?.as_str());
            if key.is_some_and(|key| !seen.insert(key)) {
                let explanation = format!("Two of the {list} are the same.");
                return Err(GraphError::refused(&refusal::DUPLICATE_ASSET, explanation).blaming("asset_feed_spec"));
            }
        }
    }
    Ok(())
}
