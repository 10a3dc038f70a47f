//! A video by an upload URL: <https://developers.facebook.com/docs/video-api/guides/publishing>.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::GraphError;
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::state::State;
use super::upload::Upload;
use super::{rupload, videos};

pub(super) fn phase(state: &mut State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    let phase = call.params.text("upload_phase").ok_or_else(|| GraphError::missing("upload_phase"))?;
    match phase.to_ascii_uppercase().as_str() {
        "START" => {
            let id = videos::open(state, call, account, Some(Upload::default()))?;
            Ok(json!({ "video_id": id.to_string(), "upload_url": rupload::url(call, rupload::ADS, id) }))
        }
        "FINISH" => {
            let text = call.params.text("video_id").ok_or_else(|| GraphError::missing("video_id"))?;
            let video = text.parse().ok().and_then(|id| state.nodes.of_kind(id, Kind::AdVideo)).cloned();
            let video = video.filter(|video| video.owner == account.id);
            let video = video.ok_or_else(|| GraphError::no_such_object(&call.method, &text))?;
            if !state.media.upload(video.id).is_some_and(Upload::is_complete) {
                return Err(GraphError::invalid("video_id", "is of a video that is not uploaded whole"));
            }
            videos::update(state, call, &video)?;
            videos::begin(state, video.id, call.now);
            Ok(json!({ "success": true }))
        }
        _ => Err(GraphError::invalid("upload_phase", "must be one of {START, FINISH}")),
    }
}
