//! <https://developers.facebook.com/docs/graph-api/reference/video/thumbnails/>

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::error::GraphError;
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::state::State;
use super::picture;

/// How many Meta makes by itself, and their size in pixels.
const GENERATED: usize = 3;
const SIZE: (u32, u32) = (1280, 720);

/// Adds an image of the caller's.
pub(super) fn create(state: &mut State, call: &Call, video: &Node) -> Result<Value, GraphError> {
    let file = call.files.iter().find(|file| file.name == "source").ok_or_else(|| GraphError::missing("source"))?;
    let size =
        picture::size(&file.bytes).ok_or_else(|| GraphError::invalid("source", "must be a JPEG, PNG or GIF image"))?;
    let is_preferred = call.params.flag("is_preferred");
    if is_preferred {
        let others: Vec<u64> = state
            .nodes
            .iter()
            .filter(|node| node.kind == Kind::VideoThumbnail && node.link("video_id") == Some(video.id))
            .map(|node| node.id)
            .collect();
        for id in others {
            if let Some(other) = state.nodes.get_mut(id) {
                other.set(Map::from_iter([("is_preferred".to_owned(), json!(false))]), call.now);
            }
        }
    }
    add(state, video.id, &file.file_name, size, is_preferred, call.now);
    Ok(json!({ "success": true }))
}

/// Those that Meta takes from the video.
pub(super) fn generate(state: &mut State, video: u64, now: DateTime<Utc>) {
    for number in 0..GENERATED {
        add(state, video, &format!("frame-{number}"), SIZE, number == 0, now);
    }
}

fn add(state: &mut State, video: u64, name: &str, size: (u32, u32), is_preferred: bool, now: DateTime<Utc>) {
    let Some(owner) = state.nodes.get(video).map(|video| video.owner) else { return };
    let fields = json!({
        "video_id": video.to_string(), "name": name, "width": size.0, "height": size.1, "scale": 1,
        "is_preferred": is_preferred, "uri": format!("https://video.example/{video}/{name}"),
    });
    state.nodes.create(Kind::VideoThumbnail, owner, fields.as_object().cloned().unwrap_or_default(), now);
}
