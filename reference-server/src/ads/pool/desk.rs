//! A pool as calls of this replica see it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use acd_core::limits::{Permit, Pool, PoolAnswer, PoolKey, PoolRequest, Refund};
use acd_core::runtime::Instant;
use acd_core::{Error, ErrorKind, Result, Runtime};
use acd_meta::MetaLimits;
use tokio::sync::Notify;

use super::exchange::{Reply, Report, Telling};
use super::ledger::LEASE_MS;
use super::till::{Answer, Till, Turn, limited, too_dear};

/// How long a call waits at least for an exchange, however little it may wait for its turn.
const EXCHANGE: Duration = Duration::from_secs(5);

/// Where calls of one pool take their units. It never has more than the ledger lent to this replica.
pub(super) struct Desk {
    key: PoolKey,
    runtime: Runtime,
    limits: MetaLimits,
    /// Asks for an exchange with the ledger.
    wanted: Arc<Notify>,
    state: Mutex<State>,
}

struct State {
    tills: BTreeMap<Arc<str>, Till>,
    next_id: u64,
    /// Units in hand are void from then on.
    lease_until: Instant,
    blocked_until: Instant,
    /// A pause that the ledger does not know of yet.
    unreported_block: bool,
    is_roomy: bool,
    /// What was told last, and the time before which the vendor did not count.
    telling: Option<(Option<u32>, Option<f64>, Instant)>,
    largest: Option<u32>,
}

impl Desk {
    pub(super) fn new(key: PoolKey, runtime: Runtime, limits: MetaLimits, wanted: Arc<Notify>) -> Self {
        let now = runtime.now();
        let state = State {
            tills: BTreeMap::new(),
            next_id: 0,
            lease_until: now,
            blocked_until: now,
            unreported_block: false,
            is_roomy: false,
            telling: None,
            largest: None,
        };
        Self { key, runtime, limits, wanted, state: Mutex::new(state) }
    }

    pub(super) fn key(&self) -> &PoolKey {
        &self.key
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is complete before the lock is released: a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_idle(&self) -> bool {
        let state = self.lock();
        !state.unreported_block && state.tills.values().all(Till::is_idle)
    }

    /// No more calls are to be expected: what is in hand is put down with the next report.
    pub(super) fn close(&self) {
        self.lock().tills.values_mut().for_each(Till::close);
    }

    /// How many calls wait.
    pub(super) fn waiting(&self) -> usize {
        self.lock().tills.values().map(Till::waiting).sum()
    }

    /// What the ledger is to know; `None` when there is nothing. Units that are not needed are put down.
    pub(super) fn report(&self) -> Option<Report> {
        let (now, wall) = (self.runtime.now(), self.runtime.wall());
        let at = |instant: Instant| millis(wall) - duration_ms(now.since(instant));
        let mut report = Report::default();
        let mut state = self.lock();
        let state = &mut *state;
        state.tills.retain(|_, till| !till.is_idle());
        for (product, till) in &mut state.tills {
            till.lay_down(state.is_roomy && now < state.lease_until);
            report.ahead.insert(product.to_string(), till.ahead());
            report.held.insert(product.to_string(), till.held());
            report.done.insert(product.to_string(), std::mem::take(&mut till.done));
            till.asks(product, at, &mut report.asks);
        }
        if std::mem::take(&mut state.unreported_block) {
            report.blocked_for_ms = duration_ms(state.blocked_until.since(now));
        }
        let telling = state.telling.take();
        report.tellings = telling
            .map(|(units, used_percent, as_of)| Telling { units, used_percent, as_of: at(as_of) })
            .into_iter()
            .collect();
        let is_empty = state.tills.is_empty() && report.blocked_for_ms == 0 && report.tellings.is_empty();
        (!is_empty).then_some(report)
    }

    /// Takes what the ledger gave for a report that was made at `asked`, and serves whoever waits.
    pub(super) fn deliver(self: &Arc<Self>, reply: Reply, asked: Instant) {
        let now = self.runtime.now();
        let mut answers = Vec::new();
        {
            let mut state = self.lock();
            state.largest = reply.largest;
            state.is_roomy = reply.is_roomy;
            state.lease_until = asked + Duration::from_millis(LEASE_MS.unsigned_abs());
            state.blocked_until = state.blocked_until.max(now + ms(reply.blocked_for_ms));
            for (product, units) in reply.granted {
                state.tills.entry(product.into()).or_default().hand += units;
            }
            self.serve(&mut state, now, &mut answers);
            for (product, till) in &mut state.tills {
                let wait = reply.waits.get(&**product).copied().unwrap_or(reply.blocked_for_ms);
                till.refuse(now, ms(wait), reply.largest, &mut answers);
            }
        }
        send(answers);
    }

    /// The exchange failed: what was reported is still to be told, and whoever cannot wait for the next is told.
    pub(super) fn restore(&self, report: Report) {
        let now = self.runtime.now();
        let mut answers = Vec::new();
        {
            let mut state = self.lock();
            for (product, units) in report.done.into_iter().filter(|(_, units)| *units > 0) {
                state.tills.entry(product.into()).or_default().done += units;
            }
            state.unreported_block |= report.blocked_for_ms > 0;
            let largest = state.largest;
            state.tills.values_mut().for_each(|till| till.refuse(now, Duration::ZERO, largest, &mut answers));
        }
        for (waiter, _) in answers {
            // Whoever dropped the call needs no answer.
            let _gone = waiter.send(Err(unreachable_ledger()));
        }
    }

    /// From what is in hand as long as it is valid.
    fn serve(self: &Arc<Self>, state: &mut State, now: Instant, answers: &mut Vec<Answer>) {
        if now < state.blocked_until || now >= state.lease_until {
            return;
        }
        for (product, till) in &mut state.tills {
            till.serve(now, |id, cost| self.permit(product, id, cost), answers);
        }
    }

    fn permit(self: &Arc<Self>, product: &Arc<str>, id: u64, cost: u32) -> Permit {
        Permit::new(Arc::new(Taken { desk: Arc::clone(self), product: Arc::clone(product), id }), cost)
    }
}

/// The units of one call.
struct Taken {
    desk: Arc<Desk>,
    product: Arc<str>,
    id: u64,
}

impl Refund for Taken {
    fn refund(&self, _: u32) {
        let now = self.desk.runtime.now();
        let mut answers = Vec::new();
        {
            let mut state = self.desk.lock();
            if let Some(till) = state.tills.get_mut(&self.product) {
                till.refund(self.id);
            }
            self.desk.serve(&mut state, now, &mut answers);
        }
        send(answers);
    }

