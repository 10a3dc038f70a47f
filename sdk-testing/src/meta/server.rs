//! HTTP: what comes in, and what goes wrong on the way.

use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acd_core::Client;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::batch;
use super::call::Raw;
use super::clock::{self, SimClock};
use super::control;
use super::conversions;
use super::error::GraphError;
use super::faults::{self, MetaEffect, Stage};
use super::graph::{self, Answer};
use super::incoming::{self, Unread};
use super::kind::Kind;
use super::media::rupload;
use super::params::Params;
use super::state::{self, MetaExchange};
use super::webhooks::{self, Handshake};

/// What the pixel answers: one transparent point.
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// What stands in for `https://connect.facebook.net/en_US/fbevents.js`.
const PIXEL_SCRIPT: &str = include_str!("fbevents.js");

/// What all requests share.
#[derive(Debug)]
pub(super) struct Simulation {
    pub(super) clock: SimClock,
    /// What sends webhooks.
    pub(super) sender: Client,
    state: Mutex<state::State>,
}

impl Simulation {
    pub(super) fn new(clock: SimClock, sender: Client, state: state::State) -> Self {
        Self { clock, sender, state: Mutex::new(state) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, state::State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// On an answer: it is never sent, the connection ends instead.
#[derive(Clone, Copy, Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut as asked")
    }
}

impl std::error::Error for Cut {}

/// On an answer: it is never sent, and the connection stays open.
#[derive(Clone, Copy, Debug)]
struct Silent;

/// Serves until it is dropped, and all connections with it.
pub(super) async fn serve(listener: TcpListener, simulation: Arc<Simulation>) {
    // The limit is on what is read of a body, whatever its form.
    let graph = Router::new().fallback(graph_call).layer(DefaultBodyLimit::disable());
    let graph = graph.route("/en_US/fbevents.js", get(pixel_script));
    let router = graph.merge(control::router()).with_state(Arc::clone(&simulation));
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, router.clone()));
            }
            // Too many open files, or a peer that is gone already: the next one may fare better.
            Err(_) => simulation.clock.runtime().sleep(Duration::from_millis(10)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, router: Router) {
    let service = service_fn(move |request: http::Request<Incoming>| {
        let router = router.clone();
        async move {
            let response =
                router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never: Infallible| match never {});
            if response.extensions().get::<Silent>().is_some() {
                pending::<()>().await;
            }
            match response.extensions().get::<Cut>() {
                Some(cut) => Err(*cut),
                None => Ok(response),
            }
        }
    });
    // A connection that ends badly is the peer's business, or was asked for.
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn graph_call(State(simulation): State<Arc<Simulation>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    let runtime = simulation.clock.runtime();
    let draw = |stage| faults::draw(&mut simulation.state().faults, &method, &path, runtime, stage);
    if let Some(MetaEffect::Latency { milliseconds }) = draw(Stage::Arrival) {
        runtime.sleep(Duration::from_millis(milliseconds)).await;
    }
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let cut = draw(Stage::Body(length));
    if let Some(target) = rupload::target(&path) {
        return rupload::receive(&simulation, target, &parts, body, cut.as_ref()).await;
    }
    let body = match incoming::read(body, cut.as_ref().and_then(MetaEffect::cut_at)).await {
        Ok(body) => body,
        Err(Unread::TooLarge) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(Unread::Cut) => return respond(&simulation, &parts, None, cut.as_ref()),
    };
    if matches!(path.as_str(), "/tr" | "/tr/") {
        return pixel(&simulation, parts.uri.query().unwrap_or_default(), &body);
    }
    let mut raw = Raw::read(&parts, body).await;
    let fault = faults::draw(&mut simulation.state().faults, &method, &path, runtime, Stage::Answer);
    let is_done = matches!(fault, None | Some(MetaEffect::CutAfter | MetaEffect::Silence));
    if is_done && let Ok(raw) = &mut raw {
        raw.handshake = Handshake::ask(&simulation, raw).await;
    }
    let now = simulation.clock.now();
    let answer = {
        let mut state = simulation.state();
        match (&fault, raw) {
            (Some(MetaEffect::CutBefore), _) => None,
            (_, Err(error)) => Some(refusal(&mut state, &error)),
            (fault, Ok(raw)) => match fault.as_ref().and_then(MetaEffect::error) {
                Some(error) => Some(refusal(&mut state, &error)),
                None if batch::is_batch(&raw) => Some(match batch::run(&mut state, &raw, &origin(&parts), now) {
                    Ok(body) => Answer { status: 200, body, headers: Vec::new(), error: None },
                    Err(error) => refusal(&mut state, &error),
                }),
                None => Some(graph::answer(&mut state, raw, &origin(&parts), now)),
            },
        }
    };
    webhooks::send_pending(&simulation);
    respond(&simulation, &parts, answer, fault.as_ref())
}

/// Scheme and host, as the caller knows them.
fn origin(parts: &Parts) -> String {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}")
}

/// Remembers the call and answers it, unless a fault takes the answer away.
pub(super) fn respond(
    simulation: &Simulation,
    parts: &Parts,
    answer: Option<Answer>,
    fault: Option<&MetaEffect>,
) -> Response {
    let error = answer.as_ref().and_then(|answer| answer.error);
    simulation.state().remember(MetaExchange {
        at: simulation.clock.now().to_rfc3339(),
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        status: answer.as_ref().map_or(0, |answer| answer.status),
        code: error.map(|(code, _)| code),
        subcode: error.and_then(|(_, subcode)| subcode),
        fault: fault.map(MetaEffect::name),
    });
    match (answer, fault) {
        (None, _) | (_, Some(MetaEffect::CutAfter)) => (axum::Extension(Cut), ()).into_response(),
        (Some(_), Some(MetaEffect::Silence)) => (axum::Extension(Silent), ()).into_response(),
        (Some(_), Some(MetaEffect::Garbage { body })) => body.clone().into_response(),
        (Some(answer), _) => written(&answer),
    }
}

fn refusal(state: &mut state::State, error: &GraphError) -> Answer {
    let trace = state.trace();
    let body = error.body(&trace);
    let known = Some((error.code, error.subcode));
    Answer { status: error.status, body, headers: vec![("x-fb-trace-id", trace)], error: known }
}

fn written(answer: &Answer) -> Response {
    let mut response = json_response(&answer.body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}

/// JSON as Meta declares it.
fn json_response(body: &Value) -> Response {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
    let mut response = Body::from(body.to_string()).into_response();
    response.headers_mut().insert(content_type.0, content_type.1);
    response
}

/// The script that a page loads to have the browser's pixel.
async fn pixel_script() -> impl axum::response::IntoResponse {
    ([(header::CONTENT_TYPE, "application/x-javascript; charset=utf-8")], PIXEL_SCRIPT)
}

/// The browser's pixel, `/tr`.
fn pixel(simulation: &Simulation, query: &str, body: &Bytes) -> Response {
    let mut params = Params::default();
    params.add_form(query.as_bytes());
    params.add_form(body);
    let now = simulation.clock.now();
    let mut state = simulation.state();
    let pixel = params
        .text("id")
        .and_then(|id| id.parse().ok())
        .filter(|id| state.nodes.of_kind(*id, Kind::AdsPixel).is_some());
    if let (Some(pixel), Some(name)) = (pixel, params.text("ev")) {
        state.events.take(conversions::browser(pixel, name, &params, now));
        if let Some(node) = state.nodes.get_mut(pixel) {
            node.fields.insert("last_fired_time".to_owned(), clock::written(now).into());
        }
    }
    let mut response = Body::from(GIF).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/gif"));
    response
}
