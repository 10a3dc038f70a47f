//! Conversions on their way in.

use chrono::Utc;

use super::Result;
use super::load::{post, send_all};

const BATCH: usize = 100;
const PEOPLE: usize = 10_000;

/// A purchase of about 700 bytes, its person in the clear, as a shop would send it.
fn conversion(number: usize, now: i64) -> String {
    format!(
        r#"{{"event":{{"event_name":"Purchase","event_time":{now},"action_source":"website","event_id":"{}","event_source_url":"https://shop.example/checkout","user_data":{{"em":"user-{}@example.com","ph":"+1650555{:04}","fn":"Mary","ln":"Smith","ct":"Menlo Park","client_ip_address":"198.51.100.7","client_user_agent":"Mozilla/5.0 (X11; Linux x86_64)","fbp":"fb.1.1554763741205.{}"}},"custom_data":{{"value":{}.{:02},"currency":"USD","order_id":"o-{number}","contents":[{{"id":"sku-{}","quantity":{},"item_price":12.5}}]}}}},"user_id":"user-{}","consent":{{"advertising":true}}}}"#,
        uuid::Uuid::new_v4(),
        number % PEOPLE,
        number % 10_000,
        number % PEOPLE,
        number % 200,
        number % 100,
        number % 1_000,
        1 + number % 3,
        number % PEOPLE,
    )
}

/// Conversions a second in batches of 100, over this many connections.
pub(super) async fn send(address: &str, key: &str, rows: usize, connections: usize) -> Result<f64> {
    let (authorization, now) = (format!("Bearer {key}"), Utc::now().timestamp());
    let requests = (0..rows / BATCH).map(|batch| {
        let events: Vec<_> = (0..BATCH).map(|at| conversion(batch * BATCH + at, now)).collect();
        post("/v1/meta/events", &authorization, &format!(r#"{{"events":[{}]}}"#, events.join(",")))
    });
    let took = send_all(address, requests.collect(), connections).await?;
    Ok(rows as f64 / took.as_secs_f64())
}
