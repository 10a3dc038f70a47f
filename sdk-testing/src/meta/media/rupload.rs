//! The host that takes bytes of videos, as they come and from any offset on. Its errors have a form of their own.
//! See <https://developers.facebook.com/docs/instagram-platform/content-publishing/resumable-uploads>.

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::super::auth;
use super::super::call::Call;
use super::super::faults::{self, MetaEffect, Stage};
use super::super::fetch::{self, Form};
use super::super::graph::Answer;
use super::super::incoming::{Pieces, Unread};
use super::super::instagram;
use super::super::kind::Kind;
use super::super::server::{self, Simulation};
use super::super::state::State;
use super::{settle, videos};

/// The folder for ad videos.
pub(super) const ADS: &str = "video-ads-upload";
/// The folder for Instagram's containers.
pub(in super::super) const INSTAGRAM: &str = "ig-api-upload";

/// Where the bytes of a node are sent.
pub(in super::super) fn url(call: &Call, folder: &str, id: u64) -> String {
    let (origin, version) = call.base.rsplit_once('/').unwrap_or((&call.base, ""));
    format!("{origin}/{folder}/{version}/{id}")
}

/// The node that a path sends bytes to.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Target {
    kind: Kind,
    id: Option<u64>,
}

/// Reads `/ig-api-upload/v26.0/17`; the version may be missing.
pub(in super::super) fn target(path: &str) -> Option<Target> {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let kind = match segments.next()? {
        ADS => Kind::AdVideo,
        INSTAGRAM => Kind::IGContainer,
        _ => return None,
    };
    Some(Target { kind, id: segments.next_back().and_then(|id| id.parse().ok()) })
}

/// Why bytes are not taken.
struct Refused {
    status: StatusCode,
    is_retriable: bool,
    kind: &'static str,
    message: &'static str,
}

impl Refused {
    const UNAUTHORISED: Self =
        Self::of(StatusCode::BAD_REQUEST, false, "NotAuthorizedError", "User not authorized to perform this request");
    const OFFSET: Self =
        Self::of(StatusCode::PRECONDITION_FAILED, true, "OffsetInvalidError", "Request starting offset is invalid");
    const PARTIAL: Self = Self::of(
        StatusCode::BAD_REQUEST,
        true,
        "PartialRequestError",
        "Partial request (did not match length of file)",
    );
    const FAILED: Self = Self::of(StatusCode::BAD_REQUEST, false, "ProcessingFailedError", "Request processing failed");

    const fn of(status: StatusCode, is_retriable: bool, kind: &'static str, message: &'static str) -> Self {
        Self { status, is_retriable, kind, message }
    }

    fn answer(&self) -> Answer {
        let Self { is_retriable, kind, message, .. } = self;
        let body = json!({ "debug_info": { "retriable": is_retriable, "type": kind, "message": message } });
        Answer { status: self.status.as_u16(), body, headers: Vec::new(), error: None }
    }
}

/// Takes bytes and keeps what came, also when the connection ends meanwhile.
pub(in super::super) async fn receive(
    simulation: &Simulation,
    target: Target,
    parts: &Parts,
    body: Body,
    cut: Option<&MetaEffect>,
) -> Response {
    let runtime = simulation.clock.runtime();
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    let fault = match cut {
        Some(_) => None,
        None => faults::draw(&mut simulation.state().faults, method, path, runtime, Stage::Answer),
    };
    let answer = match &fault {
        Some(MetaEffect::CutBefore) => None,
        Some(effect) if effect.error().is_some() => {
            Some(Refused { is_retriable: true, status: StatusCode::INTERNAL_SERVER_ERROR, ..Refused::FAILED }.answer())
        }
        _ => match take(simulation, target, &parts.headers, body, cut.and_then(MetaEffect::cut_at)).await {
            Ok(body) => Some(Answer { status: 200, body, headers: Vec::new(), error: None }),
            Err(Some(refused)) => Some(refused.answer()),
            Err(None) => None,
        },
    };
    server::respond(simulation, parts, answer, fault.as_ref().or(cut))
}

/// Takes the body; no reason is given when the connection ends within it.
async fn take(
    simulation: &Simulation,
    target: Target,
    headers: &HeaderMap,
    body: Body,
    cut_at: Option<u64>,
) -> Result<Value, Option<Refused>> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let now = simulation.clock.now();
    let (id, size) = {
        let mut state = simulation.state();
        settle(&mut state, now);
        let token = text(header::AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("OAuth "));
        if !token.is_some_and(|token| auth::is_valid(&state, token, now)) {
            return Err(Some(Refused::UNAUTHORISED));
        }
        let id = target.id.filter(|id| state.nodes.of_kind(*id, target.kind).is_some()).ok_or(Refused::FAILED)?;
        if let Some(url) = text("file_url") {
            let is_video = fetch::check("file_url", url).is_ok()
                && matches!(fetch::form(url), None | Some(Form::Video | Form::Other));
            let upload = state.media.upload_mut(id).filter(|_| is_video).ok_or(Refused::FAILED)?;
            upload.fetched();
            return Ok(complete(&mut state, target.kind, id, now));
        }
        let number = |name: &str| text(name).and_then(|value| value.parse::<u64>().ok());
        let (Some(offset), Some(size)) = (number("offset"), number("file_size")) else {
            return Err(Some(Refused::PARTIAL));
        };
        let upload = state.media.upload_mut(id).filter(|upload| !upload.is_complete()).ok_or(Refused::FAILED)?;
        if !upload.declare(size) {
            return Err(Some(Refused::PARTIAL));
        }
        if offset != upload.received() {
            return Err(Some(Refused::OFFSET));
        }
        (id, size)
    };
    let mut pieces = Pieces::new(body, cut_at);
    loop {
        let piece = pieces.next().await.map_err(|unread| match unread {
            Unread::Cut | Unread::TooLarge => None,
        })?;
        let mut state = simulation.state();
        let upload = state.media.upload_mut(id).ok_or(Refused::FAILED)?;
        match piece {
            Some(piece) if upload.received() + piece.len() as u64 > size => return Err(Some(Refused::PARTIAL)),
            Some(piece) => upload.take(&piece),
            None if !upload.is_complete() => return Err(Some(Refused::PARTIAL)),
            None => return Ok(complete(&mut state, target.kind, id, now)),
        }
        show(&mut state, target.kind, id, now);
    }
}

fn complete(state: &mut State, kind: Kind, id: u64, now: chrono::DateTime<chrono::Utc>) -> Value {
    if kind == Kind::IGContainer {
        state.media.work(id, Some(now));
    }
    show(state, kind, id, now);
    json!({ "success": true, "message": "Upload successful." })
}

/// Writes down how much came.
fn show(state: &mut State, kind: Kind, id: u64, now: chrono::DateTime<chrono::Utc>) {
    match kind {
        Kind::IGContainer => instagram::show_upload(state, id, now),
        _ => videos::show(state, id, None, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_what_bytes_are_for() {
        for (path, expected) in [
            ("/ig-api-upload/v26.0/17", Some((Kind::IGContainer, Some(17)))),
            ("/ig-api-upload/17", Some((Kind::IGContainer, Some(17)))),
            ("/video-ads-upload/v26.0/17", Some((Kind::AdVideo, Some(17)))),
            ("/video-ads-upload/v26.0/x", Some((Kind::AdVideo, None))),
            ("/v26.0/17", None),
        ] {
            assert_eq!(target(path).map(|target| (target.kind, target.id)), expected, "{path}");
        }
    }
}
