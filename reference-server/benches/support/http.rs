//! A load generator that costs little itself: prepared bodies over kept connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::Result;

/// A kept connection that speaks just enough HTTP/1.1, so that the load costs the machine little beside the server.
pub(super) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    pub(super) async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(4096) })
    }

    /// Sends a request and reads the whole answer; anything but 200 is an error.
    pub(super) async fn call(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            let Some(head) = self.answer.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
            let text = std::str::from_utf8(&self.answer[..head])?;
            let length: usize = text
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
                .ok_or("the answer has no length")?;
            if self.answer.len() < head + 4 + length {
                continue;
            }
            if !text.starts_with("HTTP/1.1 200") {
                return Err(String::from_utf8_lossy(&self.answer).into_owned().into());
            }
            return Ok(());
        }
    }
}

/// A request with this JSON body.
pub(super) fn post(path: &str, authorization: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The header of a key, as user name.
pub(super) fn authorization(key: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{key}:")))
}

/// Waits until the server answers.
pub(super) async fn wait_until_ready(address: &str) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if let Ok(mut connection) = Connection::open(address).await
            && connection.call(b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n").await.is_ok()
        {
            return Ok(());
        }
        if Instant::now() > until {
            return Err("the server did not become ready within a minute".into());
        }
        #[expect(clippy::disallowed_methods, reason = "another process starts in real time")]
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Sends these requests over this many connections, and says how long it took.
pub(super) async fn send_all(address: &str, requests: Vec<Vec<u8>>, connections: usize) -> Result<Duration> {
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let mut tasks = JoinSet::new();
    let started = Instant::now();
    for _ in 0..connections {
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        let mut connection = Connection::open(address).await?;
        tasks.spawn(async move {
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                connection.call(request).await?;
            }
            Result::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(started.elapsed())
}
