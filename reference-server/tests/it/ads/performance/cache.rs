//! Figures that are served: fresh within 15 minutes, read once, and not sent twice.

use acd_platform::ads::daily::ListDailyInsights;
use acd_testing::{MetaEffect, MetaFault};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use super::support::{ADS, World};

const DAILY: &str = "/v1/ads/insights/daily";

#[tokio::test]
async fn fifty_readers_at_once_on_two_replicas_cost_one_reading_at_meta() {
    let world = World::start().await;
    let (pct, everreach) = (world.product("pct").await, world.product("everreach").await);
    world.running(&pct, 2).await;
    let other = world.replica().await;
    let elsewhere = other.product("pct", &ADS).await;
    for round in 1..=3 {
        let query = ListDailyInsights::default();
        let clients = [&pct, &elsewhere, &everreach];
        let asked = (0..50).map(|at| {
            let call = clients[at % 3].ads().daily().list(&query);
            async move { call.await }
        });
        let answers: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(world.reports(), round);
        assert!(answers.iter().all(|answer| answer.as_of == answers[0].as_of && answer.as_of.is_some()));
        let rows: Vec<usize> = answers.iter().map(|answer| answer.data.len()).collect();
        assert_eq!(rows[..3], [1, 1, 0]);
        world.pass(TimeDelta::minutes(14));
        pct.ads().daily().list(&query).await.unwrap();
        assert_eq!(world.reports(), round, "14 minutes are fresh enough");
        world.pass(TimeDelta::minutes(2));
    }
}

#[tokio::test]
async fn what_the_caller_has_is_not_sent_again_until_there_is_more() {
    let world = World::start().await;
    let pct = world.product("pct").await;
    world.running(&pct, 1).await;
    let (key, http) = (world.server.key("pct", &ADS).await, world.server.http());
    for path in [DAILY, "/v1/ads/winners"] {
        let first = http.get(path).bearer(&key).send().await;
        assert_eq!(first.status, 200, "{}", first.text());
        let tag = first.header("etag").unwrap().to_owned();
        let age: u32 =
            first.header("cache-control").unwrap().strip_prefix("private, max-age=").unwrap().parse().unwrap();
        assert!((1..=900).contains(&age) && first.header("vary") == Some("authorization"));
        let again = http.get(path).bearer(&key).header("if-none-match", &tag).send().await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag.as_str())));
        // Another product has other figures, whatever tag it brings.
        let theirs = world.server.key("everreach", &ADS).await;
        world.product("everreach").await;
        let other = http.get(path).bearer(&theirs).header("if-none-match", &tag).send().await;
        assert_eq!((other.status, other.json()["data"].as_array().unwrap().len()), (200, 0));
        world.pass(TimeDelta::minutes(16));
        let newer = http.get(path).bearer(&key).header("if-none-match", &tag).send().await;
        assert_eq!(newer.status, 200);
        assert_ne!(newer.json()["as_of"], first.json()["as_of"]);
    }
}

#[tokio::test]
async fn when_meta_is_away_older_figures_are_served_and_nobody_hammers() {
    let world = World::start().await;
    let pct = world.product("pct").await;
    world.running(&pct, 1).await;
    let away = || {
        MetaFault::new(MetaEffect::Error { code: 190, subcode: None, status: None, is_transient: false })
            .path("/insights")
    };
    let query = ListDailyInsights::default();
    world.simulator().inject(away());
    let (key, http) = (world.server.key("pct", &ADS).await, world.server.http());
    // Nothing is known yet.
    http.get(DAILY).bearer(&key).send().await.problem(502, "meta_access");
    http.get(DAILY).bearer(&key).send().await.problem(503, "insights_not_ready");
    assert_eq!(world.reports(), 1);
    world.simulator().clear_faults();
    world.pass(TimeDelta::minutes(1));
    let first = pct.ads().daily().list(&query).await.unwrap();

    world.simulator().inject(away());
    world.pass(TimeDelta::minutes(20));
    let before = world.reports();
    for _ in 0..5 {
        assert_eq!(pct.ads().daily().list(&query).await.unwrap(), first);
    }
    assert_eq!(world.reports() - before, 1, "after a failure Meta is left alone for a while");
    let stale = http.get(DAILY).bearer(&key).send().await;
    assert_eq!(stale.header("cache-control"), Some("private, max-age=30"));
    world.simulator().clear_faults();
    world.pass(TimeDelta::minutes(1));
    assert_ne!(pct.ads().daily().list(&query).await.unwrap().as_of, first.as_of);
}

#[tokio::test]
async fn hostile_values_are_refused_with_the_field() {
    let world = World::start().await;
    world.product("pct").await;
    let (key, http) = (world.server.key("pct", &ADS).await, world.server.http());
    for (query, status, code) in [
        ("?since=2026-03-02&until=2026-03-01", 400, "invalid_query"),
        ("?since=0001-01-01", 400, "invalid_query"),
        ("?until=-262143-01-01", 400, "invalid_query"),
        ("?until=%2B262142-12-31&since=-262143-01-01", 400, "invalid_query"),
        ("?until=-9999-01-07", 400, "invalid_query"),
        ("?until=%2B10000-01-01", 400, "invalid_query"),
        ("?limit=0", 400, "invalid_query"),
        ("?limit=1001", 400, "invalid_query"),
        ("?level=everything", 400, "invalid_query"),
        ("?conversion=a'%20or%201=1--", 400, "invalid_query"),
        ("?conversion=", 400, "invalid_query"),
        ("?cursor=2026-03-01", 400, "invalid_cursor"),
        ("?account=act_999", 404, "not_found"),
        ("?account=act_1'--", 404, "not_found"),
        ("?campaign=..%2Fme", 404, "not_found"),
        ("?campaign=%F0%9F%92%A9", 404, "not_found"),
        ("?product=everreach", 404, "not_found"),
        ("?level=account", 403, "account_totals"),
    ] {
        http.get(&format!("{DAILY}{query}")).bearer(&key).send().await.problem(status, code);
    }
    for (path, status, code) in [
        ("/v1/ads/winners?per=luck", 400, "invalid_query"),
        ("/v1/ads/winners?campaign=1", 404, "not_found"),
        ("/v1/ads/winners?limit=101", 400, "invalid_query"),
        ("/v1/ads/winners?cursor=null", 400, "invalid_query"),
        ("/v1/ads/changes?object_id=null", 400, "invalid_query"),
        ("/v1/ads/changes?object_id=%27%3B--", 400, "invalid_query"),
        ("/v1/ads/changes?cursor=x", 400, "invalid_cursor"),
        ("/v1/ads/changes?limit=201", 400, "invalid_query"),
        ("/v1/ads/changes?product=everreach", 404, "not_found"),
    ] {
        http.get(path).bearer(&key).send().await.problem(status, code);
    }
    // Far off days are days like others.
    for query in ["?until=9999-12-31", "?until=0001-01-01", "?until=2026-01-01&cursor=2026-03-01.act_1."] {
        let answer = http.get(&format!("{DAILY}{query}")).bearer(&key).send().await;
        assert_eq!(answer.json()["data"], json!([]), "{query}");
    }
}
