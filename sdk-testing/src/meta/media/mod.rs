//! Images and videos of an ad account, and the bytes of all media. Nothing is fetched from anywhere: of media that are
//! given by their URL, the name's ending says what they are.

mod chunked;
mod images;
mod picture;
mod resumable;
pub(super) mod rupload;
mod thumbnails;
mod upload;
mod videos;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

pub(super) use upload::Upload;

use super::call::Call;
use super::error::GraphError;
use super::instagram;
use super::kind::Kind;
use super::nodes::Node;
use super::state::State;

/// How long a video is processed, by the simulator's clock.
pub(super) const PROCESSING: TimeDelta = TimeDelta::seconds(10);

/// What is under way.
#[derive(Debug, Default)]
pub(super) struct Media {
    /// The bytes that came, by the video or container they are for.
    uploads: BTreeMap<u64, Upload>,
    /// What changes by itself, with the time since when it is processed, if it is.
    working: BTreeMap<u64, Option<DateTime<Utc>>>,
    pub(super) posts: instagram::Posts,
}

impl Media {
    /// What came, for people and tests.
    pub(super) fn uploads(&self) -> Vec<Value> {
        self.uploads
            .iter()
            .map(|(id, upload)| json!({ "id": id.to_string(), "bytes": upload.received(), "sha256": upload.sha256() }))
            .collect()
    }

    pub(super) fn upload(&self, id: u64) -> Option<&Upload> {
        self.uploads.get(&id)
    }

    pub(super) fn upload_mut(&mut self, id: u64) -> Option<&mut Upload> {
        self.uploads.get_mut(&id)
    }

    /// Bytes are to come for this node.
    pub(super) fn expect(&mut self, id: u64, upload: Upload) {
        self.uploads.insert(id, upload);
    }

    /// It changes by itself, from now on if it is processed.
    pub(super) fn work(&mut self, id: u64, since: Option<DateTime<Utc>>) {
        self.working.insert(id, since);
    }

    /// It changes no more.
    pub(super) fn rest(&mut self, id: u64) {
        self.working.remove(&id);
    }
}

/// Brings everything to where it is by now.
pub(super) fn settle(state: &mut State, now: DateTime<Utc>) {
    for (id, since) in state.media.working.clone() {
        match state.nodes.get(id).map(|node| node.kind) {
            Some(Kind::AdVideo) => videos::settle(state, id, since, now),
            Some(Kind::IGContainer) => instagram::settle(state, id, since, now),
            _ => state.media.rest(id),
        }
    }
}

/// How much of the processing is done, in percent.
pub(super) fn progress(since: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    ((now - since).num_milliseconds() * 100 / PROCESSING.num_milliseconds()).clamp(0, 100)
}

/// Reads an edge; none when it is not one of these.
pub(super) fn get_edge(state: &State, call: &Call, node: &Node, edge: &str) -> Result<Option<Value>, GraphError> {
    match (node.kind, edge) {
        (Kind::AdAccount, "adimages") if call.params.has("hashes") => images::by_hash(state, call, node).map(Some),
        (Kind::IGUser | Kind::IGMedia, _) => instagram::get_edge(state, call, node, edge),
        _ => Ok(None),
    }
}

/// Creates below a node; none when it is not one of these edges.
pub(super) fn post_edge(state: &mut State, call: &Call, node: &Node, edge: &str) -> Result<Option<Value>, GraphError> {
    match (node.kind, edge) {
        (Kind::AdAccount, "adimages") => images::create(state, call, node).map(Some),
        (Kind::AdAccount, "advideos") => videos::create(state, call, node).map(Some),
        (Kind::AdAccount, "video_ads") => resumable::phase(state, call, node).map(Some),
        (Kind::AdVideo, "thumbnails") => thumbnails::create(state, call, node).map(Some),
        (Kind::IGUser, _) => instagram::post_edge(state, call, node, edge),
        _ => Ok(None),
    }
}

/// Deletes below a node; none when it is not one of these edges.
pub(super) fn delete_edge(
    state: &mut State,
    call: &Call,
    node: &Node,
    edge: &str,
) -> Result<Option<Value>, GraphError> {
    match (node.kind, edge) {
        (Kind::AdAccount, "adimages") => images::delete(state, call, node).map(Some),
        _ => Ok(None),
    }
}

/// Changes a node; none when it is not of these kinds.
pub(super) fn update(state: &mut State, call: &Call, node: &Node) -> Result<Option<Value>, GraphError> {
    match node.kind {
        Kind::AdVideo => videos::update(state, call, node).map(Some),
        _ => Ok(None),
    }
}

/// Deletes a node, of which nothing stays; none when it is not of these kinds.
pub(super) fn delete(state: &mut State, node: &Node) -> Option<Value> {
    if !matches!(node.kind, Kind::AdVideo | Kind::IGMedia) {
        return None;
    }
    state.media.rest(node.id);
    state.nodes.remove(node.id);
    Some(json!({ "success": true }))
}
