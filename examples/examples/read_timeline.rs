//! Prints everything a person did, newest first.
//!
//! `ACD_KEY=acd_… cargo run -p acd-examples --example read_timeline -- user-1`, with a key that has the scope `persons:read`.

use std::error::Error as StdError;
use std::process::ExitCode;

use acd_examples::{Settings, report};
use acd_sdk::prelude::*;

#[tokio::main]
async fn main() -> ExitCode {
    let user = std::env::args().nth(1).unwrap_or_else(|| "user-1".to_owned());
    report(run(user).await)
}

async fn run(user: String) -> Result<(), Box<dyn StdError>> {
    let settings = Settings::from_env(&["persons:read"])?;
    let acd = PlatformClient::new(settings.key, settings.url)?;
    let query = LookupPerson { user_id: Some(user), ..LookupPerson::default() };
    let person = acd.persons().lookup(&query).await?;
    println!("{}, first seen {}", person.id, person.created_at);
    for link in &person.links {
        println!("  known as {} {}", link.provider, link.external_id);
    }
    let mut timeline = acd.persons().timeline_all(person.id, ListTimeline::default()).items();
    while let Some(event) = timeline.next().await? {
        println!("{}  {:8} {}", event.timestamp, event.kind, event.event.unwrap_or_default());
    }
    Ok(())
}
