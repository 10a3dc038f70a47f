//! Meta's limits, shared by products and replicas.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use acd_core::limits::OnLimit;
use acd_core::{Error, ErrorKind};
use acd_testing::{MetaEffect, MetaFault};

use super::replicas::{DAY, Replica, World, write};
use crate::support::wait::Looks;

const STEP: Duration = Duration::from_secs(5);
/// An hour in steps.
const HOUR: usize = 720;
/// Writes of three points that an ad account takes in an hour: twelve windows of 60 points.
const WRITES: f64 = 12.0 * 60.0 / 3.0;

async fn weigh(world: &World, weights: &[(&str, i32)]) {
    for (product, weight) in weights {
        sqlx::query("insert into ads_account_products (account, product, weight) values ($1, $2, $3)")
            .bind(world.account().to_string())
            .bind(product)
            .bind(weight)
            .execute(&world.database.pool())
            .await
            .unwrap();
    }
}

fn counts<const N: usize>(of: &[Arc<AtomicUsize>; N]) -> [f64; N] {
    std::array::from_fn(|at| of[at].load(Ordering::Relaxed) as f64)
}

#[tokio::test]
async fn three_greedy_products_on_two_replicas_use_the_whole_limit_each_its_part_and_meta_never_refuses() {
    let mut world = World::new(2).await;
    weigh(&world, &[("pct", 250), ("everreach", 150), ("waitlistlab", 100)]).await;
    // Who calls more often at a time gets no more for that.
    let products = [world.greedy("pct", 1), world.greedy("everreach", 4), world.greedy("waitlistlab", 2)];
    world.run(HOUR, STEP).await;
    let done = counts(&products);
    let all: f64 = done.iter().sum();
    assert!(all >= 0.95 * WRITES, "{all} of {WRITES}");
    for (done, share) in done.into_iter().zip([0.5, 0.3, 0.2]) {
        assert!((done / all - share).abs() <= 0.05 * share, "{done} of {all}, wanted {share}");
    }
    assert_eq!(world.throttled(), 0);
    let sql = "select payload->>'account' from events_outbox where topic = 'ads.limit_high'";
    let alerts: Vec<String> = sqlx::query_scalar(sql).fetch_all(&world.database.pool()).await.unwrap();
    assert!(alerts.contains(&world.account().to_string()), "{alerts:?}");
}

#[tokio::test]
async fn what_an_idle_product_leaves_the_others_get() {
    let mut world = World::new(2).await;
    weigh(&world, &[("pct", 100), ("everreach", 100), ("waitlistlab", 100)]).await;
    let products = [world.greedy("pct", 2), world.greedy("everreach", 2)];
    world.run(HOUR / 2, STEP).await;
    let done = counts(&products);
    assert!(done.iter().sum::<f64>() >= 0.95 * WRITES / 2.0, "{done:?}");
    assert!((done[0] - done[1]).abs() <= 0.05 * done[0], "{done:?}");
    assert_eq!(world.throttled(), 0);
}

/// Makes a call while its replica goes on exchanging.
async fn call(world: &World, replica: &Replica, on_limit: OnLimit) -> Result<(), Error> {
    let meta = replica.meta.for_caller("pct").for_account(&world.account());
    let campaign = world.campaign.clone();
    let call = tokio::spawn(async move { write(&meta, &campaign, on_limit).await });
    let mut looks = Looks::at("the call ends");
    while !call.is_finished() {
        replica.pools.exchange().await.unwrap();
        looks.next().await;
    }
    call.await.unwrap()
}

#[tokio::test]
async fn what_meta_refuses_one_replica_stops_the_other_until_it_is_over() {
    let world = World::new(2).await;
    let [one, other] = &world.replicas[..] else { unreachable!("two were asked for") };
    call(&world, other, OnLimit::Fail).await.unwrap();
    world.simulator.inject(MetaFault::new(MetaEffect::Throttle).times(1));
    assert_eq!(call(&world, one, OnLimit::Fail).await.unwrap_err().kind(), ErrorKind::Throttled);
    one.pools.exchange().await.unwrap();
    let error = call(&world, other, OnLimit::Wait(Duration::from_secs(60))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(300)));
    world.pass(Duration::from_secs(300));
    call(&world, other, OnLimit::Fail).await.unwrap();
    assert_eq!(world.throttled(), 1);
}

#[tokio::test]
async fn a_replica_that_dies_takes_no_more_with_it_than_it_held() {
    let world = World::new(2).await;
    let [one, other] = &world.replicas[..] else { unreachable!("two were asked for") };
    // It borrows ahead, and is never heard of again.
    call(&world, one, OnLimit::Fail).await.unwrap();
    call(&world, one, OnLimit::Fail).await.unwrap();
    let writes = async || {
        let mut writes = 0;
        while call(&world, other, OnLimit::Fail).await.is_ok() {
            writes += 1;
        }
        writes
    };
    let first = writes().await;
    assert!((14..=18).contains(&first), "{first}: two writes were made and a few units are held");
    world.pass(Duration::from_secs(10));
    assert!(writes().await + first >= 17, "the lease is over, and Meta tells that nothing more was used");
    assert_eq!(world.throttled(), 0);
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_waits_leaves_nothing_behind() {
    let world = World::new(1).await;
    let [one] = &world.replicas[..] else { unreachable!("one was asked for") };
    for _ in 0..20 {
        call(&world, one, OnLimit::Fail).await.unwrap();
    }
    let meta = one.meta.for_caller("pct").for_account(&world.account());
    let campaign = world.campaign.clone();
    let waiting = tokio::spawn(async move { write(&meta, &campaign, OnLimit::Wait(DAY)).await });
    let mut looks = Looks::at("it waits");
    while one.pools.waiting().iter().all(|(_, n)| *n == 0) {
        looks.next().await;
    }
    one.pools.exchange().await.unwrap();
    waiting.abort();
    waiting.await.unwrap_err();
    world.pass(Duration::from_secs(310));
    for _ in 0..20 {
        call(&world, one, OnLimit::Fail).await.unwrap();
    }
    assert_eq!(world.throttled(), 0);
}
