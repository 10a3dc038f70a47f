//! Uploads a file, is stopped half-way, and goes on where the server is.
//!
//! `cargo run -p acd-examples --example resume_upload`. It needs nothing else: the server is part of the example, and
//! speaks [tus](https://tus.io/protocols/resumable-upload) as far as the upload needs it. [`Tus`] shows what a target for
//! another server looks like.

use std::error::Error as StdError;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use acd_examples::report;
use acd_sdk::core::upload::{
    Begun, ChunkPlan, ChunkRule, Ending, FileSessionStore, FileSource, Layout, Part, PartAnswer, Position, Standing,
    UploadTarget, Uploader,
};
use acd_sdk::core::{Client, Error, ErrorKind, Operation, Response, Result, TimeoutClass};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header::LOCATION};
use axum::routing::{head, post};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Notify;

const FILE_BYTES: usize = 8_000_000;

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<(), Box<dyn StdError>> {
    let folder = std::env::temp_dir().join(format!("acd-resume-upload-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let outcome = twice(&folder).await;
    fs::remove_dir_all(&folder)?;
    outcome
}

async fn twice(folder: &Path) -> Result<(), Box<dyn StdError>> {
    let (file, session) = (folder.join("clip.mp4"), folder.join("clip.session"));
    fs::write(&file, (0..FILE_BYTES).map(|n| (n % 251) as u8).collect::<Vec<_>>())?;
    let server = Server::default();
    let client = Client::builder(server.start().await?).build()?;

    let half = Arc::new(Notify::new());
    let reached = Arc::clone(&half);
    let uploader = Uploader::new(Tus { client: client.clone() }).store(FileSessionStore::new(&session));
    let uploader = uploader.on_progress(move |at| {
        if at.stored * 2 >= at.total {
            reached.notify_one();
        }
    });
    tokio::select! {
        done = uploader.upload(FileSource::open(&file).await?) => println!("done before it was stopped: {}", done?),
        () = half.notified() => println!("stopped: the server has {} of {FILE_BYTES} bytes", server.stored()),
    }

    // As another process would, after a crash: nothing is left of the first run but the file of its session.
    let uploader = Uploader::new(Tus { client }).store(FileSessionStore::new(&session));
    let uploader = uploader.on_progress(|at| println!("  {:>9} of {} bytes", at.stored + at.sending, at.total));
    let url = uploader.upload(FileSource::open(&file).await?).await?;
    println!("complete: {url}");
    match server.content() == fs::read(&file)? {
        true => Ok(()),
        false => Err("what the server has is not what was sent".into()),
    }
}

const CREATE: Operation = Operation::new("tus.create", Method::POST, "/files");
const OFFSET: Operation = Operation::new("tus.offset", Method::HEAD, "/files/{id}").safe();
/// Not declared as safe to repeat: after an unknown outcome the offset is asked for.
const APPEND: Operation = Operation::new("tus.append", Method::PATCH, "/files/{id}").timeout(TimeoutClass::Transfer);
const TERMINATE: Operation = Operation::new("tus.terminate", Method::DELETE, "/files/{id}").idempotent();

const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");

/// A server that speaks tus 1.0.
struct Tus {
    client: Client,
}

/// What a session is made of: the URL that the server gave for the new file.
#[derive(Serialize, Deserialize)]
struct Session {
    url: String,
}

fn offset(response: &Response) -> Result<Position> {
    let offset = response.headers().get(UPLOAD_OFFSET).and_then(|value| value.to_str().ok()?.parse().ok());
    offset.map(Position::at).ok_or_else(|| Error::new(ErrorKind::Decode, "the answer has no Upload-Offset"))
}

fn is_gone(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
}

impl UploadTarget for Tus {
    type State = Session;
    type Output = String;

    fn kind(&self) -> &'static str {
        "tus"
    }

    fn rule(&self) -> ChunkRule {
        ChunkRule::new(Layout::FromOffset, 1 << 20)
    }

    async fn begin(&self, plan: &ChunkPlan) -> Result<Begun<Session>> {
        let call = self.client.call(&CREATE).header(TUS_RESUMABLE, "1.0.0").header(UPLOAD_LENGTH, plan.size());
        let response = call.send().await?;
        let url = response.headers().get(LOCATION).and_then(|url| url.to_str().ok());
        let url = url.ok_or_else(|| Error::new(ErrorKind::Decode, "the answer has no Location"))?;
        Ok(Begun::new(Session { url: url.to_owned() }))
    }

    async fn locate(&self, session: &Session, _plan: &ChunkPlan) -> Result<Standing<String>> {
        match self.client.call(&OFFSET).url(&session.url).header(TUS_RESUMABLE, "1.0.0").send().await {
            Ok(response) => offset(&response).map(Standing::At),
            Err(error) if is_gone(&error) => Ok(Standing::Gone),
            Err(error) => Err(error),
        }
    }

    async fn send(&self, session: &Session, part: &Part) -> Result<PartAnswer<String>> {
        let call = self.client.call(&APPEND).url(&session.url).header(TUS_RESUMABLE, "1.0.0");
        let call = call.header(UPLOAD_OFFSET, part.offset()).header("content-type", "application/offset+octet-stream");
        match call.body(part.body()).send().await {
            Ok(response) => offset(&response).map(PartAnswer::Next),
            Err(error) if is_gone(&error) => Ok(PartAnswer::Gone),
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(PartAnswer::Elsewhere),
            Err(error) => Err(error),
        }
    }

    /// There is nothing to say at the end: the server knows the length.
    async fn finish(&self, session: &Session, _ending: &Ending<'_>) -> Result<String> {
        Ok(session.url.clone())
    }

    async fn abort(&self, session: &Session) -> Result<()> {
        match self.client.call(&TERMINATE).url(&session.url).header(TUS_RESUMABLE, "1.0.0").send().await {
            Err(error) if !is_gone(&error) => Err(error),
            _ => Ok(()),
        }
    }
}

/// One file, in memory.
#[derive(Clone, Default)]
struct Server {
    content: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    async fn start(&self) -> std::io::Result<String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let location = format!("{url}/files/1");
        let create = move || async move { (StatusCode::CREATED, [(LOCATION, location)]) };
        let routes = Router::new()
            .route("/files", post(create))
            .route("/files/1", head(stand).patch(append))
            .layer(DefaultBodyLimit::disable())
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(url)
    }

    fn stored(&self) -> usize {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn content(&self) -> Vec<u8> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn stand(State(server): State<Server>) -> [(HeaderName, usize); 1] {
    [(UPLOAD_OFFSET, server.stored())]
}

async fn append(
    State(server): State<Server>,
    headers: HeaderMap,
    part: Bytes,
) -> (StatusCode, [(HeaderName, usize); 1]) {
    let mut content = server.content.lock().unwrap_or_else(PoisonError::into_inner);
    let at = headers.get(UPLOAD_OFFSET).and_then(|offset| offset.to_str().ok()?.parse().ok());
    if at != Some(content.len()) {
        return (StatusCode::CONFLICT, [(UPLOAD_OFFSET, content.len())]);
    }
    content.extend_from_slice(&part);
    (StatusCode::NO_CONTENT, [(UPLOAD_OFFSET, content.len())])
}
