//! The token source that renews itself, against a service that rotates refresh tokens and a store that outlives the
//! process, on a clock that the test moves.

use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use acd_core::runtime::{BoxFuture, Spawn};
use acd_core::testing::{Harness, answer};
use acd_core::{
    Auth as _, Client, Error, ErrorKind, MemoryTokenStore, RefreshOptions, RefreshingBearer, Request, Result, Secret,
    StoreLock, Token, TokenProvider, TokenStore,
};
use futures_util::future::join_all;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, Uri};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// A service whose refresh tokens are good for one use each.
#[derive(Clone)]
struct Service {
    harness: Harness,
    state: Arc<Mutex<ServiceState>>,
}

#[derive(Default)]
struct ServiceState {
    calls: usize,
    spent: HashSet<String>,
    failing: Option<fn() -> Error>,
    takes: Duration,
    lifetime: Option<Duration>,
}

impl Service {
    fn new(harness: &Harness) -> Self {
        let state = ServiceState { takes: Duration::from_secs(1), lifetime: Some(HOUR), ..ServiceState::default() };
        Self { harness: harness.clone(), state: Arc::new(Mutex::new(state)) }
    }

    fn calls(&self) -> usize {
        self.state.lock().unwrap().calls
    }

    fn set(&self, change: impl FnOnce(&mut ServiceState)) {
        change(&mut self.state.lock().unwrap());
    }
}

impl TokenProvider for Service {
    async fn refresh(&self, current: &Token) -> Result<Token> {
        let takes = self.state.lock().unwrap().takes;
        self.harness.clock().runtime().sleep(takes).await;
        let mut state = self.state.lock().unwrap();
        state.calls += 1;
        if let Some(error) = state.failing {
            return Err(error());
        }
        let spent = current.refresh().map(|secret| secret.expose().to_owned()).unwrap_or_default();
        if !state.spent.insert(spent) {
            return Err(Error::new(ErrorKind::Rejected, "the server answered 400").with_code("invalid_grant"));
        }
        Ok(token(&self.harness, state.calls, state.lifetime))
    }
}

fn token(harness: &Harness, number: usize, lifetime: Option<Duration>) -> Token {
    let token = Token::new(Secret::new(format!("a{number}"))).with_refresh(Secret::new(format!("r{number}")));
    match lifetime {
        Some(lifetime) => token.with_expires_at(harness.runtime().wall() + lifetime),
        None => token,
    }
}

/// A store that may refuse to save, and that another process may hold locked or change.
#[derive(Clone)]
struct Store {
    kept: MemoryTokenStore,
    broken: Arc<AtomicBool>,
    locked: Arc<AtomicBool>,
    loads: Arc<Mutex<usize>>,
}

impl Store {
    fn new(token: Option<Token>) -> Self {
        let kept = MemoryTokenStore::new(token);
        Self { kept, broken: Arc::default(), locked: Arc::default(), loads: Arc::default() }
    }

    fn access(&self) -> String {
        let mut load = pin!(self.kept.load());
        match load.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(Some(token))) => token.access().expose().to_owned(),
            other => panic!("the store has {other:?}"),
        }
    }
}

impl TokenStore for Store {
    async fn load(&self) -> Result<Option<Token>> {
        *self.loads.lock().unwrap() += 1;
        self.kept.load().await
    }

    async fn save(&self, token: &Token) -> Result<()> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Environment, "the disk is full"));
        }
        self.kept.save(token).await
    }

    async fn try_lock(&self) -> Result<Option<StoreLock>> {
        if self.locked.swap(true, Ordering::Relaxed) {
            return Ok(None);
        }
        struct Unlock(Arc<AtomicBool>);
        impl Drop for Unlock {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Relaxed);
            }
        }
        Ok(Some(StoreLock::new(Unlock(Arc::clone(&self.locked)))))
    }
}

struct World {
    harness: Harness,
    service: Service,
    store: Store,
    source: RefreshingBearer<Service, Store>,
}

impl World {
    /// An account whose token `a0` has this long to live.
    fn new(left: Option<Duration>) -> Self {
        let harness = Harness::new([]);
        let store = Store::new(Some(token(&harness, 0, left)));
        Self::with_store(harness, store)
    }

    fn with_store(harness: Harness, store: Store) -> Self {
        let service = Service::new(&harness);
        let source = Self::source(&harness, &service, &store);
        Self { harness, service, store, source }
    }

