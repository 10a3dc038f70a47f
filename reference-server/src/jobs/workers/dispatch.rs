//! Claims jobs for the room that there is, starts their handlers, and has written what came of them.
//!
//! Of calls of the database there are two at a time: one that claims, and one that writes ends. The one that claims takes along the
//! ends of jobs that wait then, if they are few: a worker that does one job after the other so makes one call and one commit for
//! each. Many are better written beside it, by another of the database's processes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::acks::{Ack, Acks};
use super::{Shared, attempt};
use crate::jobs::store::claim::{self, Catch, Claimed, Wanted};
use crate::jobs::store::settle::Hold;
use crate::jobs::wakes::Woken;
use crate::jobs::work::{OTHERS_AGAIN, count_succeeded, count_waits};
use crate::kernel::problem::Result;

/// Ends that a claim takes along: more cost it longer than a call of their own.
const ALONG: usize = 16;

/// Claims until the token is cancelled; returns when no handler runs any more and all ends are written.
pub(super) async fn run(shared: Arc<Shared>, until: &CancellationToken) {
    let mut desk = Desk::new(shared);
    while !until.is_cancelled() {
        until.run_until_cancelled(desk.go_on()).await;
    }
    desk.is_closing = true;
    if timeout(desk.shared.grace, desk.finish_handlers()).await.is_err() {
        desk.shared.handing_back.cancel();
        desk.shared.held.stop_all();
        desk.finish_handlers().await;
    }
    while !desk.acks.is_empty() || !desk.calls.is_empty() {
        desk.go_on().await;
    }
}

/// What the loop knows. Whatever it waits for can be dropped and waited for anew.
struct Desk {
    shared: Arc<Shared>,
    handlers: JoinSet<Option<Ack>>,
    calls: FuturesUnordered<BoxFuture<'static, Told>>,
    woken: Woken,
    /// Handlers that there is room for.
    room: usize,
    acks: Acks,
    /// When to claim, unless told of jobs before.
    look_at: Instant,
    is_claiming: bool,
    is_writing: bool,
    /// Nothing is begun any more.
    is_closing: bool,
}

/// What a call of the database brought.
enum Told {
    Written,
    /// Jobs that were claimed with this lease at this time.
    Claimed {
        lease_id: Uuid,
        asked: Instant,
        most: usize,
        caught: Result<Catch>,
    },
}

impl Desk {
    fn new(shared: Arc<Shared>) -> Self {
        let woken = shared.jobs.wakes.subscribe(&shared.kinds, None);
        Self {
            woken,
            room: shared.concurrency,
            handlers: JoinSet::new(),
            calls: FuturesUnordered::new(),
            acks: Acks::default(),
            look_at: Instant::now(),
            is_claiming: false,
            is_writing: false,
            is_closing: false,
            shared,
        }
    }

    async fn finish_handlers(&mut self) {
        while !self.handlers.is_empty() {
            self.go_on().await;
        }
    }

    /// Makes the calls that are due, then waits for one thing to happen.
    async fn go_on(&mut self) {
        while self.takes_ends()
            && let Some(ended) = self.handlers.try_join_next()
        {
            self.ended(ended);
        }
        let may_claim = self.room > 0 && !self.is_claiming && !self.is_closing;
        if may_claim && self.look_at <= Instant::now() {
            self.claim();
        }
        if !self.is_writing && !self.acks.is_empty() {
            self.write();
        }
        let looks = may_claim && !self.is_claiming;
        let wait = self.look_at.saturating_duration_since(Instant::now());
        tokio::select! {
            Some(ended) = self.handlers.join_next(), if self.takes_ends() => self.ended(ended),
            Some(told) = self.calls.next() => self.told(told),
            () = self.woken.wait_at_most(wait), if looks => self.look_at = Instant::now(),
        }
    }

    /// Whoever ends while too many ends are unwritten keeps its room: else more would be claimed than is ever finished.
    fn takes_ends(&self) -> bool {
        self.acks.len() < self.shared.concurrency.max(self.shared.batch) * 2
    }

    fn ended(&mut self, ended: Result<Option<Ack>, JoinError>) {
        self.room += 1;
        match ended {
            Ok(Some(ack)) => self.acks.add(ack),
            // Its lease was lost.
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "an attempt ended without telling what came of it"),
        }
    }

    /// Claims for all the room that there is, and takes along what there is to write.
    fn claim(&mut self) {
        let most = self.room.min(self.shared.batch);
        self.room -= most;
        self.is_claiming = true;
        let (shared, done) = (Arc::clone(&self.shared), self.acks.take_along(ALONG));
        self.calls.push(Box::pin(async move {
            let (lease_id, asked) = (Uuid::now_v7(), Instant::now());
            let caught = claim(&shared, most, lease_id, &done).await;
            if caught.is_ok() {
                shared.held.remove(done);
            } else if !done.is_empty() {
                Acks::from(done).write(&shared).await;
            }
            Told::Claimed { lease_id, asked, most, caught }
        }));
    }

    fn write(&mut self) {
        self.is_writing = true;
        let (shared, acks) = (Arc::clone(&self.shared), self.acks.take(self.shared.batch));
        self.calls.push(Box::pin(async move {
            acks.write(&shared).await;
            Told::Written
        }));
    }

    fn told(&mut self, told: Told) {
        let Told::Claimed { lease_id, asked, most, caught } = told else {
            self.is_writing = false;
            return;
        };
        self.is_claiming = false;
        self.room += most;
        let wait = match caught {
            Ok(Catch { jobs, others_wait, .. }) => {
                let is_full = jobs.len() == most;
                self.woken.looked(is_full);
                for job in jobs {
                    self.start(job, lease_id, asked);
                }
                match (is_full, others_wait) {
                    (true, _) => Duration::ZERO,
                    (false, true) => OTHERS_AGAIN,
                    (false, false) => self.shared.poll,
                }
            }
            Err(problem) => {
                tracing::warn!(cause = problem.cause_chain(), "no jobs could be claimed: {problem}");
                self.shared.poll
            }
        };
        self.look_at = Instant::now() + wait;
    }

    fn start(&mut self, job: Claimed, lease_id: Uuid, asked: Instant) {
        let hold = Hold { id: job.id, lease_id };
        if self.is_closing {
            // Asked to stop while it claimed: begun now, it would only use up the others' time to finish.
            self.acks.add(Ack::Released(hold));
            return;
        }
        self.room -= 1;
        let signals = self.shared.held.add(hold, asked);
        let shared = Arc::clone(&self.shared);
        self.handlers.spawn(async move { attempt::attempt(&shared, job, hold, signals).await });
    }
}

async fn claim(shared: &Shared, most: usize, lease_id: Uuid, done: &[Hold]) -> Result<Catch> {
    let now = shared.jobs.clock.now();
    let wanted = Wanted {
        kinds: &shared.kinds,
        product: None,
        most: i32::try_from(most).unwrap_or(1),
        worker: &shared.name,
        lease_id,
        lease_until: now + shared.lease(),
        now,
    };
    let catch = claim::claim_as_service(&shared.jobs.db, &wanted, done).await?;
    count_waits(&catch.jobs, now);
    count_succeeded(catch.finished);
    Ok(catch)
}
