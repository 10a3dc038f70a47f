//! The writing half: Segment's `/v1/track identify page screen group alias batch`.

use std::io::Read;
use std::net::IpAddr;

use acd_analytics::operations;
use acd_analytics::wire::{
    Batch, BatchReply, MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_EVENT_BYTES, Message, MessageType, Rejection,
    RejectionCode,
};
use acd_platform::keys::Scope;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, ExtensionRejection};
use axum::extract::{DefaultBodyLimit, Extension, FromRequestParts, State};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use tower_http::cors::{Any, CorsLayer};

use super::accept::{Defaults, Refusal, accept, time};
use super::writer::Outcome;
use crate::app::App;
use crate::kernel::client::Peer;
use crate::kernel::extract::parse_json;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;
use crate::kernel::route::{Access, Api, Route};

/// Adds the routes of the tracking API. Browsers of any origin may call them: a write key is public.
pub fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "tracking";
    let mut api = api.tag(TAG, "Segment's HTTP tracking API: the same calls, answered event by event.");
    for (operation, kind, summary) in [
        (operations::TRACK, MessageType::Track, "Record what a user did"),
        (operations::IDENTIFY, MessageType::Identify, "Record who a user is"),
        (operations::PAGE, MessageType::Page, "Record a page viewed"),
        (operations::SCREEN, MessageType::Screen, "Record a screen viewed"),
        (operations::GROUP, MessageType::Group, "Record the group a user belongs to"),
        (operations::ALIAS, MessageType::Alias, "Record a second id of a user"),
    ] {
        let route = Route::new(operation, TAG, Access::WriteKey, summary)
            .describe("At most 32 KB. The answer comes when the event is on disk.")
            .body::<Message<'static>>()
            .reply::<BatchReply>(StatusCode::OK, "Stored, or stored before.");
        api = api.route(app, route, move |State(app), sender, body| single(app, sender, body, kind));
    }
    let route = Route::new(operations::BATCH, TAG, Access::WriteKey, "Record many events")
        .describe(
            "At most 2,500 events and 500 KB, gzip allowed. A bad event does not sink the others: `rejected` names it. \
             When every event is bad the answer is 400, with the same list.",
        )
        .body::<Batch<'static>>()
        .reply::<BatchReply>(StatusCode::OK, "What became of each event.");
    api.route(app, route, batch)
}

/// What browsers need to send events from any origin.
pub(crate) fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::CONTENT_ENCODING])
        .expose_headers([HeaderName::from_static("x-request-id"), header::RETRY_AFTER])
}

/// One byte more than the limit is let in, so that the refusal can name the limit.
pub(crate) fn body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(MAX_BATCH_BYTES + 1)
}

type Body = std::result::Result<Bytes, BytesRejection>;

/// Who sends, as far as that is known without the body.
struct Sender {
    id: RequestId,
    headers: HeaderMap,
    peer: Peer,
}

impl FromRequestParts<App> for Sender {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, Self::Rejection> {
        let Extension(id) = Extension::from_request_parts(parts, app).await?;
        let Ok(peer) = Peer::from_request_parts(parts, app).await;
        Ok(Self { id, headers: std::mem::take(&mut parts.headers), peer })
    }
}

impl Sender {
    /// The address of the browser or phone that sends. Whoever may read a publishable key sends for themselves; any other key is a
    /// server's, which sends for others.
    fn caller(&self, app: &App, principal: &Principal) -> Option<IpAddr> {
        principal.is_publishable().then(|| app.proxies.caller(self.peer, &self.headers)).flatten()
    }
}

async fn single(app: App, sender: Sender, body: Body, kind: MessageType) -> Result<axum::Json<BatchReply>> {
    let (principal, body) = open(&app, &sender, body).await?;
    if body.len() > MAX_EVENT_BYTES {
        return Err(Problem::too_large("event_too_large", "one event may have 32768 bytes of JSON"));
    }
    let raw: &RawValue = parse_json(&body)?;
    let principal = match principal {
        Some(principal) => principal,
        None => by_body_key(&app, &sender.id, raw).await?,
    };
    let caller = sender.caller(&app, &principal);
    let defaults = Defaults { kind: Some(kind), caller, ..Defaults::default() };
    let reply = store(&app, &principal, &[raw], defaults).await?;
    match reply.rejected.into_iter().next() {
        None => Ok(axum::Json(BatchReply { rejected: Vec::new(), ..reply })),
        Some(rejection) => Err(rejected_problem(&rejection)),
    }
}

async fn batch(State(app): State<App>, sender: Sender, body: Body) -> Result<axum::Json<BatchReply>> {
    let (principal, body) = open(&app, &sender, body).await?;
    let batch: Batch<'_> = parse_json(&body)?;
    let principal = match (principal, batch.write_key.as_deref()) {
        (Some(principal), _) => principal,
        (None, Some(key)) => app.auth.from_key(key, sender.id.clone()).await?,
        (None, None) => return Err(no_key()),
    };
    if batch.batch.len() > MAX_BATCH_EVENTS {
        let detail = format!("the batch has {} events; at most 2500 are accepted", batch.batch.len());
        return Err(Problem::too_large("batch_too_large", detail));
    }
    if let Some(context) = batch.context {
        check_shared("context", context)?;
    }
    if let Some(integrations) = batch.integrations {
        check_shared("integrations", integrations)?;
    }
    let sent_at = time("sentAt", batch.sent_at.as_deref())
        .map_err(|refusal| Problem::bad_request("invalid_timestamp", refusal.detail))?;
    let caller = sender.caller(&app, &principal);
    let (context, integrations) = (batch.context, batch.integrations);
    let defaults = Defaults { context, integrations, sent_at, caller, ..Defaults::default() };
    let reply = store(&app, &principal, &batch.batch, defaults).await?;
    if reply.accepted + reply.duplicates == 0 && !reply.rejected.is_empty() {
        let rejected = serde_json::to_value(&reply.rejected).map_err(Problem::internal)?;
        return Err(Problem::bad_request("all_rejected", "every event of the batch is bad; `rejected` says why")
            .with("rejected", rejected));
    }
    Ok(axum::Json(reply))
}

