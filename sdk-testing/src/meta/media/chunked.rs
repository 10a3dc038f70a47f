//! A video in chunks whose borders the server names.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{GraphError, refusal};
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::state::State;
use super::upload::Upload;
use super::videos;

/// How much a chunk holds.
const CHUNK: u64 = 1 << 20;
/// The largest video.
const LARGEST: u64 = 10_000_000_000;

pub(super) fn phase(state: &mut State, call: &Call, account: &Node, phase: &str) -> Result<Value, GraphError> {
    if phase == "start" {
        return start(state, call, account);
    }
    let video = session(state, call, account)?;
    match phase {
        "transfer" => transfer(state, call, video),
        "finish" => finish(state, call, video),
        "cancel" => {
            state.nodes.remove(video);
            Ok(json!({ "success": true }))
        }
        _ => Err(GraphError::invalid("upload_phase", "must be one of {start, transfer, finish, cancel}")),
    }
}

fn start(state: &mut State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    let size = number(call, "file_size")?;
    if !(1..=LARGEST).contains(&size) {
        return Err(GraphError::invalid("file_size", format!("must be between 1 and {LARGEST}")));
    }
    let upload = Upload::of_size(size);
    let (start, end) = next(&upload);
    let id = videos::open(state, call, account, Some(upload))?;
    // Another number than the video's, so that nobody takes one for the other. Nodes leave it free.
    Ok(json!({
        "upload_session_id": (id + 1).to_string(), "video_id": id.to_string(), "start_offset": start.to_string(),
        "end_offset": end.to_string(),
    }))
}

/// The video that a session uploads.
fn session(state: &State, call: &Call, account: &Node) -> Result<u64, GraphError> {
    let text = call.params.text("upload_session_id").ok_or_else(|| GraphError::missing("upload_session_id"))?;
    let video = text.parse().ok().and_then(|id: u64| state.nodes.of_kind(id.checked_sub(1)?, Kind::AdVideo));
    let video = video.filter(|video| video.owner == account.id).map(|video| video.id);
    video.ok_or_else(|| GraphError::no_such_object(&call.method, &text))
}

fn transfer(state: &mut State, call: &Call, video: u64) -> Result<Value, GraphError> {
    let start = number(call, "start_offset")?;
    let chunk = call.files.iter().find(|file| file.name == "video_file_chunk");
    let chunk = chunk.ok_or_else(|| GraphError::missing("video_file_chunk"))?;
    let upload = upload(state, call, video)?;
    let (at, end) = next(upload);
    if start != at || chunk.bytes.len() as u64 > end - at {
        return Err(elsewhere(upload));
    }
    upload.take(&chunk.bytes);
    let (start, end) = next(upload);
    videos::show(state, video, None, call.now);
    Ok(json!({ "start_offset": start.to_string(), "end_offset": end.to_string() }))
}

fn finish(state: &mut State, call: &Call, video: u64) -> Result<Value, GraphError> {
    let upload = upload(state, call, video)?;
    if !upload.is_complete() {
        return Err(elsewhere(upload));
    }
    let node = state.nodes.get(video).cloned().ok_or_else(|| GraphError::no_such_object("POST", ""))?;
    videos::update(state, call, &node)?;
    videos::begin(state, video, call.now);
    Ok(json!({ "success": true }))
}

fn upload<'s>(state: &'s mut State, call: &Call, video: u64) -> Result<&'s mut Upload, GraphError> {
    state.media.upload_mut(video).ok_or_else(|| GraphError::no_such_object(&call.method, &video.to_string()))
}

/// Where the next chunk begins and ends; equal at the end.
fn next(upload: &Upload) -> (u64, u64) {
    let start = upload.received();
    (start, upload.size().unwrap_or(start).min(start + CHUNK))
}

/// The chunk is not the one that is wanted: this is.
fn elsewhere(upload: &Upload) -> GraphError {
    let (start, end) = next(upload);
    let offsets = json!({ "start_offset": start.to_string(), "end_offset": end.to_string() });
    GraphError::refused(&refusal::WRONG_OFFSET, "The chunk does not begin where the last one ended.").with_data(offsets)
}

fn number(call: &Call, name: &str) -> Result<u64, GraphError> {
    let text = call.params.text(name).ok_or_else(|| GraphError::missing(name))?;
    text.parse().map_err(|_| GraphError::invalid(name, "must be a number of bytes"))
}
