//! <https://developers.facebook.com/docs/marketing-api/reference/ad-account/advideos/>

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::error::GraphError;
use super::super::fetch::{self, Form};
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::shape::{Field, Shape, accept, may};
use super::super::state::State;
use super::upload::Upload;
use super::{chunked, progress, thumbnails};

/// What is said of a video, however its bytes come.
const FIELDS: [Field; 3] =
    [may("title", Shape::Text(255)), may("name", Shape::Text(255)), may("description", Shape::Text(10_000))];
/// How many images a slideshow has.
const SLIDES: std::ops::RangeInclusive<usize> = 3..=7;

/// A whole file, a URL, a slideshow, or a phase of an upload in chunks.
pub(super) fn create(state: &mut State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    if let Some(phase) = call.params.text("upload_phase") {
        return chunked::phase(state, call, account, &phase);
    }
    let unsupported =
        || GraphError::new(352, "(#352) The video file you selected is in a format that we don't support.");
    let upload = match (call.files.iter().find(|file| file.name == "source"), call.params.text("file_url")) {
        (Some(file), _) => match Upload::whole(&file.bytes) {
            upload if upload.is_video() => Some(upload),
            _ => return Err(unsupported()),
        },
        (None, Some(url)) => {
            fetch::check("file_url", &url)?;
            if matches!(fetch::form(&url), Some(Form::Jpeg | Form::Image)) {
                return Err(unsupported());
            }
            None
        }
        (None, None) => {
            let slideshow = call.params.json("slideshow_spec").ok_or_else(|| GraphError::missing("source"))?;
            check_slideshow(&slideshow)?;
            None
        }
    };
    let id = open(state, call, account, upload)?;
    begin(state, id, call.now);
    Ok(json!({ "id": id.to_string() }))
}

fn check_slideshow(slideshow: &Value) -> Result<(), GraphError> {
    let wrong = |problem: &str| GraphError::invalid("slideshow_spec", problem);
    let images =
        slideshow.get("images_urls").and_then(Value::as_array).ok_or_else(|| wrong("must hold images_urls"))?;
    if !SLIDES.contains(&images.len()) {
        return Err(wrong("must hold 3 to 7 images_urls"));
    }
    images.iter().try_for_each(|image| fetch::check("slideshow_spec", image.as_str().unwrap_or_default()))
}

/// A new video, whose bytes came or are to come; Meta has them itself when there is no upload.
pub(super) fn open(state: &mut State, call: &Call, account: &Node, upload: Option<Upload>) -> Result<u64, GraphError> {
    let fields = accept(&FIELDS, &call.params, true)?;
    let id = state.nodes.create(Kind::AdVideo, account.id, fields, call.now).id;
    if let Some(upload) = upload {
        state.media.expect(id, upload);
    }
    show(state, id, None, call.now);
    Ok(id)
}

/// Everything is there: the processing begins.
pub(super) fn begin(state: &mut State, id: u64, now: DateTime<Utc>) {
    state.media.work(id, Some(now));
    show(state, id, Some(now), now);
}

pub(super) fn update(state: &mut State, call: &Call, video: &Node) -> Result<Value, GraphError> {
    let fields = accept(&FIELDS, &call.params, false)?;
    if let Some(node) = state.nodes.get_mut(video.id) {
        node.set(fields, call.now);
    }
    Ok(json!({ "success": true }))
}

/// Brings a video that is processed to where it is by now.
pub(super) fn settle(state: &mut State, id: u64, since: Option<DateTime<Utc>>, now: DateTime<Utc>) {
    show(state, id, since, now);
    if since.is_none_or(|since| progress(since, now) < 100) {
        return;
    }
    state.media.rest(id);
    let Some(video) = state.nodes.get_mut(id) else { return };
    if video.fields.get("status").is_some_and(|status| status["video_status"] == "ready") {
        let found = json!({
            "length": 15 + id / 10 % 46, "published": true, "picture": format!("https://video.example/{id}/picture.jpg"),
            "source": format!("https://video.example/{id}.mp4"),
            "permalink_url": format!("/{}/videos/{id}/", video.owner),
        });
        video.set(found.as_object().cloned().unwrap_or_default(), now);
        thumbnails::generate(state, id, now);
    }
}

/// Writes down where a video stands.
pub(super) fn show(state: &mut State, id: u64, since: Option<DateTime<Utc>>, now: DateTime<Utc>) {
    let upload = state.media.upload(id);
    let status = status(upload, since, now);
    if let Some(node) = state.nodes.get_mut(id) {
        node.set(Map::from_iter([("status".to_owned(), status)]), now);
    }
}

fn status(upload: Option<&Upload>, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Value {
    let uploading = match upload {
        Some(upload) => {
            let phase = if upload.is_complete() { "complete" } else { "in_progress" };
            json!({ "status": phase, "bytes_transferred": upload.received(), "source_file_size": upload.size() })
        }
        None => json!({ "status": "complete" }),
    };
    let Some(since) = since else {
        let (processing, publishing) = (json!({ "status": "not_started" }), json!({ "status": "not_started" }));
        return json!({
            "video_status": "processing", "processing_progress": 0, "uploading_phase": uploading,
            "processing_phase": processing, "publishing_phase": publishing,
        });
    };
    let percent = progress(since, now);
    let (word, processing, publishing) = if percent < 100 {
        ("processing", json!({ "status": "in_progress" }), json!({ "status": "not_started" }))
    } else if upload.is_some_and(|upload| !upload.is_video()) {
        let why = json!([{ "code": 1_363_019, "message": "The file is no video of a supported format." }]);
        ("error", json!({ "status": "error", "errors": why }), json!({ "status": "not_started" }))
    } else {
        ("ready", json!({ "status": "complete" }), json!({ "status": "complete", "publish_status": "published" }))
    };
    json!({
        "video_status": word, "processing_progress": percent, "uploading_phase": uploading,
        "processing_phase": processing, "publishing_phase": publishing,
    })
}
