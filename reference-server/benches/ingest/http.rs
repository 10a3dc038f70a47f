//! The events that are sent, in batches.

use super::Result;
use super::load::{authorization, post, send_all};

const BATCH: usize = 100;
const USERS: usize = 10_000;

/// An event of about 500 bytes, as a shop would send it.
pub(super) fn event(number: usize) -> String {
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

/// Rows a second in batches of 100, over this many connections.
pub(super) async fn batches(address: &str, key: &str, rows: usize, connections: usize) -> Result<f64> {
    let authorization = authorization(key);
    let requests = (0..rows / BATCH).map(|batch| {
        let events: Vec<_> = (0..BATCH).map(|at| event(batch * BATCH + at)).collect();
        let body = format!(r#"{{"batch":[{}],"sentAt":"2026-01-01T00:00:00.000Z"}}"#, events.join(","));
        post("/v1/batch", &authorization, &body)
    });
    let took = send_all(address, requests.collect(), connections).await?;
    Ok(rows as f64 / took.as_secs_f64())
}
