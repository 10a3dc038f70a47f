//! Two targets as provider crates write them.

use std::num::NonZeroUsize;

use acd_core::upload::{
    Begun, Checksum, ChunkPlan, ChunkRule, Ending, Layout, Order, Part, PartAnswer, Position, Sha256, Standing,
    StoredPart, UploadTarget,
};
use acd_core::{Client, Error, ErrorKind, Operation, Result, TimeoutClass};
use http::{HeaderMap, Method};
use serde::{Deserialize, Serialize};

const BEGIN: Operation = Operation::new("test.uploads.begin", Method::POST, "/uploads").keyed();
const LOCATE: Operation = Operation::new("test.uploads.locate", Method::PUT, "/session").safe();
/// Not to be repeated: only the server knows which bytes it has.
const SEND: Operation = Operation::new("test.uploads.send", Method::PUT, "/session").timeout(TimeoutClass::Transfer);
const ABORT: Operation = Operation::new("test.uploads.abort", Method::DELETE, "/session").idempotent();
const LIST_PARTS: Operation = Operation::new("test.parts.list", Method::GET, "/parts").safe();
const PUT_PART: Operation =
    Operation::new("test.parts.put", Method::PUT, "/parts/{number}").idempotent().timeout(TimeoutClass::Transfer);
const COMPLETE: Operation = Operation::new("test.parts.complete", Method::POST, "/complete").idempotent();

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// What the two have in common: how a session begins.
async fn begin(client: &Client) -> Result<Begun<Session>> {
    let response = client.call(&BEGIN).send().await?;
    let url = response.headers().get("location").and_then(|url| url.to_str().ok());
    let url = url.ok_or_else(|| Error::new(ErrorKind::Decode, "the answer has no Location"))?;
    Ok(Begun::new(Session { url: url.to_owned() }))
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Session {
    url: String,
}

pub(crate) struct ByOffset {
    pub(crate) client: Client,
    pub(crate) chunk: u64,
}

enum Answer {
    Next(Position),
    Elsewhere,
    Gone,
}

fn read(error: Error) -> Result<Answer> {
    let stored =
        |headers: &HeaderMap| headers.get("range")?.to_str().ok()?.strip_prefix("bytes=0-")?.parse::<u64>().ok();
    match error.status().map(|status| status.as_u16()) {
        Some(308) => Ok(Answer::Next(Position::at(stored(error.headers()).map_or(0, |last| last + 1)))),
        Some(404 | 410) => Ok(Answer::Gone),
        Some(409 | 416) => Ok(Answer::Elsewhere),
        _ => Err(error),
    }
}

impl UploadTarget for ByOffset {
    type State = Session;
    type Output = String;

    fn kind(&self) -> &'static str {
        "test.by_offset"
    }

    fn rule(&self) -> ChunkRule {
        ChunkRule::new(Layout::FromOffset, self.chunk)
    }

    async fn begin(&self, _plan: &ChunkPlan) -> Result<Begun<Session>> {
        begin(&self.client).await
    }

    async fn locate(&self, session: &Session, plan: &ChunkPlan) -> Result<Standing<String>> {
        let range = format!("bytes */{}", plan.size());
        match self.client.call(&LOCATE).url(&session.url).header("content-range", range).send().await {
            Ok(response) => response.json::<Created>().await.map(|created| Standing::Done(created.id)),
            Err(error) => match read(error)? {
                Answer::Next(position) => Ok(Standing::At(position)),
                Answer::Elsewhere => Err(Error::new(ErrorKind::Conflict, "the server is elsewhere than anywhere")),
                Answer::Gone => Ok(Standing::Gone),
            },
        }
    }

    async fn send(&self, session: &Session, part: &Part) -> Result<PartAnswer<String>> {
        let call = self.client.call(&SEND).url(&session.url).header("content-range", part.content_range());
        match call.body(part.body()).send().await {
            Ok(response) => response.json::<Created>().await.map(|created| PartAnswer::Done(created.id)),
            Err(error) => Ok(match read(error)? {
                Answer::Next(position) => PartAnswer::Next(position),
                Answer::Elsewhere => PartAnswer::Elsewhere,
                Answer::Gone => PartAnswer::Gone,
            }),
        }
    }

    async fn finish(&self, session: &Session, ending: &Ending<'_>) -> Result<String> {
        match self.locate(session, ending.plan()).await? {
            Standing::Done(id) => Ok(id),
            _ => Err(Error::new(ErrorKind::Conflict, "the server has everything and is not done")),
        }
    }

    async fn abort(&self, session: &Session) -> Result<()> {
        self.client.call(&ABORT).url(&session.url).send().await.map(drop)
    }
}

pub(crate) struct ByNumber {
    pub(crate) client: Client,
    pub(crate) chunk: u64,
    pub(crate) at_once: usize,
}

impl UploadTarget for ByNumber {
    type State = Session;
    type Output = String;

    fn kind(&self) -> &'static str {
        "test.by_number"
    }

    fn rule(&self) -> ChunkRule {
        ChunkRule::new(Layout::ShortLast, self.chunk)
    }

    fn order(&self) -> Order {
        Order::Numbered { at_once: NonZeroUsize::new(self.at_once).unwrap() }
    }

    fn part_checksum(&self) -> Option<Box<dyn Checksum>> {
        Some(Box::new(Sha256::default()))
    }

    async fn begin(&self, _plan: &ChunkPlan) -> Result<Begun<Session>> {
        begin(&self.client).await
    }

    async fn locate(&self, _session: &Session, _plan: &ChunkPlan) -> Result<Standing<String>> {
        let numbers: Vec<u64> = self.client.call(&LIST_PARTS).send_json().await?;
        let part = |number| StoredPart { number, receipt: format!("tag-{number}") };
        Ok(Standing::Parts(numbers.into_iter().map(part).collect()))
    }

    async fn send(&self, _session: &Session, part: &Part) -> Result<PartAnswer<String>> {
        let sum: String = part.checksum().unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
        let call = self.client.call(&PUT_PART).path_param("number", part.number()).header("x-sha256", sum);
        let response = call.body(part.body()).send().await?;
        let tag = response.headers().get("etag").and_then(|tag| tag.to_str().ok()).unwrap_or_default();
        Ok(PartAnswer::Stored(tag.to_owned()))
    }

    async fn finish(&self, _session: &Session, ending: &Ending<'_>) -> Result<String> {
        let tags: Vec<&str> = ending.parts().iter().map(|part| part.receipt.as_str()).collect();
        self.client.call(&COMPLETE).json(&tags).send_json::<Created>().await.map(|created| created.id)
    }

    async fn abort(&self, session: &Session) -> Result<()> {
        self.client.call(&ABORT).url(&session.url).send().await.map(drop)
    }
}
