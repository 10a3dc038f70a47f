//! Creates a campaign with an ad set, a creative and an ad, each exactly once, however often it runs or loses an answer.
//!
//! `cargo run -p acd-examples --example campaign_tree`. Nothing runs and nothing costs until somebody switches it on.

use std::env;
use std::error::Error as StdError;
use std::process::ExitCode;

use acd_examples::{Meta, report};
use acd_sdk::meta::MinorUnits;
use acd_sdk::meta::ads::Status;
use acd_sdk::meta::ads::ad_sets::{AdSetFields, BillingEvent, CreateAdSet, OptimizationGoal};
use acd_sdk::meta::ads::ads::{AdFields, CreateAd};
use acd_sdk::meta::ads::campaigns::{CampaignFields, CreateCampaign, Objective};
use acd_sdk::meta::ads::creatives::{CreateCreative, LinkData, ObjectStorySpec, StoryContent};
use acd_sdk::meta::ads::targeting::{GeoLocations, Targeting};
use acd_testing::{MetaEffect, MetaFault};

#[tokio::main]
async fn main() -> ExitCode {
    report(run().await)
}

pub(crate) async fn run() -> Result<(), Box<dyn StdError>> {
    let Meta { client: meta, ad_account: account, page, simulator, .. } = &Meta::from_env().await?;
    // Meta has no idempotency keys: the label says which intent this is, and is kept with it.
    let intent = env::var("INTENT").unwrap_or_else(|_| "spring-sale".to_owned());

    let campaign = CreateCampaign {
        status: Some(Status::Paused),
        is_adset_budget_sharing_enabled: Some(false),
        ..CreateCampaign::new("Spring sale", Objective::Traffic, [])
    };
    if let Some(simulator) = simulator {
        // The campaign is created and the answer is lost: it is found by its label, and not created again.
        simulator.inject(MetaFault::new(MetaEffect::CutAfter).method("POST").path("/campaigns").times(1));
    }
    let campaign = meta.campaigns().create_once(account, &intent, &campaign).await?;

    let (goal, paid) = (OptimizationGoal::LinkClicks, BillingEvent::Impressions);
    let places = Targeting { geo_locations: GeoLocations::countries(["US"]), ..Targeting::default() };
    let ad_set = CreateAdSet {
        // 15.00 in the account's currency.
        daily_budget: Some(MinorUnits(1500)),
        ..CreateAdSet::new("United States", campaign.clone(), goal, paid, places)
    };
    let ad_set = meta.ad_sets().create_once(account, &intent, &ad_set).await?;

    let link = LinkData {
        link: "https://shop.example/sale".to_owned(),
        message: Some("Everything in bloom".to_owned()),
        ..LinkData::default()
    };
    let story =
        ObjectStorySpec { page_id: page.clone(), instagram_user_id: None, content: StoryContent::LinkData(link) };
    let creative = CreateCreative { object_story_spec: Some(story), ..CreateCreative::new() };
    let creative = meta.creatives().create_once(account, &intent, &creative).await?;
    let ad = CreateAd::new("In bloom", ad_set, creative);
    meta.ads().create_once(account, &intent, &ad).await?;

    let sets = AdSetFields::new().name().edge("ads", &AdFields::new().name().effective_status());
    let tree = CampaignFields::new().name().edge("adsets", &sets);
    let tree = meta.campaigns().get(&campaign, &tree).await?;
    println!("{campaign} {}: {}", tree.name.unwrap_or_default(), serde_json::to_string_pretty(&tree.other)?);
    Ok(())
}