    fn source(harness: &Harness, service: &Service, store: &Store) -> RefreshingBearer<Service, Store> {
        let options = RefreshOptions::default().with_runtime(harness.runtime());
        RefreshingBearer::with_options(service.clone(), store.clone(), options)
    }

    /// The access token that a request would carry now.
    fn access(&self) -> Result<String> {
        self.harness.run(self.source.token()).map(|token| token.access().expose().to_owned())
    }

    fn pass(&self, time: Duration) {
        self.harness.run(self.harness.runtime().sleep(time));
    }

    fn refused(&self, token: &str) -> Result<bool> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}")).unwrap());
        self.harness.run(self.source.refused(&headers))
    }
}

#[test]
fn a_valid_token_is_sent_as_it_is() {
    let world = World::new(Some(HOUR));
    let mut request = Request::new(Method::GET, Uri::from_static("https://server.test/"));
    world.harness.run(world.source.apply(&mut request)).unwrap();
    assert_eq!(request.headers()[AUTHORIZATION], "Bearer a0");
    assert!(request.headers()[AUTHORIZATION].is_sensitive());
    assert_eq!(world.service.calls(), 0);
}

#[test]
fn a_hundred_callers_cause_one_refresh() {
    let world = World::new(Some(Duration::ZERO));
    let calls = (0..100).map(|_| {
        let source = world.source.clone();
        async move { source.token().await.unwrap().access().expose().to_owned() }
    });
    let seen: HashSet<_> = world.harness.run(join_all(calls)).into_iter().collect();
    assert_eq!(seen, HashSet::from(["a1".to_owned()]));
    assert_eq!(world.service.calls(), 1);
    assert_eq!(*world.store.loads.lock().unwrap(), 1);
}

#[test]
fn a_token_serves_up_to_the_moment_of_its_expiry_and_no_longer() {
    let world = World::new(Some(HOUR));
    assert_eq!(world.access().unwrap(), "a0");
    world.service.set(|service| service.failing = Some(|| Error::new(ErrorKind::Connect, "refused")));
    world.pass(HOUR - Duration::from_millis(1));
    assert_eq!(world.access().unwrap(), "a0");
    world.pass(Duration::from_millis(1));
    let error = world.access().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(error.is_retryable(), "the token endpoint may be reached later");
}

#[test]
fn an_early_refresh_keeps_no_call_waiting() {
    let world = World::new(Some(HOUR));
    assert_eq!(world.access().unwrap(), "a0");
    world.pass(HOUR - 5 * MINUTE - Duration::from_secs(1));
    world.access().unwrap();
    world.pass(MINUTE);
    assert_eq!(world.service.calls(), 0, "never earlier than set");
    world.pass(HOUR - world.harness.clock().elapsed() - 2 * MINUTE);
    let before = world.harness.clock().elapsed();
    assert_eq!(world.access().unwrap(), "a0");
    assert_eq!(world.harness.clock().elapsed(), before, "the call did not wait");
    world.pass(Duration::from_secs(2));
    assert_eq!((world.service.calls(), world.store.access().as_str()), (1, "a1"));
    assert_eq!(world.access().unwrap(), "a1");
}

#[test]
fn a_short_lived_token_is_not_refreshed_before_half_its_life() {
    let world = World::new(Some(Duration::ZERO));
    world.service.set(|service| service.lifetime = Some(MINUTE));
    for _ in 0..10 {
        assert_eq!(world.access().unwrap(), "a1");
    }
    world.pass(Duration::from_secs(29));
    world.access().unwrap();
    world.pass(Duration::from_millis(1));
    assert_eq!(world.service.calls(), 1);
}

#[test]
fn a_failing_early_refresh_is_repeated_with_pauses_and_fails_no_call() {
    let world = World::new(Some(HOUR));
    world.access().unwrap();
    world.service.set(|service| service.failing = Some(|| Error::new(ErrorKind::Timeout, "too slow")));
    world.pass(HOUR - 2 * MINUTE);
    for _ in 0..100 {
        assert_eq!(world.access().unwrap(), "a0");
        world.pass(Duration::from_secs(1));
    }
    let calls = world.service.calls();
    assert!((2..=25).contains(&calls), "{calls} refreshes in 100 s");
    world.service.set(|service| service.failing = None);
    world.pass(MINUTE);
    assert_ne!(world.access().unwrap(), "a0", "the first call after the expiry waits for the service");
}

