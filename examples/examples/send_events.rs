//! Sends a visitor's events, from the first page to the order.
//!
//! `ACD_KEY=acd_… cargo run -p acd-examples --example send_events`, with a key that has the scope `events:write`.

use std::error::Error as StdError;
use std::process::ExitCode;

use acd_examples::{Settings, report};
use acd_sdk::analytics::Page;
use acd_sdk::prelude::*;
use serde_json::json;

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

async fn run() -> Result<(), Box<dyn StdError>> {
    let settings = Settings::from_env(&["events:write"])?;
    let analytics = AnalyticsClient::builder(settings.key, settings.url.as_str())
        .context(Context::default().app("acd-examples", env!("CARGO_PKG_VERSION")))
        .on_failure(|failed| match failed.reason.error() {
            Some(error) => eprintln!("{} events failed: {error}", failed.count),
            None => eprintln!("{} events failed: {}", failed.count, failed.reason.as_str()),
        })
        .build()?;

    let (visitor, user) = ("visitor-77", "user-1");
    analytics.page(Page::new().anonymous_id(visitor).name("Pricing"))?;
    analytics.track(Track::new("Plan Chosen").anonymous_id(visitor).properties(json!({ "plan": "pro" })))?;
    // Both ids at once: what the visitor did before now belongs to the user as well.
    let traits = json!({ "email": "ada@example.com", "plan": "pro" });
    analytics.identify(Identify::new().user_id(user).anonymous_id(visitor).traits(traits))?;
    // An id of one's own makes the same fact count once, however often it is sent.
    let order = Track::new("Order Completed").user_id(user).message_id("order-1042-completed");
    analytics.track(order.properties(json!({ "order_id": "1042", "revenue_cents": 1999 })))?;

    let report = analytics.shutdown().await;
    let stats = analytics.stats();
    println!(
        "{} events tracked, {} delivered ({} of them known before), {} left",
        stats.tracked, stats.delivered, stats.duplicates, report.left
    );
    if stats.delivered < stats.tracked {
        return Err(format!("not every event reached {}", settings.url).into());
    }
    Ok(())
}
