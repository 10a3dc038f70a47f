//! What is changed past the hub.

use acd_meta::MinorUnits;
use acd_meta::ads::Status;
use acd_meta::ads::ad_sets::UpdateAdSet;
use acd_meta::ads::ads::UpdateAd;
use acd_meta::ads::campaigns::UpdateCampaign;
use acd_platform::PlatformClient;
use acd_platform::ads::changes::{AdChange, ChangedField, ChangedKind, ListAdChanges};
use acd_testing::{MetaEffect, MetaFault};
use chrono::TimeDelta;
use serde_json::Value;

use super::support::World;
use crate::support::app::TestApp;

async fn changes(client: &PlatformClient) -> Vec<AdChange> {
    client.ads().changes().list_all(ListAdChanges::default()).items().collect(99).await.unwrap()
}

fn short(change: &AdChange) -> (ChangedKind, &str, ChangedField, Option<&str>, Option<&str>) {
    (change.kind, &change.object_id, change.field, change.old_value.as_deref(), change.new_value.as_deref())
}

async fn announced(server: &TestApp) -> Vec<(Option<String>, Value)> {
    let sql = "select product, payload from events_outbox where topic = 'ads.changed_outside' order by id";
    sqlx::query_as(sql).fetch_all(&server.database.pool()).await.unwrap()
}

fn renamed(name: &str) -> UpdateCampaign {
    UpdateCampaign { name: Some(name.to_owned()), ..UpdateCampaign::new() }
}

#[tokio::test]
async fn changes_in_the_ads_manager_are_told_once_and_our_own_never() {
    let world = World::start().await;
    let (pct, everreach) = (world.product("pct").await, world.product("everreach").await);
    let made = world.running(&pct, 1).await;
    let theirs = world.running(&everreach, 1).await;
    world.sync().await;
    assert!(changes(&pct).await.is_empty(), "what is seen for the first time is no change");

    // Through the hub, of every kind.
    world.pass(TimeDelta::minutes(10));
    pct.ads().campaigns().update(&made.campaign, &renamed("Summer")).await.unwrap();
    let budget = UpdateAdSet { daily_budget: Some(MinorUnits(900_000)), ..UpdateAdSet::new() };
    pct.ads().ad_sets().update(&made.ad_set, &budget).await.unwrap();
    let pause = UpdateAd { status: Some(Status::Paused), ..UpdateAd::new() };
    pct.ads().ads().update(&made.ads[0], &pause).await.unwrap();
    // And past it.
    world.outside.campaigns().update(&theirs.campaign, &renamed("Winter")).await.unwrap();
    world.pass(TimeDelta::hours(1));
    world.sync().await;
    assert!(changes(&pct).await.is_empty());
    let told = changes(&everreach).await;
    let campaign = theirs.campaign.as_str();
    let wanted = (ChangedKind::Campaign, campaign, ChangedField::Name, Some("Spring"), Some("Winter"));
    assert_eq!(told.iter().map(short).collect::<Vec<_>>(), [wanted]);
    assert!(told[0].changed_at.unwrap() < told[0].detected_at);

    // Someone undoes what the hub did, and more.
    world.outside.campaigns().update(&made.campaign, &renamed("Spring")).await.unwrap();
    let dearer =
        UpdateAdSet { daily_budget: Some(MinorUnits(2_000_000)), status: Some(Status::Paused), ..UpdateAdSet::new() };
    world.outside.ad_sets().update(&made.ad_set, &dearer).await.unwrap();
    for _ in 0..2 {
        world.pass(TimeDelta::hours(1));
        world.sync().await;
    }
    let told = changes(&pct).await;
    let mut told: Vec<_> = told.iter().map(short).collect();
    told.reverse();
    let ad_set = made.ad_set.as_str();
    let wanted = [
        (ChangedKind::Campaign, made.campaign.as_str(), ChangedField::Name, Some("Summer"), Some("Spring")),
        (ChangedKind::AdSet, ad_set, ChangedField::Status, Some("ACTIVE"), Some("PAUSED")),
        (ChangedKind::AdSet, ad_set, ChangedField::DailyBudget, Some("900000"), Some("2000000")),
    ];
    assert_eq!(told, wanted);
    let only = ListAdChanges { object_id: Some(ad_set.to_owned()), limit: Some(1), ..ListAdChanges::default() };
    let page = pct.ads().changes().list(&only).await.unwrap();
    assert_eq!((page.data.len(), page.next_cursor.is_some()), (1, true));

    // Each once in the outbox, for the product whose object it is.
    let announced = announced(&world.server).await;
    assert_eq!(announced.len(), 4);
    assert_eq!(announced[0].0.as_deref(), Some("everreach"));
    assert_eq!((&announced[1].1["field"], &announced[1].1["new_value"]), (&"name".into(), &"Spring".into()));
    assert_eq!(changes(&world.server.admin()).await.len(), 4);
}

#[tokio::test]
async fn a_change_of_ours_whose_answer_was_lost_is_still_ours() {
    let world = World::start().await;
    let pct = world.product("pct").await;
    let made = world.running(&pct, 1).await;
    world.sync().await;
    world.pass(TimeDelta::minutes(30));
    // Changes are repeated: every answer is lost.
    let lost = MetaFault::new(MetaEffect::CutAfter).method("POST").path(made.campaign.as_str());
    world.simulator().inject(lost);
    pct.ads().campaigns().update(&made.campaign, &renamed("Summer")).await.unwrap_err();
    world.simulator().clear_faults();
    for _ in 0..2 {
        world.pass(TimeDelta::hours(1));
        world.sync().await;
    }
    assert!(changes(&pct).await.is_empty());
    // One that Meta refused is not ours when somebody else makes it.
    let refused = MetaEffect::Error { code: 100, subcode: None, status: None, is_transient: false };
    world.simulator().inject(MetaFault::new(refused).method("POST").path(made.ad_set.as_str()));
    let dearer = UpdateAdSet { daily_budget: Some(MinorUnits(3_000_000)), ..UpdateAdSet::new() };
    pct.ads().ad_sets().update(&made.ad_set, &dearer).await.unwrap_err();
    world.simulator().clear_faults();
    world.outside.ad_sets().update(&made.ad_set, &dearer).await.unwrap();
    world.pass(TimeDelta::hours(1));
    world.sync().await;
    assert_eq!(changes(&pct).await.len(), 1);
}

#[tokio::test]
async fn what_is_deleted_is_told_once_for_all_that_is_in_it() {
    let world = World::start().await;
    let pct = world.product("pct").await;
    let (kept, gone) = (world.running(&pct, 2).await, world.running(&pct, 2).await);
    world.sync().await;
    world.pass(TimeDelta::hours(1));
    pct.ads().ads().delete(&kept.ads[0]).await.unwrap();
    world.outside.campaigns().delete(&gone.campaign).await.unwrap();
    world.pass(TimeDelta::hours(1));
    world.sync().await;
    let told = changes(&pct).await;
    let campaign = gone.campaign.as_str();
    let wanted = (ChangedKind::Campaign, campaign, ChangedField::Status, Some("ACTIVE"), Some("DELETED"));
    assert_eq!(told.iter().map(short).collect::<Vec<_>>(), [wanted]);
}