#[test]
fn calls_during_a_pause_fail_at_once_and_say_how_long_it_lasts() {
    let world = World::new(Some(Duration::ZERO));
    world.service.set(|service| {
        service.failing = Some(|| Error::new(ErrorKind::Throttled, "slow down").with_retry_after(MINUTE));
    });
    world.access().unwrap_err();
    world.pass(Duration::from_secs(20));
    let error = world.access().unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(40)));
    assert_eq!(world.service.calls(), 1);
    assert!(!error.may_have_been_sent());
}

#[test]
fn a_caller_that_goes_away_neither_stops_the_refresh_nor_loses_its_token() {
    let world = World::new(Some(Duration::ZERO));
    for polls in 1..4 {
        let harness = &world.harness;
        harness.run(async {
            let mut call = pin!(world.source.token());
            for _ in 0..polls {
                poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await;
            }
        });
    }
    world.pass(Duration::from_secs(5));
    assert_eq!((world.service.calls(), world.store.access().as_str()), (1, "a1"));
    assert_eq!(world.access().unwrap(), "a1");
    assert_eq!(world.service.calls(), 1);
}

/// An executor that drops the first task it is given, as one does that shuts down.
struct Forgetful(AtomicBool, Harness);

impl Spawn for Forgetful {
    fn spawn(&self, task: BoxFuture<'static, ()>) -> Result<()> {
        if self.0.swap(true, Ordering::Relaxed) { self.1.clock().spawn(task) } else { Ok(()) }
    }
}

#[test]
fn a_refresh_whose_task_is_dropped_is_begun_anew_by_who_waits() {
    let world = World::new(Some(Duration::ZERO));
    let forgetful = Forgetful(AtomicBool::new(false), world.harness.clone());
    let options = RefreshOptions::default().with_runtime(world.harness.runtime().with_spawn(forgetful));
    let source = RefreshingBearer::with_options(world.service.clone(), world.store.clone(), options);
    let (one, two) = world.harness.run(futures_util::future::join(source.token(), source.token()));
    assert_eq!((one.unwrap().access().expose(), two.unwrap().access().expose()), ("a1", "a1"));
    assert_eq!(world.service.calls(), 1);
}

#[test]
fn without_an_executor_the_call_fails_and_nobody_waits_for_ever() {
    struct Nobody;
    impl Spawn for Nobody {
        fn spawn(&self, _: BoxFuture<'static, ()>) -> Result<()> {
            Err(Error::new(ErrorKind::Environment, "no executor"))
        }
    }
    let world = World::new(Some(Duration::ZERO));
    let options = RefreshOptions::default().with_runtime(world.harness.runtime().with_spawn(Nobody));
    let source = RefreshingBearer::with_options(world.service.clone(), world.store.clone(), options);
    for _ in 0..2 {
        assert_eq!(world.harness.run(source.token()).unwrap_err().kind(), ErrorKind::Environment);
    }
}

#[test]
fn a_new_token_is_not_used_before_it_is_stored_and_not_asked_for_twice() {
    let world = World::new(Some(Duration::ZERO));
    world.store.broken.store(true, Ordering::Relaxed);
    let error = world.access().unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("the disk is full"), "{error}");
    world.pass(MINUTE);
    world.access().unwrap_err();
    assert_eq!((world.service.calls(), world.store.access().as_str()), (1, "a0"));
    world.store.broken.store(false, Ordering::Relaxed);
    world.pass(MINUTE);
    assert_eq!(world.access().unwrap(), "a1");
    assert_eq!((world.service.calls(), world.store.access().as_str()), (1, "a1"));
}

#[test]
fn a_token_that_could_not_be_stored_is_stored_by_a_later_call_even_if_the_old_one_still_serves() {
    let world = World::new(None);
    world.access().unwrap();
    world.store.broken.store(true, Ordering::Relaxed);
    world.refused("a0").unwrap_err();
    world.store.broken.store(false, Ordering::Relaxed);
    world.pass(MINUTE);
    assert_eq!(world.access().unwrap(), "a0");
    world.pass(Duration::from_secs(1));
    assert_eq!((world.access().unwrap().as_str(), world.service.calls()), ("a1", 1));
}

