//! From a container to media.

use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::clock::written;
use super::super::error::GraphError;
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::state::State;
use super::container::{self, standing};
use super::rules::Post;

/// The letters of a short code.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// `POST /{user}/media_publish`
pub(super) fn publish(state: &mut State, call: &Call, user: &Node) -> Result<Value, GraphError> {
    let id = call.params.text("creation_id").ok_or_else(|| GraphError::missing("creation_id"))?;
    let container = container::find(state, call, user, &id)?;
    if container.fields.get("is_carousel_item").is_some_and(|is_item| is_item == true) {
        return Err(GraphError::invalid("creation_id", "is of an item of a carousel, which is not published alone"));
    }
    container::check_ready(&container)?;
    state.media.posts.publish(user.id, call.now)?;
    let media = make(state, call, user, &container, None);
    let children: Vec<u64> = container
        .fields
        .get("children")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|id| id.as_str()?.parse().ok())
        .collect();
    // Lists show the newest first, and a carousel its first item.
    for child in children.iter().rev() {
        if let Some(item) = state.nodes.get(*child).cloned() {
            make(state, call, user, &item, Some(media));
            finish(state, *child, call);
        }
    }
    finish(state, container.id, call);
    if let Some(user) = state.nodes.get_mut(user.id) {
        let count = user.fields.get("media_count").and_then(Value::as_u64).unwrap_or_default() + 1;
        user.set(Map::from_iter([("media_count".to_owned(), json!(count))]), call.now);
    }
    Ok(json!({ "id": media.to_string() }))
}

fn finish(state: &mut State, container: u64, call: &Call) {
    state.media.rest(container);
    if let Some(node) = state.nodes.get_mut(container) {
        node.set(standing("PUBLISHED"), call.now);
    }
}

fn make(state: &mut State, call: &Call, user: &Node, container: &Node, parent: Option<u64>) -> u64 {
    let post = container::post(container);
    let is_video = container.has("video_url") || container.has("video_status");
    let media_type = match (post, is_video) {
        (Post::Carousel, _) => "CAROUSEL_ALBUM",
        (_, true) => "VIDEO",
        (_, false) => "IMAGE",
    };
    let product = match post {
        Post::Reel => "REELS",
        Post::Story => "STORY",
        _ => "FEED",
    };
    let mut fields: Map<String, Value> = ["caption", "alt_text", "is_ai_generated", "collaborators"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), container.fields.get(name)?.clone())))
        .collect();
    let found = json!({
        "media_type": media_type, "media_product_type": product, "timestamp": written(call.now),
        "username": user.text("username"), "owner": { "id": user.id.to_string() }, "like_count": 0,
        "comments_count": 0, "is_comment_enabled": true, "parent": parent.map(|parent| parent.to_string()),
        "is_shared_to_feed": (post == Post::Reel)
            .then(|| container.fields.get("share_to_feed").cloned().unwrap_or(json!(true))),
    });
    fields.extend(found.as_object().cloned().unwrap_or_default());
    let id = state.nodes.create(Kind::IGMedia, user.id, fields, call.now).id;
    let short = short_code(id);
    let folder = if post == Post::Reel { "reel" } else { "p" };
    let media_url = match post {
        Post::Carousel => Value::Null,
        _ => ["image_url", "video_url"]
            .into_iter()
            .find_map(|name| container.fields.get(name).cloned())
            .unwrap_or_else(|| json!(format!("https://media.example/{id}.mp4"))),
    };
    let addresses = json!({
        "shortcode": short, "permalink": format!("https://www.instagram.com/{folder}/{short}/"), "media_url": media_url,
        "thumbnail_url": is_video.then(|| format!("https://media.example/{id}.jpg")), "ig_id": id.to_string(),
    });
    if let Some(node) = state.nodes.get_mut(id) {
        node.set(addresses.as_object().cloned().unwrap_or_default(), call.now);
    }
    id
}

/// An id in the letters of addresses, as Instagram shortens them.
fn short_code(mut id: u64) -> String {
    let mut letters = Vec::new();
    while id > 0 {
        letters.push(char::from(LETTERS[(id % 64) as usize]));
        id /= 64;
    }
    letters.iter().rev().collect()
}
