//! Events sent one by one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Result;
use super::http::event;
use super::load::{Connection, authorization, post};

/// Rows a second of single events, over this many connections.
pub(super) async fn singles(address: &str, key: &str, connections: usize, time: Duration) -> Result<f64> {
    let authorization: Arc<str> = authorization(key).into();
    let mut tasks = JoinSet::new();
    let started = Instant::now();
    for number in 0..connections {
        let authorization = Arc::clone(&authorization);
        let mut connection = Connection::open(address).await?;
        tasks.spawn(async move {
            let mut sent = 0_usize;
            while started.elapsed() < time {
                connection.call(&post("/v1/track", &authorization, &event(sent * 64 + number))).await?;
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
