//! The hourly sync.

use acd_meta::insights::{InsightsFields, InsightsOf, InsightsQuery, TimeIncrement};
use acd_meta::{MinorUnits, TimeRange};
use acd_platform::PlatformClient;
use acd_platform::ads::daily::{DailyInsight, DailyLevel, ListDailyInsights};
use acd_testing::{MetaEffect, MetaFault};
use chrono::{Days, NaiveDate, TimeDelta};

use super::support::World;
use crate::users::refusal;

async fn daily(client: &PlatformClient, level: DailyLevel, since: NaiveDate) -> Vec<DailyInsight> {
    let query = ListDailyInsights { level: Some(level), since: Some(since), ..ListDailyInsights::default() };
    client.ads().daily().list(&query).await.unwrap().data
}

#[tokio::test]
async fn figures_are_kept_as_meta_reports_them_and_each_product_sees_its_own() {
    let world = World::start().await;
    let (pct, everreach) = (world.product("pct").await, world.product("everreach").await);
    let ours = world.running(&pct, 2).await;
    let theirs = world.running(&everreach, 1).await;
    let first = world.now().date_naive();
    world.pass(TimeDelta::days(2));
    world.sync().await;
    let until = world.now().date_naive();

    // To the cent what Meta says.
    let query = InsightsQuery {
        time_range: Some(TimeRange { since: first, until }),
        time_increment: Some(TimeIncrement::Days(1)),
        ..InsightsQuery::of(InsightsFields::all())
    };
    let meta = world.outside.insights().get(&InsightsOf::from(ours.campaign.clone()), &query).await.unwrap().data;
    let kept = daily(&pct, DailyLevel::Campaign, first).await;
    assert_eq!((meta.len(), kept.len()), (3, 3));
    for (meta, kept) in meta.iter().zip(&kept) {
        assert_eq!((kept.day, kept.campaign_id.as_ref()), (meta.date_start.unwrap(), Some(&ours.campaign)));
        let MinorUnits(spend) = meta.spend.as_ref().unwrap().to_minor_units("USD").unwrap();
        let figures = &kept.figures;
        assert_eq!((figures.spend_minor, figures.currency.as_str()), (spend, "USD"));
        assert_eq!((Some(figures.impressions), Some(figures.clicks)), (meta.impressions, meta.clicks));
        assert!((figures.ctr.unwrap() - meta.ctr.as_ref().unwrap().to_f64()).abs() < 0.001);
        assert!((figures.cpc_minor.unwrap() - meta.cpc.as_ref().unwrap().to_f64() * 100.0).abs() < 0.001);
        assert!((figures.cpm_minor.unwrap() - meta.cpm.as_ref().unwrap().to_f64() * 100.0).abs() < 0.001);
        assert!(figures.conversions > 0 && figures.conversion_value_minor > 0 && figures.video_plays > 0);
    }

    // Levels add up, and nobody sees the other's.
    let sums = |rows: &[DailyInsight]| rows.iter().map(|row| row.figures.impressions).sum::<u64>();
    let ads = daily(&pct, DailyLevel::Ad, first).await;
    assert_eq!((ads.len(), sums(&ads)), (6, sums(&kept)));
    assert!(ads.iter().all(|row| ours.ads.contains(row.ad_id.as_ref().unwrap())));
    assert!(ads.iter().all(|row| row.ad_set_id.as_ref() == Some(&ours.ad_set)));
    assert_eq!(sums(&daily(&pct, DailyLevel::Product, first).await), sums(&kept));
    let foreign = ListDailyInsights { campaign: Some(theirs.campaign), ..ListDailyInsights::default() };
    assert_eq!(refusal(pct.ads().daily().list(&foreign).await).0, 404);
    let total =
        ListDailyInsights { level: Some(DailyLevel::Account), since: Some(first), ..ListDailyInsights::default() };
    assert_eq!(refusal(pct.ads().daily().list(&total).await), (403, "account_totals".to_owned()));
    let total = ListDailyInsights { account: Some(world.account.clone()), ..total };
    let total = world.server.admin().ads().daily().list(&total).await.unwrap().data;
    assert_eq!(sums(&total), sums(&kept) + sums(&daily(&everreach, DailyLevel::Product, first).await));

    // Page by page it is the same.
    let mut paged = Vec::new();
    let mut cursor = None;
    loop {
        let query = ListDailyInsights {
            level: Some(DailyLevel::Ad),
            since: Some(first),
            limit: Some(4),
            cursor: cursor.take(),
            ..ListDailyInsights::default()
        };
        let page = pct.ads().daily().list(&query).await.unwrap();
        paged.extend(page.data);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(paged, ads);
}

#[tokio::test]
async fn late_corrections_arrive_for_recent_days_within_the_hour_and_for_all_within_the_day() {
    let world = World::start().await;
    let pct = world.product("pct").await;
    world.running(&pct, 1).await;
    let first = world.now().date_naive();
    world.sync().await;
    let conversions = async || daily(&pct, DailyLevel::Campaign, first).await[0].figures.conversions;
    let mut seen = vec![conversions().await];
    // The last reading is on the 28th day.
    for days in [1, 7, 20] {
        world.pass(TimeDelta::days(days));
        world.sync().await;
        seen.push(conversions().await);
    }
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    let days = daily(&pct, DailyLevel::Campaign, first).await.len();
    assert_eq!(days, 29, "the days between were filled in");
}

#[tokio::test]
async fn two_replicas_sync_an_account_once() {
    let world = World::start().await;
    let pct = world.product("pct").await;
    world.running(&pct, 1).await;
    world.product("everreach").await;
    let other = world.replica().await;
    for hour in 1..=3 {
        world.sync_on(&[&world.server, &other]).await;
        assert_eq!(world.reports(), 4 * hour, "one report for each level");
        world.pass(TimeDelta::hours(1));
    }
    assert_eq!(world.count("select count(*) from shared_jobs where kind = 'acd.ads.sync_account'").await, 3);
}

#[tokio::test]
async fn a_sync_that_was_cut_short_goes_on_where_it_was() {
    let world = World::start().await;
    let pct = world.product("pct").await;
    world.running(&pct, 1).await;
    // Account and campaigns are read; then Meta is away for longer than calls are repeated.
    let away = || MetaFault::new(MetaEffect::Error { code: 2, subcode: None, status: None, is_transient: false });
    world.server.app.jobs.keep_up().await.unwrap();
    world.simulator().inject(away().path("/ads").times(9));
    world.work_on(&[&world.server]).await;
    assert_eq!(world.reports(), 0, "changes come first");
    world.simulator().clear_faults();
    world.pass(TimeDelta::minutes(2));
    world.sync().await;
    assert_eq!(world.reports(), 4);
    world.pass(TimeDelta::hours(1));

    // Another process goes on with what the first one left.
    let (other, first) = (world.replica().await, world.now().date_naive());
    world.server.app.jobs.keep_up().await.unwrap();
    let before = world.reports();
    let sql = "update shared.ads_insight_reads set busy_by = gen_random_uuid(), busy_until = $1 where level = 'ad'";
    let died = world.now() + TimeDelta::minutes(1);
    sqlx::query(sql).bind(died).execute(&world.server.database.pool()).await.unwrap();
    world.work_on(&[&other]).await;
    assert_eq!(world.reports(), before + 3, "ads are being read by one that died");
    world.pass(TimeDelta::hours(1));
    world.sync_on(&[&other]).await;
    assert_eq!(world.reports(), before + 7, "its lease ended by itself");
    assert_eq!(daily(&pct, DailyLevel::Ad, first).await.len(), 1);
}

#[tokio::test]
async fn what_is_too_large_is_made_by_meta_and_collected_by_whoever_is_there() {
    let world = World::start().await;
    let pct = world.product("pct").await;
    world.running(&pct, 2).await;
    let first = world.now().date_naive();
    world.pass(TimeDelta::days(9));
    let large = MetaEffect::Error { code: 100, subcode: Some(1_487_534), status: None, is_transient: false };
    let account = format!("/{}/insights", world.account);
    world.simulator().inject(MetaFault::new(large).method("GET").path(&account));
    world.sync().await;
    let runs = || {
        let snapshot = world.simulator().snapshot();
        snapshot["nodes"].as_array().unwrap().iter().filter(|node| node["kind"] == "AdReportRun").count()
    };
    let unread = "select count(*) from shared.ads_insight_reads where whole_at is null and report_run is not null";
    assert_eq!((world.count(unread).await, runs()), (4, 4));
    // The next hour does not begin them anew.
    world.pass(TimeDelta::hours(1));
    world.server.app.jobs.keep_up().await.unwrap();
    world.simulator().clear_faults();

    // The process that began them is gone; another looks at them when they are ready.
    let other = world.replica().await;
    world.work_on(&[&other]).await;
    assert_eq!((world.count(unread).await, runs()), (0, 4));
    let kept = daily(&pct, DailyLevel::Campaign, first).await;
    assert_eq!(kept.first().unwrap().day, first);
    assert_eq!(kept.len(), 10);
    assert_eq!(kept.last().unwrap().day, first + Days::new(9));
}