/// Checks the key where a header carries it, then unpacks the body.
async fn open(app: &App, Sender { id, headers, .. }: &Sender, body: Body) -> Result<(Option<Principal>, Bytes)> {
    let principal = app.auth.from_header(headers, id.clone()).await?;
    let too_large =
        || Problem::too_large("body_too_large", "a request may have 512000 bytes of JSON; send smaller batches");
    let body = body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return too_large();
        }
        Problem::bad_request("body_incomplete", "the body ended early or could not be read")
    })?;
    let body = match headers.get(header::CONTENT_ENCODING).map(http::HeaderValue::as_bytes) {
        None | Some(b"identity") => body,
        Some(b"gzip") => {
            let mut plain = Vec::with_capacity(body.len() * 4);
            // Bounded while it unpacks: a small body can hold gigabytes.
            let mut reader = flate2::read::GzDecoder::new(&*body).take(MAX_BATCH_BYTES as u64 + 1);
            reader.read_to_end(&mut plain).map_err(|_| {
                Problem::bad_request("invalid_gzip", "the body is not gzip, though Content-Encoding says so")
            })?;
            plain.into()
        }
        Some(_) => {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_encoding",
                "Content-Encoding: send the body plain or as gzip",
            ));
        }
    };
    if body.len() > MAX_BATCH_BYTES { Err(too_large()) } else { Ok((principal, body)) }
}

/// The principal of the `writeKey` in the body, for clients that cannot set a header.
async fn by_body_key(app: &App, id: &RequestId, raw: &RawValue) -> Result<Principal> {
    #[derive(Deserialize)]
    struct Keyed<'a> {
        #[serde(borrow, rename = "writeKey")]
        write_key: Option<std::borrow::Cow<'a, str>>,
    }
    let keyed: Keyed<'_> = serde_json::from_str(raw.get()).map_err(|_| no_key())?;
    app.auth.from_key(&keyed.write_key.ok_or_else(no_key)?, id.clone()).await
}

fn no_key() -> Problem {
    Problem::unauthorized(
        "no_credentials",
        "send the write key by Basic authentication (as user name, password empty), as Bearer, or as writeKey in the body",
    )
}

fn check_shared(field: &'static str, value: &RawValue) -> Result<()> {
    if !value.get().starts_with('{') {
        return Err(Problem::invalid("invalid_body", format!("{field}: must be an object")));
    }
    super::scan::check(value.get()).map_err(|(code, detail)| {
        Problem::bad_request("invalid_body", format!("{field}: {detail}")).with("reason", name(&code))
    })
}

async fn store(app: &App, principal: &Principal, events: &[&RawValue], defaults: Defaults<'_>) -> Result<BatchReply> {
    principal.require(Scope::EventsWrite)?;
    let Some(product) = principal.product() else {
        return Err(Problem::forbidden(
            "product_key_required",
            "events belong to a product; send them with a product's key",
        ));
    };
    let mut rows = Vec::with_capacity(events.len());
    let mut indexes = Vec::with_capacity(events.len());
    let mut reply = BatchReply::default();
    for (index, raw) in (0_u32..).zip(events) {
        match accept(raw, defaults) {
            Ok(row) => {
                rows.push(row);
                indexes.push(index);
            }
            Err(Refusal { code, detail, message_id }) => {
                reply.rejected.push(Rejection { index, message_id, code, detail: detail.into_owned() });
            }
        }
    }
    if !rows.is_empty() {
        for (index, outcome) in indexes.into_iter().zip(app.writer.store(product, rows, &principal.request_id).await?) {
            match outcome {
                Outcome::Stored => reply.accepted += 1,
                Outcome::Duplicate => reply.duplicates += 1,
                Outcome::Unstorable => reply.rejected.push(Rejection {
                    index,
                    message_id: None,
                    code: RejectionCode::InvalidEvent,
                    detail: "the database refused a value of this event".to_owned(),
                }),
            }
        }
    }
    reply.rejected.sort_by_key(|rejection| rejection.index);
    reply.success = reply.rejected.is_empty();
    let count = |outcome: &'static str, by: u32| {
        if by > 0 {
            metrics::counter!("acd_events_total", "product" => product.to_string(), "outcome" => outcome)
                .increment(u64::from(by));
        }
    };
    count("stored", reply.accepted);
    count("duplicate", reply.duplicates);
    count("rejected", u32::try_from(reply.rejected.len()).unwrap_or(u32::MAX));
    Ok(reply)
}

fn rejected_problem(rejection: &Rejection) -> Problem {
    let status = match rejection.code {
        RejectionCode::EventTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    };
    Problem::new(status, "invalid_event", rejection.detail.clone()).with("reason", name(&rejection.code))
}

fn name(code: &RejectionCode) -> serde_json::Value {
    serde_json::to_value(code).unwrap_or_default()
}