#[test]
fn a_save_that_arrived_although_it_failed_is_believed() {
    let world = World::new(Some(Duration::ZERO));
    world.store.broken.store(true, Ordering::Relaxed);
    world.access().unwrap_err();
    world.harness.run(world.store.kept.save(&token(&world.harness, 1, Some(HOUR)))).unwrap();
    world.pass(MINUTE);
    assert_eq!(world.access().unwrap(), "a1");
    assert_eq!(world.service.calls(), 1);
}

#[test]
fn rotation_goes_on_for_many_refreshes() {
    let world = World::new(Some(HOUR));
    for number in 0..20 {
        assert_eq!(world.access().unwrap(), format!("a{number}"));
        world.pass(HOUR + MINUTE);
    }
    assert_eq!(world.service.calls(), 19);
}

#[test]
fn a_token_of_another_process_is_taken_over_instead_of_refreshed() {
    let world = World::new(Some(HOUR));
    world.access().unwrap();
    let other = World::source(&world.harness, &world.service, &world.store);
    world.pass(HOUR);
    world.harness.run(other.token()).unwrap();
    assert_eq!(world.access().unwrap(), "a1");
    assert_eq!(world.service.calls(), 1);
}

#[test]
fn two_processes_at_once_refresh_once_under_the_stores_lock() {
    let world = World::new(Some(Duration::ZERO));
    let other = World::source(&world.harness, &world.service, &world.store);
    let (one, two) = world.harness.run(futures_util::future::join(world.source.token(), other.token()));
    assert_eq!((one.unwrap().access().expose(), two.unwrap().access().expose()), ("a1", "a1"));
    assert_eq!(world.service.calls(), 1);
}

#[test]
fn a_lock_that_is_never_released_fails_calls_in_the_end() {
    let world = World::new(Some(Duration::ZERO));
    let _held = world.harness.run(world.store.try_lock()).unwrap();
    let error = world.access().unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("another process"), "{error}");
    assert_eq!(world.harness.clock().elapsed().as_secs(), 30);
}

#[test]
fn a_service_that_never_answers_does_not_hold_callers_for_ever() {
    let world = World::new(Some(Duration::ZERO));
    world.service.set(|service| service.takes = 24 * HOUR);
    let error = world.access().unwrap_err();
    assert!(error.is_retryable(), "{error}");
    assert_eq!(world.harness.clock().elapsed().as_secs(), 120);
}

#[test]
fn the_end_of_the_authorisation_is_final_until_the_store_changes() {
    let world = World::new(Some(Duration::ZERO));
    world.service.set(|service| service.spent = HashSet::from(["r0".to_owned()]));
    for _ in 0..50 {
        let error = world.access().unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Credentials, Some("invalid_grant")));
        assert!(!error.is_retryable() && error.to_string().contains("connect the account again"), "{error}");
        world.pass(10 * MINUTE);
    }
    assert_eq!(world.service.calls(), 1, "the service is not hammered");
    world.harness.run(world.store.kept.save(&token(&world.harness, 77, Some(HOUR)))).unwrap();
    assert_eq!(world.access().unwrap(), "a77");
}

#[test]
fn an_empty_store_says_what_to_do_and_heeds_a_token_that_is_put_there() {
    let harness = Harness::new([]);
    let world = World::with_store(harness.clone(), Store::new(None));
    let error = world.access().unwrap_err();
    assert!(!error.is_retryable() && error.to_string().contains("connect the account"), "{error}");
    harness.run(world.store.kept.save(&token(&harness, 5, Some(HOUR)))).unwrap();
    world.pass(MINUTE);
    assert_eq!(world.access().unwrap(), "a5");
}

#[test]
fn a_client_with_credentials_of_its_own_starts_from_nothing() {
    struct Own(Harness);
    impl TokenProvider for Own {
        async fn refresh(&self, _: &Token) -> Result<Token> {
            self.obtain().await
        }

        async fn obtain(&self) -> Result<Token> {
            Ok(Token::new(Secret::from("own")).with_expires_at(self.0.runtime().wall() + HOUR))
        }
    }
    let harness = Harness::new([]);
    let options = RefreshOptions::default()
        .with_runtime(harness.runtime())
        .with_header("access-token".parse().unwrap())
        .with_early(Duration::ZERO);
    let source = RefreshingBearer::with_options(Own(harness.clone()), MemoryTokenStore::default(), options);
    let mut request = Request::new(Method::GET, Uri::from_static("https://server.test/"));
    harness.run(source.apply(&mut request)).unwrap();
    assert_eq!(request.headers()["access-token"], "own");
}

