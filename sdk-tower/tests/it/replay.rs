//! The memories that several instances share, over real servers.

use std::time::{Duration, SystemTime};

use acd_core::Runtime;
use acd_core::replay::{ReplayGuard, Sighting};
use acd_core::testing::ManualClock;
use acd_tower::{PostgresReplayGuard, RedisReplayGuard};
use axum::Router;
use futures_util::future::join_all;

use crate::support::postgres::database;
use crate::support::redis::Redis;
use crate::support::{copy, memory, outcome, runtime, service, signed};

/// How many copies of a request arrive at once.
const AT_ONCE: usize = 32;

async fn postgres(clock: &ManualClock) -> PostgresReplayGuard {
    let guard = PostgresReplayGuard::new(database().await, runtime(clock));
    guard.create_table().await.unwrap();
    guard
}

/// A time so many seconds after the clock's beginning.
fn at(seconds: u64) -> SystemTime {
    ManualClock::new().runtime().wall() + Duration::from_secs(seconds)
}

/// What a signed request is owed: it passes once over all instances, however many copies arrive at once.
async fn passes_once(clock: &ManualClock, one: &Router, two: &Router) {
    let request = signed(clock);
    assert_eq!(outcome(one, copy(&request)).await.0, 200);
    for instance in [one, two] {
        assert_eq!(outcome(instance, copy(&request)).await.0, 401, "replayed at the other instance");
    }
    let request = signed(clock);
    let both = [one, two].into_iter().cycle().take(AT_ONCE);
    let outcomes = join_all(both.map(|instance| outcome(instance, copy(&request)))).await;
    let passed = outcomes.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(passed, 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|(status, _)| matches!(status, 200 | 401)), "{outcomes:?}");
}

/// What every memory owes, whatever it is made of.
async fn is_a_memory(clock: &ManualClock, guard: &impl ReplayGuard) {
    let see = async |key, until| guard.check_and_remember(key, until).await.unwrap();
    assert_eq!(see("a", at(300)).await, Sighting::First);
    assert_eq!(see("b", at(300)).await, Sighting::First);
    assert_eq!(see("a", at(600)).await, Sighting::Repeated, "and is remembered for longer now");
    assert_eq!(see("a", at(100)).await, Sighting::Repeated, "never for shorter");
    guard.forget("b").await.unwrap();
    guard.forget("unknown").await.unwrap();
    assert_eq!(see("b", at(300)).await, Sighting::First, "was forgotten");
    clock.advance(Duration::from_secs(299));
    assert_eq!(see("b", at(300)).await, Sighting::Repeated);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_lets_a_request_pass_once() {
    let clock = ManualClock::new();
    let service = service(&clock, memory(&clock));
    passes_once(&clock, &service, &service.clone()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_on_one_postgresql_let_a_request_pass_once() {
    let clock = ManualClock::new();
    let guard = postgres(&clock).await;
    let instances = [guard.clone(), guard].map(|guard| service(&clock, guard));
    passes_once(&clock, &instances[0], &instances[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_on_one_redis_let_a_request_pass_once() {
    let (clock, redis) = (ManualClock::new(), Redis::start().await);
    let one = service(&clock, RedisReplayGuard::new(redis.connection().await, runtime(&clock)));
    let two = service(&clock, RedisReplayGuard::new(redis.connection().await, runtime(&clock)));
    passes_once(&clock, &one, &two).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_on_a_redis_cluster_let_a_request_pass_once() {
    let (clock, redis) = (ManualClock::new(), Redis::start_cluster().await);
    let one = service(&clock, RedisReplayGuard::new(redis.cluster_connection().await, runtime(&clock)));
    let two = service(&clock, RedisReplayGuard::new(redis.cluster_connection().await, runtime(&clock)));
    passes_once(&clock, &one, &two).await;
}

#[tokio::test]
async fn postgresql_forgets_what_ended_and_purges_it_in_batches() {
    let clock = ManualClock::new();
    let guard = postgres(&clock).await;
    is_a_memory(&clock, &guard).await;
    clock.advance(Duration::from_secs(1));
    let again = guard.check_and_remember("b", at(400)).await.unwrap();
    assert_eq!(again, Sighting::First, "what ended is new again, purged or not");
    let keys: Vec<String> = (0..2_500).map(|number| format!("ended-{number}")).collect();
    for some in keys.chunks(50) {
        join_all(some.iter().map(|key| guard.check_and_remember(key, at(350)))).await;
    }
    assert_eq!(guard.purge().await.unwrap(), 0, "nothing has ended yet");
    clock.advance(Duration::from_secs(50));
    assert_eq!(guard.purge().await.unwrap(), 2_500);
    assert_eq!(guard.check_and_remember("a", at(600)).await.unwrap(), Sighting::Repeated);
}

#[tokio::test]
async fn redis_lets_a_key_end_by_itself() {
    let (clock, redis) = (ManualClock::new(), Redis::start().await);
    let guard = RedisReplayGuard::new(redis.connection().await, runtime(&clock)).prefix("test:");
    is_a_memory(&clock, &guard).await;
    let left: i64 = redis.ask("PTTL", "test:a").await;
    assert!((500_000..=600_000).contains(&left), "{left}");
    let ended = guard.check_and_remember("ended", at(0)).await.unwrap();
    assert_eq!(ended, Sighting::First, "a life of nothing is no error");
}

#[tokio::test]
async fn a_memory_that_went_away_refuses() {
    let mut redis = Redis::start().await;
    let guard = RedisReplayGuard::new(redis.connection().await, Runtime::system());
    redis.stop();
    let error = guard.check_and_remember("a", at(1)).await.unwrap_err();
    assert!(error.to_string().contains("Redis") && error.is_retryable(), "{error}");
    let pool = database().await;
    pool.close().await;
    let guard = PostgresReplayGuard::new(pool, Runtime::system());
    let error = guard.check_and_remember("a", at(1)).await.unwrap_err();
    assert!(error.to_string().contains("PostgreSQL") && error.is_retryable(), "{error}");
}
