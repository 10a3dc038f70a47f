//! kill -9 of servers in the middle of publishing.

use std::time::Duration;

use acd_meta::AdAccountId;
use acd_platform::PlatformClient;
use acd_platform::ads::accounts::CreateAdAccountUse;
use acd_platform::ads::publications::{CreatePublication, PublicationState, PublishedKind};
use acd_testing::{MetaEffect, MetaFault, MetaSimulator};
use futures_util::future::join_all;
use sqlx::{query, query_scalar};

use super::support::{ended_as, ids, plan};
use crate::support::cluster::fresh_database;
use crate::support::process::{Settings, free_address};
use crate::support::wait::within;

const ADS: usize = 10;
/// A campaign, an ad set, and for each ad a creative.
const ALL: usize = 2 + 2 * ADS;
/// Twice the length of a lease, what is in doubt, and a machine that does much else.
const LIMIT: Duration = Duration::from_secs(240);
/// Meta takes so many milliseconds for each thing, and a look every few of them misses none.
const PACE: u64 = 150;

fn made(simulator: &MetaSimulator) -> [usize; 4] {
    let snapshot = simulator.snapshot();
    let nodes = snapshot["nodes"].as_array().unwrap();
    ["Campaign", "AdSet", "AdCreative", "Ad"].map(|kind| nodes.iter().filter(|node| node["kind"] == kind).count())
}

/// Kills a server when Meta made so many things, and the next one when so many: each time Meta has made one thing more than the
/// server could write down. The next one comes up before the kill, as a replica, or after it.
async fn killed(kills: [usize; 2], has_replica: bool) {
    let simulator = MetaSimulator::start().await.unwrap();
    simulator.inject(MetaFault::new(MetaEffect::Latency { milliseconds: PACE }).method("POST"));
    let world = simulator.world().clone();
    let database = fresh_database().await;
    let settings = async || {
        Settings::outside(&database.url)
            .with("ACD_LISTEN", free_address().await)
            .with("ACD_DB_POOL", "5")
            .with("META_ACCESS_TOKEN", &*world.access_token)
            .with("META_APP_SECRET", &*world.app_secret)
            .with("META_BASE_URL", simulator.url())
    };
    let first = settings().await;
    let mut servers = vec![first.serve().await];
    let admin = PlatformClient::new(first.key(None, &["admin"]).await, servers[0].url.as_str()).unwrap();
    let account = AdAccountId::from(world.ad_account.as_str());
    let allowed = CreateAdAccountUse { account, product: "pct".parse().unwrap(), weight: None };
    admin.ads().accounts().create(&allowed).await.unwrap();
    let key = first.key(Some("pct"), &["ads:read", "ads:write"]).await;
    let client = |url: &str| PlatformClient::new(key.clone(), url).unwrap();
    let wanted = CreatePublication::of(plan(&world.page, ADS));
    let pct = client(&servers[0].url);
    let accepted = pct.ads().publications().create(&wanted).idempotency_key("ten").await.unwrap();
    let pool = database.pool();
    for kill in kills {
        let count = || made(&simulator).iter().sum::<usize>();
        within(LIMIT, "the publication goes on", async || (count() + 1 >= kill).then_some(())).await;
        let mut lock = pool.begin().await.unwrap();
        query("lock table ads_objects in exclusive mode").execute(&mut *lock).await.unwrap();
        let known = "select count(*) from ads_objects";
        let known: i64 = query_scalar(known).fetch_one(&mut *lock).await.unwrap();
        let known = usize::try_from(known).unwrap();
        // On a busy machine the last of them may be known before there is a lock.
        let is_told = || count() > known || known == ALL;
        within(LIMIT, "something is made that nobody knows", async || is_told().then_some(())).await;
        if has_replica {
            servers.push(settings().await.serve().await);
        }
        servers.remove(0).kill().await;
        lock.rollback().await.unwrap();
        if !has_replica {
            servers.push(settings().await.serve().await);
        }
    }
    let pct = client(&servers[0].url);
    let again = pct.ads().publications().create(&wanted).idempotency_key("ten").await.unwrap();
    assert_eq!(again.id, accepted.id);
    within(LIMIT, "the publication ends", async || {
        let shown = pct.ads().publications().get(accepted.id).await.unwrap();
        shown.publication.finished_at
    })
    .await;
    let shown = ended_as(&pct, accepted.id, PublicationState::Succeeded).await;
    assert_eq!(made(&simulator), [1, 1, ADS, ADS], "killed at {kills:?}");
    let mut known = ids(&shown, PublishedKind::Ad);
    known.sort_unstable();
    known.dedup();
    assert_eq!(known.len(), ADS, "each is known by an id of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_are_killed_leave_exactly_ten_ads() {
    let seeds = [([1, 2], false), ([3, 14], true), ([7, 8], true), ([12, 21], false), ([16, 22], true)];
    join_all(seeds.map(|(kills, has_replica)| killed(kills, has_replica))).await;
}
