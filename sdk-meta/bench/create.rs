//! What one campaign's creation takes of the client's processor, beside the official Node SDK.

use std::time::Duration;

use acd_meta::ads::Status;
use acd_meta::ads::campaigns::{CreateCampaign, Objective};
use acd_meta::limits::{AccessTier, MetaLimits};
use acd_meta::{AdAccountId, MetaClient};

use crate::clock::{cpu_time, fast};
use crate::rival::Rival;
use crate::table::Sides;
use crate::{Result, Settings};

const ROUNDS: usize = 15;
/// Rounds that do not count: a just-in-time compiler settles within them.
const WARM_UP: usize = 3;
const CAMPAIGNS: u32 = 300;
/// The client keeps to 100 writes a second by itself. Its seconds are this much shorter, so that it never has to wait, and
/// a round's points are far below its cap.
const SPEED: u32 = 20;

/// The campaign that every side of every measurement creates.
pub(crate) fn campaign() -> CreateCampaign {
    CreateCampaign {
        status: Some(Status::Paused),
        is_adset_budget_sharing_enabled: Some(false),
        ..CreateCampaign::new("Spring sale", Objective::Traffic, [])
    }
}

async fn round(meta: &MetaClient, account: &AdAccountId) -> Result<Duration> {
    // Connects.
    meta.campaigns().create(account, &campaign()).await?;
    let start = cpu_time();
    for _ in 0..CAMPAIGNS {
        meta.campaigns().create(account, &campaign()).await?;
    }
    Ok(cpu_time().saturating_sub(start))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6 / f64::from(CAMPAIGNS)
}

pub(crate) async fn run(settings: &Settings) -> Result<()> {
    let simulator = settings.simulator()?;
    let mut node = Rival::start(&mut settings.node("create.js"))?;
    let mut sides = Sides::default();
    for nth in 0..WARM_UP + ROUNDS {
        simulator.start_over().await?;
        // One of its own, whose limits nothing has been taken from.
        let limits = MetaLimits::new(AccessTier::Full).pools();
        let meta = simulator.client().limits(limits).http(|http| http.runtime(fast(SPEED))).build()?;
        let ours = round(&meta, &simulator.account()).await?;
        simulator.start_over().await?;
        let theirs = Duration::from_nanos(node.ask(&CAMPAIGNS.to_string())?.parse()?);
        if nth >= WARM_UP {
            sides.add(micros(ours), micros(theirs));
        }
    }
    node.end()?;
    sides.print(
        &format!("One campaign created, us of the client's processor, {ROUNDS} rounds of {CAMPAIGNS}"),
        "facebook-nodejs-business-sdk",
    );
    println!("wanted: at least 3 times");
    Ok(())
}