#[test]
fn a_token_that_cannot_be_sent_is_an_error_and_is_not_stored() {
    struct Blank;
    impl TokenProvider for Blank {
        async fn refresh(&self, _: &Token) -> Result<Token> {
            Ok(Token::new(Secret::from(" ")))
        }
    }
    let world = World::new(Some(Duration::ZERO));
    let options = RefreshOptions::default().with_runtime(world.harness.runtime());
    let source = RefreshingBearer::with_options(Blank, world.store.clone(), options);
    assert_eq!(world.harness.run(source.token()).unwrap_err().kind(), ErrorKind::Credentials);
    assert_eq!(world.store.access(), "a0");
}

#[test]
fn a_token_that_is_expired_on_arrival_is_stored_and_not_asked_for_by_every_call() {
    let world = World::new(Some(Duration::ZERO));
    world.service.set(|service| service.lifetime = Some(Duration::ZERO));
    for _ in 0..5 {
        assert!(world.access().unwrap_err().to_string().contains("clock"));
    }
    assert_eq!((world.service.calls(), world.store.access().as_str()), (1, "a1"));
}

#[test]
fn a_refused_token_is_replaced_once_however_many_calls_sent_it() {
    let world = World::new(None);
    assert_eq!(world.access().unwrap(), "a0");
    for _ in 0..100 {
        assert!(world.refused("a0").unwrap());
    }
    assert_eq!(world.service.calls(), 1);
    assert!(!world.refused("a1").unwrap(), "a token this young is not stale");
    world.pass(2 * MINUTE);
    assert!(world.refused("a1").unwrap());
    assert_eq!(world.service.calls(), 2);
}

#[test]
fn a_refused_token_stays_in_use_while_it_cannot_be_renewed_and_not_after_the_end() {
    let world = World::new(None);
    world.access().unwrap();
    world.service.set(|service| service.failing = Some(|| Error::new(ErrorKind::Server, "the server answered 500")));
    world.refused("a0").unwrap_err();
    world.refused("a0").unwrap_err();
    assert_eq!((world.access().unwrap().as_str(), world.service.calls()), ("a0", 1));
    world.service.set(|service| {
        service.failing = None;
        service.spent = HashSet::from(["r0".to_owned()]);
    });
    world.pass(MINUTE);
    world.refused("a0").unwrap_err();
    assert_eq!(world.access().unwrap_err().code(), Some("invalid_grant"));
}

#[test]
fn a_call_that_is_answered_401_goes_out_again_with_the_next_token() {
    let harness = Harness::new([answer(401), answer(200), answer(401)]);
    let world = World::with_store(harness.clone(), Store::new(Some(token(&harness, 0, Some(HOUR)))));
    let client = harness.client().auth(world.source.clone()).build().unwrap();
    let response = harness.run(client.call(&Harness::POST_UNSAFE).send()).unwrap();
    assert_eq!(response.attempts().len(), 2);
    let sent = |n: usize| harness.requests()[n].headers[AUTHORIZATION].clone();
    assert_eq!((sent(0), sent(1)), (HeaderValue::from_static("Bearer a0"), HeaderValue::from_static("Bearer a1")));
    let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Unauthenticated, 1));
    assert_eq!(world.service.calls(), 1, "the token that is refused is brand new");
}

#[test]
fn a_call_waits_out_a_pause_that_its_deadline_allows() {
    let harness = Harness::new([answer(200)]);
    let world = World::with_store(harness.clone(), Store::new(Some(token(&harness, 0, Some(Duration::ZERO)))));
    world.store.broken.store(true, Ordering::Relaxed);
    let client: Client = harness.client().auth(world.source.clone()).build().unwrap();
    let mend = async {
        harness.runtime().sleep(Duration::from_millis(1500)).await;
        world.store.broken.store(false, Ordering::Relaxed);
    };
    let (result, ()) = harness.run(futures_util::future::join(client.call(&Harness::POST_UNSAFE).send(), mend));
    assert_eq!(result.unwrap().attempts().len(), 2);
    assert_eq!(world.service.calls(), 1);
}
