//! Containers: made, worked on, published or forgotten after a day.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::error::{GraphError, refusal};
use super::super::fetch::{self, Form};
use super::super::kind::Kind;
use super::super::media::{Upload, progress, rupload};
use super::super::nodes::Node;
use super::super::state::State;
use super::rules::{self, Post, Source};

/// A container that is not published by then is gone.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// `POST /{user}/media`
pub(super) fn create(state: &mut State, call: &Call, user: &Node) -> Result<Value, GraphError> {
    let (post, source, mut fields) = rules::read(&call.params)?;
    if let Source::Children(children) = &source {
        for child in children {
            let item = find(state, call, user, child)?;
            if !item.fields.get("is_carousel_item").is_some_and(|is_item| is_item == true) {
                return Err(GraphError::invalid("children", format!("holds {child}, which is no item of a carousel")));
            }
            check_ready(&item)?;
        }
        fields.insert("children".to_owned(), json!(children));
    }
    state.media.posts.make(user.id, call.now)?;
    fields.insert("post".to_owned(), json!(format!("{post:?}")));
    let collaborators = call.params.texts("collaborators");
    if !collaborators.is_empty() {
        fields.insert("collaborators".to_owned(), json!(collaborators));
    }
    let is_video = matches!(source, Source::Video(_) | Source::Upload);
    fields.extend(if is_video { standing("IN_PROGRESS") } else { standing("FINISHED") });
    let id = state.nodes.create(Kind::IGContainer, user.id, fields, call.now).id;
    state.media.work(id, matches!(source, Source::Video(_)).then_some(call.now));
    let mut answer = json!({ "id": id.to_string() });
    if source == Source::Upload {
        state.media.expect(id, Upload::default());
        show_upload(state, id, call.now);
        answer["uri"] = json!(rupload::url(call, rupload::INSTAGRAM, id));
    }
    Ok(answer)
}

/// The account's container of this id.
pub(super) fn find(state: &State, call: &Call, user: &Node, id: &str) -> Result<Node, GraphError> {
    let container = id.parse().ok().and_then(|id| state.nodes.of_kind(id, Kind::IGContainer));
    container.filter(|container| container.owner == user.id).cloned().ok_or_else(|| {
        let explanation = format!("There is no container {id} of this account ({}).", call.method);
        GraphError::refused(&refusal::NO_MEDIA, explanation)
    })
}

/// Whether it may be published.
pub(super) fn check_ready(container: &Node) -> Result<(), GraphError> {
    match container.text("status_code") {
        "FINISHED" => Ok(()),
        "EXPIRED" => {
            let explanation = "The container was not published within 24 hours.";
            Err(GraphError::refused(&refusal::EXPIRED, explanation))
        }
        "PUBLISHED" => Err(GraphError::refused(&refusal::NO_MEDIA, "The container was published before.")),
        code => {
            let explanation = format!("The media are not ready to be published: {code}. Please wait for a moment.");
            Err(GraphError::refused(&refusal::NOT_READY, explanation))
        }
    }
}

/// The status and its text.
pub(super) fn standing(code: &str) -> Map<String, Value> {
    let text = match code {
        "FINISHED" => "Finished: Media has been uploaded and it is ready to be published.",
        "PUBLISHED" => "Published: Media has been successfully published.",
        "EXPIRED" => "Expired: The container was not published within 24 hours and has expired.",
        "ERROR" => "Error: Media upload has failed with error code 2207026",
        _ => "In Progress: Media is still being processed.",
    };
    Map::from_iter([("status_code".to_owned(), json!(code)), ("status".to_owned(), json!(text))])
}

/// Brings a container to where it is by now.
pub(in super::super) fn settle(state: &mut State, id: u64, since: Option<DateTime<Utc>>, now: DateTime<Utc>) {
    let Some(container) = state.nodes.get(id) else { return };
    let is_working = container.text("status_code") == "IN_PROGRESS";
    let url = container.text("video_url");
    let is_video = match state.media.upload(id) {
        Some(upload) => upload.is_video(),
        None => matches!(fetch::form(url), None | Some(Form::Video)),
    };
    let code = if container.created + LIFETIME <= now {
        "EXPIRED"
    } else if is_working && since.is_some_and(|since| progress(since, now) == 100) {
        if is_video { "FINISHED" } else { "ERROR" }
    } else {
        return;
    };
    if code != "FINISHED" {
        state.media.rest(id);
    }
    if let Some(container) = state.nodes.get_mut(id) {
        container.set(standing(code), now);
        if let Some(phase) =
            container.fields.get_mut("video_status").and_then(|status| status.get_mut("processing_phase"))
        {
            *phase = json!({ "status": if code == "FINISHED" { "complete" } else { "error" } });
        }
    }
}

/// Writes down how much of a container's video came.
pub(in super::super) fn show_upload(state: &mut State, id: u64, now: DateTime<Utc>) {
    let Some(upload) = state.media.upload(id) else { return };
    let (uploading, processing) =
        if upload.is_complete() { ("complete", "in_progress") } else { ("in_progress", "not_started") };
    let status = json!({
        "uploading_phase": { "status": uploading, "bytes_transferred": upload.received() },
        "processing_phase": { "status": processing },
    });
    if let Some(container) = state.nodes.get_mut(id) {
        container.set(Map::from_iter([("video_status".to_owned(), status)]), now);
    }
}

/// What a container was made as.
pub(super) fn post(container: &Node) -> Post {
    match container.text("post") {
        "Reel" => Post::Reel,
        "Story" => Post::Story,
        "Video" => Post::Video,
        "Carousel" => Post::Carousel,
        _ => Post::Image,
    }
}
