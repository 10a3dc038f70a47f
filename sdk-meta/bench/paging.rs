//! 10,000 ads read page by page: rows a second of the client's processor, beside the official Python SDK.

use std::time::Duration;

use acd_core::limits::Limits;
use acd_meta::ads::ad_sets::{BillingEvent, CreateAdSet, OptimizationGoal};
use acd_meta::ads::ads::{AdFields, CreateAd, ListAds};
use acd_meta::ads::creatives::{CreateCreative, LinkData, ObjectStorySpec, StoryContent};
use acd_meta::ads::targeting::{GeoLocations, Targeting};
use acd_meta::batch::{self, Batch};
use acd_meta::limits::{AccessTier, MetaLimits};
use acd_meta::{AdAccountId, MetaClient, MinorUnits};

use crate::clock::cpu_time;
use crate::create::campaign;
use crate::rival::Rival;
use crate::simulator::Simulator;
use crate::table::Sides;
use crate::{Result, Settings};

const ROUNDS: usize = 7;
const WARM_UP: usize = 1;
const ADS: usize = 10_000;
/// Rows a page.
const PAGE: u32 = 100;

/// Puts the ads there, 50 a call and past all limits, which are not what is measured here.
async fn fill(simulator: &Simulator) -> Result<()> {
    let meta = simulator.client().limits(Limits::new()).build()?;
    let account = simulator.account();
    let campaign = meta.campaigns().create(&account, &campaign()).await?.id;
    let targeting = Targeting { geo_locations: GeoLocations::countries(["US"]), ..Targeting::default() };
    let (goal, billing) = (OptimizationGoal::LinkClicks, BillingEvent::Impressions);
    let ad_set = CreateAdSet {
        daily_budget: Some(MinorUnits(5000)),
        ..CreateAdSet::new("US", campaign, goal, billing, targeting)
    };
    let ad_set = meta.ad_sets().create(&account, &ad_set).await?.id;
    let link = LinkData { link: "https://shop.example/".to_owned(), ..LinkData::default() };
    let story = ObjectStorySpec {
        page_id: simulator.page().into(),
        instagram_user_id: None,
        content: StoryContent::LinkData(link),
    };
    let creative = CreateCreative { object_story_spec: Some(story), ..CreateCreative::new() };
    let creative = meta.creatives().create(&account, &creative).await?.id;
    for first in (0..ADS).step_by(batch::MOST) {
        let mut batch = Batch::of(account.clone());
        let ads = (first..first + batch::MOST)
            .map(|nth| CreateAd::new(format!("Ad {nth} of the spring sale"), ad_set.clone(), creative.clone()));
        let slots = ads.map(|ad| batch.add(meta.ads().create(&account, &ad))).collect::<acd_core::Result<Vec<_>>>()?;
        let mut answers = meta.batch(&batch).await?;
        for slot in slots {
            answers.take(slot)?;
        }
    }
    Ok(())
}

/// The processor's time, and the sum of the lengths of the names, by which both sides show that they read the same.
async fn round(meta: &MetaClient, account: &AdAccountId) -> Result<(Duration, usize)> {
    let fields = AdFields::new().name().status().effective_status().campaign_id().adset_id().creative().created_time();
    let start = cpu_time();
    let mut ads = meta.ads().list_all(account, ListAds::of(fields).limit(PAGE)).items();
    let mut letters = 0;
    while let Some(ad) = ads.next().await? {
        letters += ad.name.map_or(0, |name| name.len());
    }
    Ok((cpu_time().saturating_sub(start), letters))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6 / ADS as f64
}

pub(crate) async fn run(settings: &Settings) -> Result<()> {
    let simulator = settings.simulator()?;
    simulator.start_over().await?;
    fill(&simulator).await?;
    let meta = simulator.client().limits(MetaLimits::new(AccessTier::Full).pools()).build()?;
    let mut python = Rival::start(&mut settings.python("page.py"))?;
    let mut sides = Sides::default();
    for nth in 0..WARM_UP + ROUNDS {
        let (ours, letters) = round(&meta, &simulator.account()).await?;
        let answer = python.ask(&PAGE.to_string())?;
        let (nanos, theirs_letters) = answer.split_once(' ').ok_or("page.py answers with two numbers")?;
        if letters != theirs_letters.parse::<usize>()? {
            return Err(format!("the two sides read different rows: {letters} and {theirs_letters} letters").into());
        }
        if nth >= WARM_UP {
            // Time for each row, so that the ratio is the same way round as elsewhere.
            sides.add(micros(ours), micros(Duration::from_nanos(nanos.parse()?)));
        }
    }
    python.end()?;
    sides.print(
        &format!("{ADS} ads in pages of {PAGE}, us of the client's processor a row, {ROUNDS} rounds"),
        "facebook-business",
    );
    println!("wanted: at least 3 times");
    Ok(())
}
