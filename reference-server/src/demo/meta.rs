//! Meta in the demo: a simulator that outlives the server, and what the products ask of it.

use std::time::Duration;

use acd_core::Client;
use acd_meta::ads::ad_sets::{BillingEvent, CreateAdSet, OptimizationGoal};
use acd_meta::ads::ads::CreateAd;
use acd_meta::ads::campaigns::{CreateCampaign, Objective};
use acd_meta::ads::creatives::{CreateCreative, LinkData, ObjectStorySpec, StoryContent};
use acd_meta::ads::targeting::{GeoLocations, Targeting};
use acd_meta::webhooks::WebhookObject;
use acd_meta::{AppId, MetaClient, MinorUnits, PageId};
use acd_platform::ads::publications::{Planned, PublicationPlan};
use acd_testing::MetaSimulator;
use serde_json::Value;

type Error = Box<dyn std::error::Error + Send + Sync>;

const VERIFY_TOKEN: &str = "demo";

/// What `acd serve` needs to take a simulator for Meta, whatever this process was given for the real one.
pub(super) fn settings(simulator: &MetaSimulator) -> Vec<(&'static str, String)> {
    let world = simulator.world();
    vec![
        ("META_ACCESS_TOKEN", world.access_token.clone()),
        ("META_APP_SECRET", world.app_secret.clone()),
        ("META_BASE_URL", simulator.url()),
        ("META_VERIFY_TOKEN", VERIFY_TOKEN.to_owned()),
    ]
}

/// Has the page's leads told to the server, as one does once in Meta's app dashboard.
pub(super) async fn subscribe(simulator: &MetaSimulator, server: &str) -> Result<(), Error> {
    let world = simulator.world();
    let (app, page) = (AppId::from(world.app_id.as_str()), PageId::from(world.page.as_str()));
    let client = MetaClient::builder(world.access_token.as_str())
        .app_secret(world.app_secret.as_str())
        .base_url(simulator.url())
        .build()?;
    let callback = format!("{server}/v1/webhooks/meta");
    let as_app = client.as_app(&app)?;
    as_app
        .webhooks()
        .subscribe(&app, &WebhookObject::Page, &callback, &VERIFY_TOKEN.into(), &["leadgen".into()])
        .await?;
    let as_page = client.with_token(client.pages().token(&page).await?)?;
    as_page.webhooks().add_page(&page, &["leadgen".into()]).await?;
    Ok(())
}

/// A campaign with so many ads, each with a creative of its own.
pub(super) fn campaign(simulator: &MetaSimulator, name: &str, ads: usize) -> PublicationPlan {
    let targeting = Targeting { geo_locations: GeoLocations::countries(["US"]), ..Targeting::default() };
    let ad_set = CreateAdSet {
        daily_budget: Some(MinorUnits(2_000)),
        ..CreateAdSet::new(
            "All",
            PublicationPlan::CAMPAIGN,
            OptimizationGoal::LinkClicks,
            BillingEvent::Impressions,
            targeting,
        )
    };
    let creative = |number: usize| {
        let link = LinkData { link: format!("https://waitlistlab.example/{number}"), ..LinkData::default() };
        let page = simulator.world().page.as_str().into();
        let story = ObjectStorySpec { page_id: page, instagram_user_id: None, content: StoryContent::LinkData(link) };
        Planned::new(
            format!("creative-{number}"),
            CreateCreative { object_story_spec: Some(story), ..CreateCreative::new() },
        )
    };
    let ad = |number: usize| {
        let creative = format!("creative-{number}");
        Planned::new(format!("ad-{number}"), CreateAd::new(format!("Ad {number}"), "all", creative.as_str()))
    };
    PublicationPlan {
        campaign: Some(CreateCampaign {
            is_adset_budget_sharing_enabled: Some(false),
            ..CreateCampaign::new(name, Objective::Traffic, [])
        }),
        ad_sets: vec![Planned::new("all", ad_set)],
        creatives: (1..=ads).map(creative).collect(),
        ads: (1..=ads).map(ad).collect(),
        utm: None,
    }
}

/// What the pixel in somebody's browser sends.
pub(super) async fn pixel(simulator: &MetaSimulator, event: &str, event_id: &str) -> Result<(), Error> {
    const FIRE: acd_core::Operation =
        acd_core::Operation::new("meta.pixel.fire", http::Method::GET, "/tr").idempotent();
    let client = Client::builder(simulator.url()).build()?;
    let call = client.call(&FIRE).query("id", &simulator.world().pixel).query("ev", event).query("eid", event_id);
    call.send().await?;
    Ok(())
}

/// How many objects of a kind there are.
pub(super) fn count(simulator: &MetaSimulator, kind: &str) -> usize {
    let snapshot = simulator.snapshot();
    snapshot["nodes"].as_array().into_iter().flatten().filter(|node| node["kind"] == kind).count()
}

/// The id of the newest object of a kind.
pub(super) fn newest(simulator: &MetaSimulator, kind: &str) -> Option<String> {
    let snapshot = simulator.snapshot();
    let node = snapshot["nodes"].as_array()?.iter().find(|node| node["kind"] == kind)?;
    Some(node["id"].as_str()?.to_owned())
}

/// The events with an id, and how many of them count.
pub(super) fn events(simulator: &MetaSimulator, event_id: &str) -> (usize, usize) {
    let snapshot = simulator.snapshot();
    let events: Vec<&Value> =
        snapshot["events"].as_array().into_iter().flatten().filter(|event| event["event_id"] == event_id).collect();
    (events.len(), events.iter().filter(|event| event["counts"] == true).count())
}

/// Asks until there is an answer, for at most half a minute.
pub(super) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Result<Option<T>, Error>) -> Result<T, Error> {
    for _ in 0..600 {
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        #[expect(clippy::disallowed_methods, reason = "a demonstration runs in real time")]
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(format!("{what}: not after half a minute").into())
}
