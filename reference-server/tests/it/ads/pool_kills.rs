//! kill -9 of replicas that share Meta's limits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acd_core::Secret;
use acd_meta::ads::campaigns::{CreateCampaign, Objective};
use acd_meta::{AdAccountId, MetaClient};
use acd_platform::PlatformClient;
use acd_testing::{MetaEffect, MetaFault, MetaSimulator, MetaTier};
use serde_json::Value;
use sqlx::{PgPool, query, query_as};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::interval;

use crate::support::cluster::fresh_database;
use crate::support::http::Http;
use crate::support::process::{Server, Settings, free_address};
use crate::support::wait::within;

/// Kills in all; with more than the usual ones Meta's limits are those of full access, 9,000 points in the place of 60.
const KILLS: &str = "ACD_TEST_POOL_KILLS";
const USUAL_KILLS: u64 = 5;
const REPLICAS: usize = 3;
const PRODUCTS: [&str; 3] = ["pct", "everreach", "waitlistlab"];
/// Calls of each product side by side.
const CALLERS: usize = 3;
/// For so long what a replica holds is its own, heard of or not.
const LEASE: Duration = Duration::from_secs(6);
/// Far more than a lease takes to end and far less than the window after which everything comes back anyway.
const TAKEN_WITHIN: Duration = Duration::from_secs(90);
/// What may go with a replica that held the last call's worth, and a unit by which Meta's percentage is rounded.
const LOST: u64 = 4;
const LIMIT: Duration = Duration::from_secs(300);

/// Meta's own count.
struct Score {
    points: u64,
    throttled: u64,
}

async fn score(simulator: &Http, account: &str) -> Score {
    let told = simulator.get("/__sim/limits").send().await.json();
    let points = told["accounts"][account]["points"].as_u64().unwrap_or_default();
    Score { points, throttled: told["throttled"].as_u64().unwrap() }
}

/// What callers were answered, by status.
type Answers = Arc<Mutex<BTreeMap<u16, usize>>>;

/// Calls through one replica after the other, as fast as it is let, until it is told to stop.
async fn caller(
    replicas: Vec<Http>,
    first: usize,
    path: String,
    key: Secret,
    answers: Answers,
    stop: watch::Receiver<bool>,
) {
    let mut pace = interval(Duration::from_millis(20));
    for replica in replicas.iter().cycle().skip(first) {
        pace.tick().await;
        if *stop.borrow() {
            return;
        }
        // No answer comes from one that is dead.
        if let Ok(answer) = replica.get(&path).bearer(&key).try_send().await {
            *answers.lock().unwrap().entry(answer.status).or_insert(0) += 1;
        }
    }
}