    fn finished(&self, _: u32) {
        if let Some(till) = self.desk.lock().tills.get_mut(&self.product) {
            till.finished(self.id);
        }
    }
}

/// A place in the queue that is left when the call is dropped.
struct Place<'a> {
    desk: &'a Desk,
    product: &'a str,
    turn: Turn,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(till) = self.desk.lock().tills.get_mut(self.product) {
            till.leave(self.turn);
        }
    }
}

/// The desk as the pipeline takes it.
#[derive(Clone)]
pub(super) struct DeskPool(pub(super) Arc<Desk>);

impl Pool for DeskPool {
    fn try_acquire(&self, request: &PoolRequest<'_>) -> Option<Permit> {
        let now = self.0.runtime.now();
        let mut state = self.0.lock();
        if now < state.blocked_until || now >= state.lease_until {
            return None;
        }
        let id = state.next_id;
        let (product, till) = state.tills.iter_mut().find(|(product, _)| &***product == request.caller)?;
        if till.waits() || !till.take(id, request.cost, now) {
            return None;
        }
        let product = Arc::clone(product);
        state.next_id += 1;
        drop(state);
        Some(self.0.permit(&product, id, request.cost))
    }

    async fn acquire(&self, request: &PoolRequest<'_>) -> Result<Permit> {
        let Self(desk) = self;
        if let Some(permit) = self.try_acquire(request) {
            return Ok(permit);
        }
        let now = desk.runtime.now();
        let (receiver, place) = {
            let mut state = desk.lock();
            if let Some(largest) = state.largest.filter(|largest| request.cost > *largest) {
                return Err(too_dear(request.cost, largest));
            }
            let blocked = state.blocked_until.since(now);
            if blocked > request.max_wait {
                return Err(limited(blocked));
            }
            let turn = (request.priority, state.next_id);
            state.next_id += 1;
            let till = state.tills.entry(request.caller.into()).or_default();
            let receiver = till.join(turn, request.cost, now, request.max_wait);
            (receiver, Place { desk, product: request.caller, turn })
        };
        desk.wanted.notify_one();
        let answer = desk.runtime.timeout(request.max_wait.max(EXCHANGE), receiver).await;
        drop(place);
        match answer {
            Some(Ok(answer)) => answer,
            // No exchange came about all the time.
            Some(Err(_)) | None => Err(unreachable_ledger()),
        }
    }

    fn is_idle(&self, _: &Runtime) -> bool {
        self.0.is_idle()
    }

    fn observe(&self, answer: &PoolAnswer<'_>) {
        let Self(desk) = self;
        let now = desk.runtime.now();
        let told = desk.limits.told(desk.key.name(), answer.headers);
        let asked = answer.retry_after.filter(|_| answer.throttled);
        let block = told.and_then(|told| told.blocked_for).max(asked);
        let mut state = desk.lock();
        if let Some(told) = told {
            // The call that was answered is among those under way.
            let as_of = state.tills.values().filter_map(Till::oldest).min().unwrap_or(now);
            state.telling = Some((told.allowance.map(|allowance| allowance.units), told.used_percent, as_of));
        }
        if let Some(block) = block.filter(|block| !block.is_zero()) {
            state.blocked_until = state.blocked_until.max(now + block);
            state.unreported_block = true;
            drop(state);
            // The other replicas must know soon.
            desk.wanted.notify_one();
        }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("key", &self.key).finish_non_exhaustive()
    }
}

fn send(answers: Vec<Answer>) {
    for (waiter, answer) in answers {
        // A permit that nobody takes any more is dropped here, and so returns.
        let _gone = waiter.send(answer);
    }
}

fn unreachable_ledger() -> Error {
    Error::new(ErrorKind::RateLimited, "the limits that all replicas share cannot be reached: is the database there?")
        .with_retry_after(Duration::from_secs(1))
}

fn ms(ms: i64) -> Duration {
    Duration::from_millis(ms.max(0).unsigned_abs())
}

fn duration_ms(duration: Duration) -> i64 {
    // Rounded up: a pause is never cut short.
    i64::try_from(duration.as_micros().div_ceil(1_000)).unwrap_or(i64::MAX / 4)
}

/// Milliseconds since 1970.
pub(super) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX / 4)
}
