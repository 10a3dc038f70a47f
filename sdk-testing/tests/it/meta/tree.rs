//! A tree of a campaign, its ad sets, creatives and ads: how it is made, and what is there in the end.

use std::collections::BTreeMap;
use std::time::Duration;

use acd_core::Result;
use acd_meta::ads::Status;
use acd_meta::ads::ad_sets::{BillingEvent, CreateAdSet, OptimizationGoal, UpdateAdSet};
use acd_meta::ads::ads::CreateAd;
use acd_meta::ads::campaigns::{CreateCampaign, Objective, UpdateCampaign};
use acd_meta::ads::creatives::{CreateCreative, LinkData, ObjectStorySpec, StoryContent};
use acd_meta::ads::targeting::{GeoLocations, Targeting};
use acd_meta::{AdSetId, CampaignId, CreativeId, MinorUnits};
use serde_json::{Value, json};

use super::client::Story;

pub(crate) fn campaign() -> CreateCampaign {
    CreateCampaign {
        status: Some(Status::Paused),
        is_adset_budget_sharing_enabled: Some(false),
        ..CreateCampaign::new("Spring", Objective::Traffic, [])
    }
}

pub(crate) fn ad_set(name: &str, campaign: &CampaignId, country: &str) -> CreateAdSet {
    let (goal, paid) = (OptimizationGoal::LinkClicks, BillingEvent::Impressions);
    let places = Targeting { geo_locations: GeoLocations::countries([country]), ..Targeting::default() };
    CreateAdSet { daily_budget: Some(MinorUnits(1500)), ..CreateAdSet::new(name, campaign.clone(), goal, paid, places) }
}

pub(crate) fn creative(name: &str, page: &str) -> CreateCreative {
    let link = StoryContent::LinkData(LinkData {
        link: "https://a.example".to_owned(),
        message: Some(name.to_owned()),
        ..LinkData::default()
    });
    CreateCreative {
        name: Some(name.to_owned()),
        object_story_spec: Some(ObjectStorySpec { page_id: page.into(), instagram_user_id: None, content: link }),
        ..CreateCreative::new()
    }
}

pub(crate) fn ad(name: &str, ad_set: &AdSetId, creative: &CreativeId) -> CreateAd {
    CreateAd::new(name, ad_set.clone(), creative.clone())
}

/// Makes the whole tree and sets it running.
pub(crate) async fn make(story: &Story) -> Result<()> {
    let (meta, account) = (&story.meta, &story.account);
    let (campaigns, sets, creatives, ads) = (meta.campaigns(), meta.ad_sets(), meta.creatives(), meta.ads());
    let page = story.simulator.world().page.as_str();
    let spring = campaign();
    let spring = settled(story, || campaigns.create_once(account, "spring", &spring)).await?;
    for (country, shown) in [("US", &["Red", "Blue"][..]), ("CA", &["Green"])] {
        let wanted = ad_set(country, &spring, country);
        let set = settled(story, || sets.create_once(account, country, &wanted)).await?;
        for name in shown {
            let wanted = creative(name, page);
            let creative = settled(story, || creatives.create_once(account, name, &wanted)).await?;
            let wanted = ad(name, &set, &creative);
            settled(story, || ads.create_once(account, name, &wanted)).await?;
        }
        let more = UpdateAdSet { daily_budget: Some(MinorUnits(2500)), ..UpdateAdSet::new() };
        settled(story, async || sets.update(&set, &more).await).await?;
    }
    let run = UpdateCampaign { status: Some(Status::Active), ..UpdateCampaign::new() };
    settled(story, async || campaigns.update(&spring, &run).await).await?;
    Ok(())
}

/// Asks until it is known what became of it, as a job that is taken up again does: the same intent under the same label.
async fn settled<T>(story: &Story, ask: impl AsyncFn() -> Result<T>) -> Result<T> {
    let mut rounds = 0;
    loop {
        let error = match ask().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        rounds += 1;
        if rounds == 50 || !(error.is_retryable() || error.may_have_been_sent()) {
            return Err(error);
        }
        story.sleep(error.retry_after().unwrap_or(Duration::from_secs(1))).await;
    }
}

/// What [`make`] shall lead to.
pub(crate) fn intended() -> Value {
    let ad =
        |name: &str, set: &str| json!({ "kind": "Ad", "status": "ACTIVE", "in": set, "shows": name, "of": "Spring" });
    let set = json!({ "kind": "AdSet", "status": "ACTIVE", "of": "Spring", "budget": "2500" });
    let creative = json!({ "kind": "AdCreative", "status": "ACTIVE" });
    json!({
        "Ad Blue": [ad("Blue", "US")], "Ad Green": [ad("Green", "CA")], "Ad Red": [ad("Red", "US")],
        "AdCreative Blue": [creative], "AdCreative Green": [creative], "AdCreative Red": [creative],
        "AdLabel Blue": [{ "kind": "AdLabel" }], "AdLabel CA": [{ "kind": "AdLabel" }],
        "AdLabel Green": [{ "kind": "AdLabel" }], "AdLabel Red": [{ "kind": "AdLabel" }],
        "AdLabel US": [{ "kind": "AdLabel" }], "AdLabel spring": [{ "kind": "AdLabel" }],
        "AdSet CA": [set], "AdSet US": [set],
        "Campaign Spring": [{ "kind": "Campaign", "status": "ACTIVE" }],
    })
}

/// What the simulator has, with names in the place of ids.
pub(crate) fn found(story: &Story) -> Value {
    let snapshot = story.simulator.snapshot();
    let nodes = snapshot["nodes"].as_array().unwrap();
    let name = |id: &Value| {
        let node = nodes.iter().find(|node| node["id"] == *id);
        node.map_or(Value::Null, |node| node["fields"]["name"].clone())
    };
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for node in nodes {
        let (kind, fields) = (node["kind"].as_str().unwrap(), &node["fields"]);
        if !matches!(kind, "Campaign" | "AdSet" | "AdCreative" | "Ad" | "AdLabel") {
            continue;
        }
        let mut seen = json!({
            "kind": kind, "status": node["effective_status"], "of": name(&fields["campaign_id"]),
            "in": name(&fields["adset_id"]), "shows": name(&fields["creative"]["id"]), "budget": fields["daily_budget"],
        });
        seen.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        found.entry(format!("{kind} {}", fields["name"].as_str().unwrap())).or_default().push(seen);
    }
    json!(found)
}

#[tokio::test]
async fn without_faults_the_tree_is_made() {
    let story = Story::start(1).await;
    story.run(make(&story)).await.unwrap();
    assert_eq!(found(&story), intended());
}
