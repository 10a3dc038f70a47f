//! A load generator that costs little itself: prepared bodies over kept connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::Result;

const BATCH: usize = 100;
const USERS: usize = 10_000;

/// An event of about 500 bytes, as a shop would send it.
fn event(number: usize) -> String {
    format!(
        r#"{{"type":"track","event":"Order Completed","messageId":"{}","userId":"user-{}","timestamp":"2026-01-01T00:00:00.000Z","properties":{{"order_id":"o-{number}","revenue":{}.{:02},"currency":"USD","coupon":"SPRING","products":[{{"sku":"sku-{}","name":"A product with a name","quantity":{},"price":12.5}}]}},"context":{{"locale":"en-US","timezone":"Europe/Berlin","campaign":{{"source":"meta","medium":"cpc","name":"spring-{}"}},"page":{{"url":"https://shop.example/checkout"}}}}}}"#,
        uuid::Uuid::new_v4(),
        number % USERS,
        number % 200,
        number % 100,
        number % 1_000,
        1 + number % 3,
        number % 20,
    )
}

async fn connect(address: &str) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn post(sender: &mut SendRequest<Full<Bytes>>, path: &str, authorization: &str, body: Bytes) -> Result<()> {
    sender.ready().await?;
    let request = http::Request::post(path)
        .header("host", "localhost")
        .header("authorization", authorization)
        .header("content-type", "application/json")
        .body(Full::new(body))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    if status != http::StatusCode::OK {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
    }
    Ok(())
}

fn authorization(key: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{key}:")))
}

/// Waits until the server answers.
pub(super) async fn wait_until_ready(address: &str) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if let Ok(mut sender) = connect(address).await {
            let request = http::Request::get("/health/ready").header("host", "localhost").body(Full::default())?;
            if sender.send_request(request).await.is_ok_and(|response| response.status().is_success()) {
                return Ok(());
            }
        }
        if Instant::now() > until {
            return Err("the server did not become ready within a minute".into());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Rows a second in batches of 100, over this many connections.
pub(super) async fn batches(address: &str, key: &str, rows: usize, connections: usize) -> Result<f64> {
    let bodies: Arc<Vec<Bytes>> = Arc::new(
        (0..rows / BATCH)
            .map(|batch| {
                let events: Vec<_> = (0..BATCH).map(|at| event(batch * BATCH + at)).collect();
                Bytes::from(format!(r#"{{"batch":[{}],"sentAt":"2026-01-01T00:00:00.000Z"}}"#, events.join(",")))
            })
            .collect(),
    );
    let next = Arc::new(AtomicUsize::new(0));
    let authorization: Arc<str> = authorization(key).into();
    let mut tasks = JoinSet::new();
    let started = Instant::now();
    for _ in 0..connections {
        let (bodies, next, authorization) = (Arc::clone(&bodies), Arc::clone(&next), Arc::clone(&authorization));
        let mut sender = connect(address).await?;
        tasks.spawn(async move {
            while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                post(&mut sender, "/v1/batch", &authorization, body.clone()).await?;
            }
            Result::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(rows as f64 / started.elapsed().as_secs_f64())
}

/// Rows a second of single events, over this many connections.
pub(super) async fn singles(address: &str, key: &str, connections: usize, time: Duration) -> Result<f64> {
    let authorization: Arc<str> = authorization(key).into();
    let mut tasks = JoinSet::new();
    let started = Instant::now();
    for connection in 0..connections {
        let authorization = Arc::clone(&authorization);
        let mut sender = connect(address).await?;
        tasks.spawn(async move {
            let mut sent = 0_usize;
            while started.elapsed() < time {
                let body = Bytes::from(event(sent * 64 + connection));
                post(&mut sender, "/v1/track", &authorization, body).await?;
                sent += 1;
            }
            Result::Ok(sent)
        });
    }
    let mut sent = 0;
    while let Some(done) = tasks.join_next().await {
        sent += done??;
    }
    Ok(sent as f64 / started.elapsed().as_secs_f64())
}
