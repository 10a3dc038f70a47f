//! What the tests of publications share.

use std::time::Duration;

use acd_meta::MinorUnits;
use acd_meta::ads::ad_sets::{BillingEvent, CreateAdSet, OptimizationGoal};
use acd_meta::ads::ads::CreateAd;
use acd_meta::ads::campaigns::{CreateCampaign, Objective};
use acd_meta::ads::creatives::{CreateCreative, LinkData, ObjectStorySpec, StoryContent};
use acd_meta::ads::targeting::{GeoLocations, Targeting};
use acd_platform::ads::publications::{
    ItemState, Planned, PublicationDetails, PublicationPlan, PublicationState, PublishedKind,
};
use acd_platform::{PlatformClient, PublicationId};
use acd_server::app::App;
use acd_server::jobs::{JobSettings, run};
use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use crate::support::wait::within;

/// Longer than what is in doubt takes to settle, on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(300);

/// Lets a server do its jobs until the token is dropped with the test.
pub(in crate::ads) fn working(app: &App) -> CancellationToken {
    let stop = CancellationToken::new();
    let keep = TimeDelta::days(7);
    let settings = JobSettings {
        concurrency: 8,
        listen: None,
        keep_done: keep,
        keep_dead: keep,
        keep_publications: keep,
        keep_ads_logs: keep,
    };
    tokio::spawn(run(app.clone(), settings, stop.clone()));
    stop
}

pub(super) fn campaign() -> CreateCampaign {
    CreateCampaign {
        is_adset_budget_sharing_enabled: Some(false),
        ..CreateCampaign::new("Spring", Objective::Traffic, [])
    }
}

pub(super) fn ad_set(name: &str) -> CreateAdSet {
    let targeting = Targeting { geo_locations: GeoLocations::countries(["US"]), ..Targeting::default() };
    let goal = OptimizationGoal::LinkClicks;
    CreateAdSet {
        daily_budget: Some(MinorUnits(1_000)),
        ..CreateAdSet::new(name, PublicationPlan::CAMPAIGN, goal, BillingEvent::Impressions, targeting)
    }
}

pub(super) fn creative(page: &str, link: &str) -> CreateCreative {
    let link = LinkData { link: link.to_owned(), ..LinkData::default() };
    let story =
        ObjectStorySpec { page_id: page.into(), instagram_user_id: None, content: StoryContent::LinkData(link) };
    CreateCreative { object_story_spec: Some(story), ..CreateCreative::new() }
}

/// A campaign, an ad set, and so many ads with a creative each.
pub(in crate::ads) fn plan(page: &str, ads: usize) -> PublicationPlan {
    let creative = |at| Planned::new(format!("creative-{at}"), creative(page, &format!("https://pct.tools/{at}")));
    let ad =
        |at| Planned::new(format!("ad-{at}"), CreateAd::new(format!("Ad {at}"), "all", &*format!("creative-{at}")));
    PublicationPlan {
        campaign: Some(campaign()),
        ad_sets: vec![Planned::new("all", ad_set("All"))],
        creatives: (1..=ads).map(creative).collect(),
        ads: (1..=ads).map(ad).collect(),
        utm: None,
    }
}

/// The publication once it has ended.
pub(super) async fn ended(client: &PlatformClient, id: PublicationId) -> PublicationDetails {
    within(LIMIT, "the publication ends", async || {
        let shown = client.ads().publications().get(id).await.unwrap();
        shown.publication.finished_at.is_some().then_some(shown)
    })
    .await
}

/// The publication once it has ended in this state.
pub(in crate::ads) async fn ended_as(
    client: &PlatformClient,
    id: PublicationId,
    state: PublicationState,
) -> PublicationDetails {
    let shown = ended(client, id).await;
    assert_eq!(shown.publication.state, state, "{shown:#?}");
    shown
}

/// Key and state of each thing of a kind.
pub(super) fn states(shown: &PublicationDetails, kind: PublishedKind) -> Vec<(&str, ItemState)> {
    shown.items.iter().filter(|item| item.kind == kind).map(|item| (item.key.as_str(), item.state)).collect()
}

/// The ids of what is there of a kind.
pub(in crate::ads) fn ids(shown: &PublicationDetails, kind: PublishedKind) -> Vec<String> {
    shown.items.iter().filter(|item| item.kind == kind).filter_map(|item| item.object_id.clone()).collect()
}
