//! What a large upload takes of memory.

use std::error::Error;
use std::fs;
use std::time::Instant;

use acd_core::upload::{
    Begun, ChunkPlan, ChunkRule, Ending, Fingerprint, Layout, Part, PartAnswer, Position, Standing, UploadSource,
    UploadTarget, Uploader,
};
use acd_core::{Client, ErrorKind, Operation, TimeoutClass};
use bytes::Bytes;
use http::Method;

use crate::server::Server;

const SIZE: u64 = 10_000_000_000;
const CHUNK: u64 = 64_000_000;
const SEND: Operation = Operation::new("bench.upload", Method::PUT, "/sink").timeout(TimeoutClass::Transfer);

/// Ten gigabytes that are nowhere: each piece is made when it is read.
struct Made;

impl UploadSource for Made {
    async fn fingerprint(&self) -> acd_core::Result<Fingerprint> {
        Ok(Fingerprint { size: SIZE, version: "made".to_owned() })
    }

    async fn read_at(&self, offset: u64, length: usize) -> acd_core::Result<Bytes> {
        Ok(Bytes::from(vec![offset as u8; length]))
    }
}

/// A server that swallows everything.
struct Sink(Client);

impl UploadTarget for Sink {
    type State = ();
    type Output = ();

    fn kind(&self) -> &'static str {
        "bench.sink"
    }

    fn rule(&self) -> ChunkRule {
        ChunkRule::new(Layout::FromOffset, CHUNK)
    }

    async fn begin(&self, _: &ChunkPlan) -> acd_core::Result<Begun<()>> {
        Ok(Begun::new(()))
    }

    async fn locate(&self, _: &(), _: &ChunkPlan) -> acd_core::Result<Standing<()>> {
        Err(acd_core::Error::new(ErrorKind::Server, "the sink remembers nothing"))
    }

    async fn send(&self, _: &(), part: &Part) -> acd_core::Result<PartAnswer<()>> {
        self.0.call(&SEND).header("content-range", part.content_range()).body(part.body()).send().await?;
        Ok(if part.is_last() { PartAnswer::Done(()) } else { PartAnswer::Next(Position::at(part.end())) })
    }

    async fn finish(&self, _: &(), _: &Ending<'_>) -> acd_core::Result<()> {
        Ok(())
    }

    async fn abort(&self, _: &()) -> acd_core::Result<()> {
        Ok(())
    }
}

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let server = Server::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let before = status("VmRSS:")?;
    let start = Instant::now();
    runtime.block_on(async {
        let client = Client::builder(&server.url).build()?;
        Uploader::new(Sink(client)).upload(Made).await
    })?;
    let more = status("VmHWM:")?.saturating_sub(before);
    let rate = SIZE as f64 / 1e6 / start.elapsed().as_secs_f64();
    println!("an upload of 10 GB in parts of 64 MB: {rate:.0} MB/s");
    println!("resident memory at its highest {:.1} MB above the start (at most 64)", more as f64 / 1024.0);
    Ok(())
}

/// Kilobytes of a line of `/proc/self/status`.
fn status(name: &str) -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("the system does not tell")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
