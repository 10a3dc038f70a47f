//! How much memory an upload of 10 GB takes, sequentially and with four parts at a time.
//!
//! `cargo run --release -p acd-core --example upload_memory`: the source generates its bytes, the server on a loopback
//! port counts and forgets them; both are part of the process that is measured. Linux only, as it reads
//! `/proc/self/status`.

use std::error::Error as StdError;
use std::fs;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use acd_core::upload::{
    Begun, ChunkPlan, ChunkRule, Ending, Fingerprint, Layout, Order, Part, PartAnswer, Standing, UploadSource,
    UploadTarget, Uploader,
};
use acd_core::{Client, Error, ErrorKind, Operation, Result, TimeoutClass};
use bytes::Bytes;
use http::Method;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

const SIZE: u64 = 10_000_000_000;
const PART: u64 = 64 << 20;
/// What an upload may take above the process before it.
const LIMIT_KB: u64 = 64 * 1024;

const PUT_PART: Operation =
    Operation::new("bench.parts.put", Method::PUT, "/parts/{number}").idempotent().timeout(TimeoutClass::Transfer);

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn StdError>> {
    for at_once in [1, 4] {
        let measured = upload_10gb(at_once).await?;
        println!(
            "10 GB, {at_once} at once: {:.1} s, {} KB resident before, at most {} KB more",
            measured.took.as_secs_f64(),
            measured.before_kb,
            measured.more_kb
        );
        if measured.more_kb > LIMIT_KB {
            return Err(format!("more than {LIMIT_KB} KB").into());
        }
    }
    Ok(())
}

struct Measured {
    took: Duration,
    before_kb: u64,
    more_kb: u64,
}

async fn upload_10gb(at_once: usize) -> std::result::Result<Measured, Box<dyn StdError>> {
    let (url, received) = sink().await?;
    let at_once = NonZeroUsize::new(at_once).ok_or("at least one part is sent at a time")?;
    let target = Sink { client: Client::builder(url).build()?, at_once };
    let before_kb = resident_kb()?;
    let most_kb = Arc::new(AtomicU64::new(0));
    let (most, calls) = (Arc::clone(&most_kb), AtomicU64::new(0));
    let uploader = Uploader::new(target).on_progress(move |_| {
        // A look for every 16 MiB.
        if calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(128) {
            most.fetch_max(resident_kb().unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    });
    let started = Instant::now();
    uploader.upload(Generated).await?;
    let took = started.elapsed();
    if received.load(Ordering::Relaxed) != SIZE {
        return Err(format!("{} bytes arrived instead of {SIZE}", received.load(Ordering::Relaxed)).into());
    }
    Ok(Measured { took, before_kb, more_kb: most_kb.load(Ordering::Relaxed).saturating_sub(before_kb) })
}

fn resident_kb() -> std::result::Result<u64, Box<dyn StdError>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// Bytes that no memory holds before they are asked for.
struct Generated;

impl UploadSource for Generated {
    async fn fingerprint(&self) -> Result<Fingerprint> {
        Ok(Fingerprint { size: SIZE, version: "generated".to_owned() })
    }

    async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes> {
        let left = usize::try_from(SIZE.saturating_sub(offset)).unwrap_or(usize::MAX);
        Ok(vec![offset as u8; length.min(left)].into())
    }
}

struct Sink {
    client: Client,
    at_once: NonZeroUsize,
}

impl UploadTarget for Sink {
    type State = ();
    type Output = ();

    fn kind(&self) -> &'static str {
        "bench.sink"
    }

    fn rule(&self) -> ChunkRule {
        ChunkRule::new(Layout::ShortLast, PART)
    }

    fn order(&self) -> Order {
        if self.at_once.get() == 1 { Order::Sequential } else { Order::Numbered { at_once: self.at_once } }
    }

    async fn begin(&self, _plan: &ChunkPlan) -> Result<Begun<()>> {
        Ok(Begun::new(()))
    }

    async fn locate(&self, (): &(), _plan: &ChunkPlan) -> Result<Standing<()>> {
        Err(Error::new(ErrorKind::Server, "a measurement ends with the first failure"))
    }

    async fn send(&self, (): &(), part: &Part) -> Result<PartAnswer<()>> {
        self.client.call(&PUT_PART).path_param("number", part.number()).body(part.body()).send().await?;
        Ok(PartAnswer::Stored(String::new()))
    }

    async fn finish(&self, (): &(), _ending: &Ending<'_>) -> Result<()> {
        Ok(())
    }

    async fn abort(&self, (): &()) -> Result<()> {
        Ok(())
    }
}

/// Starts a server that counts what it is sent. Gives its URL and the count.
async fn sink() -> std::io::Result<(String, Arc<AtomicU64>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let received = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(swallow(stream, Arc::clone(&count)));
        }
    });
    Ok((url, received))
}

/// Serves one connection until the client closes it.
async fn swallow(stream: TcpStream, received: Arc<AtomicU64>) -> std::io::Result<()> {
    let mut stream = BufReader::with_capacity(256 << 10, stream);
    loop {
        let mut left = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if line.trim_end().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                left = value.trim().parse().map_err(std::io::Error::other)?;
            }
        }
        received.fetch_add(
            tokio::io::copy(&mut (&mut stream).take(left), &mut tokio::io::sink()).await?,
            Ordering::Relaxed,
        );
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
    }
}
