//! Makes a key that a browser may hold, replaces it, and revokes it.
//!
//! `ACD_KEY=acd_… cargo run -p acd-examples --example manage_keys`, with a key that has the scopes `keys:read`, `keys:write`
//! and `events:write`: no key makes one that may do more than itself.

use std::error::Error as StdError;
use std::process::ExitCode;

use acd_examples::{Settings, report};
use acd_sdk::prelude::*;

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<(), Box<dyn StdError>> {
    let settings = Settings::from_env(&["keys:read", "keys:write", "events:write"])?;
    let acd = PlatformClient::new(settings.key, settings.url)?;
    let wanted =
        CreateApiKey { name: "web shop".to_owned(), product: None, scopes: vec![Scope::EventsWrite], expires_at: None };
    let first = acd.keys().create(&wanted).await?;
    println!("{} made; its secret was in that answer and is nowhere else", first.key.id);

    let overlap = RotateApiKey { overlap_seconds: Some(3_600) };
    let second = acd.keys().rotate(first.key.id, &overlap).await?;
    println!("{} follows it; both work for an hour, time to roll out the new one", second.key.id);

    acd.keys().revoke(first.key.id).await?;
    acd.keys().revoke(second.key.id).await?;
    println!("both are revoked; the keys of this product:");

    let mut keys = acd.keys().list_all(ListApiKeys::default()).items();
    while let Some(key) = keys.next().await? {
        let state = if key.revoked_at.is_some() { "revoked" } else { "in use" };
        println!("  {}…  {state:8} {}", key.prefix, key.name);
    }
    Ok(())
}