/// Numbers that look like chance and are the same each time.
fn chance(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// A campaign of the product's that was made long ago.
async fn own_campaign(pool: &PgPool, meta: &MetaClient, account: &AdAccountId, product: &str) -> String {
    let campaign = CreateCampaign {
        is_adset_budget_sharing_enabled: Some(false),
        ..CreateCampaign::new(product, Objective::Traffic, [])
    };
    let id = meta.campaigns().create(account, &campaign).await.unwrap().id.to_string();
    let uses = "insert into ads_account_products (account, product) values ($1, $2)";
    query(uses).bind(account.to_string()).bind(product).execute(pool).await.unwrap();
    let owns = "insert into ads_objects (product, kind, account, object_id, idempotency_key, request_hash, busy_until)
         values ($1, 'campaign', $2, $3, $3, sha256('c'), now())";
    query(owns).bind(product).bind(account.to_string()).bind(&id).execute(pool).await.unwrap();
    id
}

/// Units in a row of the pool: used by each, lent, in doubt.
async fn row(pool: &PgPool, account: &str) -> (BTreeMap<String, u64>, u64, u64) {
    // What a dead replica held is put down by the next exchange, and of the living nobody may have a cause for one.
    let sql = "select state, (extract(epoch from clock_timestamp()) * 1000)::bigint
        from shared.ads_pool where name = 'meta.ad_account' and scope = $1";
    let (state, now): (Value, i64) = query_as(sql).bind(account).fetch_one(pool).await.unwrap();
    let units = |units: &Value| units.as_u64().unwrap();
    let sum = |by_product: &Value| by_product.as_object().unwrap().values().map(units).sum::<u64>();
    let parts = |parts: &Value| parts.as_array().unwrap().iter().map(|part| units(&part[1])).sum();
    let spent = state["spent"].as_object().unwrap().iter().map(|(who, of)| (who.clone(), parts(of))).collect();
    let (living, dead): (Vec<&Value>, Vec<&Value>) =
        state["replicas"].as_object().unwrap().values().partition(|replica| replica["until"].as_i64().unwrap() > now);
    let lent = living.iter().map(|replica| sum(&replica["held"]) + sum(&replica["granted"])).sum();
    let doubts = state["doubts"].as_array().unwrap().iter().map(|doubt| units(&doubt["units"])).sum::<u64>();
    (spent, lent, doubts + dead.iter().map(|replica| sum(&replica["held"])).sum::<u64>())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_are_killed_never_pass_the_limit_and_what_they_held_comes_back() {
    let kills: u64 = std::env::var(KILLS).map_or(USUAL_KILLS, |kills| kills.parse().unwrap());
    let (tier, cap, pace) =
        if kills > USUAL_KILLS { (MetaTier::Full, 9_000, 10) } else { (MetaTier::Limited, 60, 2_000) };
    let simulator = MetaSimulator::builder().tier(tier).start().await.unwrap();
    let world = simulator.world().clone();
    let account = AdAccountId::from(world.ad_account.as_str());
    let database = fresh_database().await;
    let pool = database.pool();
    let aside = MetaClient::builder(world.access_token.clone()).base_url(simulator.url()).build().unwrap();
    let mut campaigns = Vec::new();
    for product in PRODUCTS {
        campaigns.push(own_campaign(&pool, &aside, &account, product).await);
    }
    // What was made beside the limits is not among what is counted.
    simulator.advance(LIMIT + LEASE);
    // Calls are under way when their replica dies.
    simulator.inject(MetaFault::new(MetaEffect::Latency { milliseconds: pace }).method("GET"));

    let mut settings = Vec::new();
    for _ in 0..REPLICAS {
        settings.push(
            Settings::outside(&database.url)
                .with("ACD_LISTEN", free_address().await)
                .with("ACD_DB_POOL", "5")
                .with("ACD_JOBS_CONCURRENCY", "0")
                .with("META_ACCESS_TOKEN", &*world.access_token)
                .with("META_APP_SECRET", &*world.app_secret)
                .with("META_BASE_URL", simulator.url()),
        );
    }
    let mut servers: Vec<Option<Server>> = Vec::new();
    for settings in &settings {
        servers.push(Some(settings.serve().await));
    }
    let urls: Vec<Http> = servers.iter().flatten().map(Server::http).collect();
    let admin = settings[0].key(None, &["admin"]).await;
    let admin = PlatformClient::new(admin, servers[0].as_ref().unwrap().url.as_str()).unwrap();

    let (stop, stopped) = watch::channel(false);
    let (mut callers, answers) = (JoinSet::new(), Answers::default());
    for (product, campaign) in PRODUCTS.iter().zip(&campaigns) {
        let key = settings[0].key(Some(product), &["ads:read"]).await;
        for first in 0..CALLERS {
            let path = format!("/v1/ads/campaigns/{campaign}");
            callers.spawn(caller(urls.clone(), first, path, key.clone(), Arc::clone(&answers), stopped.clone()));
        }
    }

    let meta = Http::new(&simulator.url());
    let mut seed = 20_261_123;
    for kill in 1..=kills {
        let share = cap / (kills + 1);
        let at = kill * share - chance(&mut seed) % (share / 2);
        within(LIMIT, "calls go on", async || (score(&meta, &world.ad_account).await.points >= at).then_some(())).await;
        let victim = usize::try_from(chance(&mut seed)).unwrap() % REPLICAS;
        servers[victim].take().unwrap().kill().await;
        servers[victim] = Some(settings[victim].serve().await);
    }
    simulator.clear_faults();
    within(TAKEN_WITHIN, "what the dead held is used by the others", async || {
        (score(&meta, &world.ad_account).await.points >= cap - LOST).then_some(())
    })
    .await;
    stop.send(true).unwrap();
    callers.join_all().await;

    // Everything that was lent is put down, and the row counts what Meta counts and no less.
    let (spent, doubts) = within(LIMIT, "nothing is lent any more", async || {
        let (spent, lent, doubts) = row(&pool, &world.ad_account).await;
        (lent == 0).then_some((spent, doubts))
    })
    .await;
    let Score { points, throttled } = score(&meta, &world.ad_account).await;
    assert_eq!(throttled, 0, "Meta refuses nobody");
    let used = spent.values().sum::<u64>() + doubts;
    assert!((points..=cap).contains(&used), "{spent:?} and {doubts} in doubt, where Meta counts {points}");
    let surplus = used - points;
    assert!(surplus <= LOST.max(cap / 30), "{spent:?} and {doubts} in doubt, where Meta counts {points}");
    // Whoever waited on a replica that died is there until its lease ends.
    let shown = within(LIMIT, "nobody waits any more", async || {
        let limits = admin.ads().limits().list().await.unwrap().data;
        let shown = limits.into_iter().find(|limit| limit.pool == "meta.ad_account").unwrap();
        shown.products.iter().all(|product| product.waiting == 0).then_some(shown)
    })
    .await;
    assert_eq!((shown.used, shown.limit.map(u64::from), shown.products.len()), (used, Some(cap), PRODUCTS.len()));
    let answers = answers.lock().unwrap().clone();
    assert!(answers.keys().all(|status| matches!(status, 200 | 429)), "{answers:?}");
}
