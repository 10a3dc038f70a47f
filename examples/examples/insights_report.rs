//! Has Meta make a report as a job, split by age and gender, and reads it row by row.
//!
//! `cargo run -p acd-examples --example insights_report`

use std::error::Error as StdError;
use std::process::ExitCode;

use acd_examples::{Meta, report};
use acd_sdk::meta::insights::{Breakdown, DatePreset, InsightsFields, InsightsOf, InsightsQuery, Level};

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

pub(crate) async fn run() -> Result<(), Box<dyn StdError>> {
    let meta = Meta::from_env().await?.with_an_ad().await?;
    let query = InsightsQuery {
        level: Some(Level::Ad),
        date_preset: Some(DatePreset::Today),
        breakdowns: vec![Breakdown::Age, Breakdown::Gender],
        limit: Some(100),
        ..InsightsQuery::of(InsightsFields::new().ad_name().impressions().clicks().spend())
    };

    // One call begins the job, waits for it and reads it; dropping it ends the waiting. A large account takes minutes.
    let of = InsightsOf::from(meta.ad_account.clone());
    let mut rows = meta.client.insights().report(&of, &query).await?.items();
    println!("{:16} {:8} {:8} {:>12} {:>8} {:>10}", "ad", "age", "gender", "impressions", "clicks", "spend");
    let mut count = 0;
    // Pages are fetched as the rows are taken.
    while let Some(row) = rows.next().await? {
        count += 1;
        let (age, gender) = (row.breakdown("age").unwrap_or("-"), row.breakdown("gender").unwrap_or("-"));
        let name = row.ad_name.as_deref().unwrap_or("-");
        // Counts are numbers; money is a decimal in the account's currency, to the digit as Meta wrote it.
        let spend = row.spend.as_ref().map_or("-", |spend| spend.as_str());
        let (impressions, clicks) = (row.impressions.unwrap_or(0), row.clicks.unwrap_or(0));
        println!("{name:16} {age:8} {gender:8} {impressions:>12} {clicks:>8} {spend:>10}");
    }
    println!("{count} rows");
    if count == 0 { Err("nothing was shown today: begin with an ad that runs".into()) } else { Ok(()) }
}
