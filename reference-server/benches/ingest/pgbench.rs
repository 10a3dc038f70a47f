//! The rival of single events: one row, one transaction, by PostgreSQL's own load generator.

use std::path::Path;
use std::process::Command;

use acd_server::kernel::embedded::Binaries;

use super::Result;

const SCRIPT: &str = r#"\set user random(1, 10000)
insert into shared_events (id, product, type, event, message_id, user_id, "timestamp", original_timestamp, sent_at,
    received_at, properties, context, utm_source, utm_medium, utm_campaign, url)
values (acd.uuid_v7(), 'portal28', 'track', 'Order Completed', gen_random_uuid()::text, 'user-' || :user, now(), now(), now(),
    now(), '{"order_id":"o-1","revenue":12.34,"currency":"USD","coupon":"SPRING","products":[{"sku":"sku-1","name":"A product with a name","quantity":1,"price":12.5}]}',
    '{"locale":"en-US","timezone":"Europe/Berlin","campaign":{"source":"meta","medium":"cpc","name":"spring-1"},"page":{"url":"https://shop.example/checkout"}}',
    'meta', 'cpc', 'spring-1', 'https://shop.example/checkout');
"#;

/// Rows a second with this many clients, each statement prepared once.
pub(super) fn run(url: &str, folder: &Path, clients: usize, seconds: u64) -> Result<f64> {
    let script = folder.join("insert.sql");
    std::fs::write(&script, SCRIPT)?;
    let output = Command::new(Binaries::find(None, folder)?.program("pgbench"))
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={clients}"))
        .arg(format!("--time={seconds}"))
        .arg(format!("--file={}", script.display()))
        .arg(url)
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .find_map(|line| line.strip_prefix("tps = "))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| format!("pgbench gave no figure: {text}{}", String::from_utf8_lossy(&output.stderr)).into())
}
