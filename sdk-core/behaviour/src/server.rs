//! A server on a loopback port that does what each case asks of it beforehand, and tells what came.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, put};
use axum::{Json, Router};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::wire::{Reply, Seen};

/// The largest request body that is read.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// Starts the server in the background of the running tokio runtime and gives its address, without a slash at the end.
///
/// # Errors
/// When no port can be had.
pub async fn start() -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = Router::new()
        .route("/cases/{case}", put(script))
        .route("/cases/{case}/seen", get(seen))
        .route("/cases/{case}/gone", get(gone))
        .route("/cases/{case}/release", put(release))
        .route("/play/{case}/{*path}", any(play))
        .with_state(Cases::default());
    tokio::spawn(async move {
        // Serving ends with the process alone.
        let _ended = axum::serve(listener, router).await;
    });
    Ok(url)
}

/// How many of something to wait for.
#[derive(Debug, Deserialize)]
struct AtLeast {
    at_least: usize,
}

type Cases = Arc<Mutex<HashMap<String, Arc<Case>>>>;

#[derive(Default)]
struct Case {
    script: Mutex<VecDeque<Reply>>,
    seen: watch::Sender<Vec<Seen>>,
    gone: watch::Sender<usize>,
    released: watch::Sender<bool>,
}

fn case(cases: &Cases, name: &str) -> Arc<Case> {
    let mut cases = cases.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(cases.entry(name.to_owned()).or_default())
}

async fn script(State(cases): State<Cases>, Path(name): Path<String>, Json(replies): Json<VecDeque<Reply>>) {
    *case(&cases, &name).script.lock().unwrap_or_else(PoisonError::into_inner) = replies;
}

async fn seen(State(cases): State<Cases>, Path(name): Path<String>, Query(wanted): Query<AtLeast>) -> Response {
    let mut requests = case(&cases, &name).seen.subscribe();
    match requests.wait_for(|requests| requests.len() >= wanted.at_least).await {
        Ok(requests) => Json(requests.clone()).into_response(),
        Err(_closed) => StatusCode::GONE.into_response(),
    }
}

async fn gone(State(cases): State<Cases>, Path(name): Path<String>, Query(wanted): Query<AtLeast>) -> StatusCode {
    let mut clients = case(&cases, &name).gone.subscribe();
    let waited = clients.wait_for(|clients| *clients >= wanted.at_least).await;
    if waited.is_ok() { StatusCode::NO_CONTENT } else { StatusCode::GONE }
}

async fn release(State(cases): State<Cases>, Path(name): Path<String>) {
    case(&cases, &name).released.send_replace(true);
}

async fn play(State(cases): State<Cases>, Path((name, _)): Path<(String, String)>, request: Request) -> Response {
    let case = case(&cases, &name);
    let (head, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let target = head.uri.path_and_query().map_or("", |target| target.as_str());
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let request = Seen {
        method: head.method.to_string(),
        target: target.trim_start_matches(&format!("/play/{name}")).to_owned(),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let reply = case.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    case.seen.send_modify(|requests| requests.push(request));
    match reply {
        Some(Reply::Answer { status, headers, body }) => answer(status, headers, body),
        Some(Reply::Hang) => {
            let _departure = Departure(case);
            pending().await
        }
        Some(Reply::Cut { beginning }) => {
            let cut = stream::iter([Ok(Bytes::from(beginning)), Err(io::Error::other("cut on purpose"))]);
            Body::from_stream(cut).into_response()
        }
        Some(Reply::InTwo { first, second }) => {
            let released = stream::once(async move {
                // An error here says that the case is over, and nobody waits for the rest.
                let mut signal = case.released.subscribe();
                let _released = signal.wait_for(|released| *released).await;
                Ok(Bytes::from(second))
            });
            let parts = stream::iter([Ok::<_, Infallible>(Bytes::from(first))]).chain(released);
            Body::from_stream(parts).into_response()
        }
        None => (StatusCode::NOT_IMPLEMENTED, "the script has no reply left").into_response(),
    }
}

fn answer(status: u16, headers: Vec<(String, String)>, body: String) -> Response {
    let mut response = Response::builder().status(status).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Counted when it is dropped, as the handler of a client that went away is.
struct Departure(Arc<Case>);

impl Drop for Departure {
    fn drop(&mut self) {
        self.0.gone.send_modify(|clients| *clients += 1);
    }
}
