//! The exchanges of a replica with the pools' rows.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acd_core::Runtime;
use acd_core::limits::{Limits, PoolKey};
use acd_meta::MetaLimits;
use acd_meta::limits::pools_of;
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::desk::{Desk, DeskPool, millis};
use super::exchange::{Reply, Report};
use super::ledger::{Terms, Turn};
use super::store::{self, PoolRow};
use crate::kernel::db::{Db, Tx};
use crate::kernel::outbox;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// The least time between two exchanges: calls that come meanwhile share the next one.
const SPACING: Duration = Duration::from_millis(10);
/// The least and the most time until it is looked again whether anything came free for calls that wait.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];
/// How often calls that are over are reported, and what is lent is renewed.
const REPORT: Duration = Duration::from_secs(1);

/// The pools of this replica. Clones share them.
#[derive(Clone)]
pub struct SharedPools(Arc<Inner>);

struct Inner {
    db: Db,
    runtime: Runtime,
    limits: MetaLimits,
    /// The name of this replica in the rows; another one after each start.
    replica: String,
    wanted: Arc<Notify>,
    /// Held during an exchange: a report must not arrive behind one that was made later.
    exchanging: tokio::sync::Mutex<()>,
    desks: Mutex<HashMap<PoolKey, Arc<Desk>>>,
}

impl SharedPools {
    /// Pools in this database. `limits` says what Meta allows before its headers tell; every replica gives the same.
    ///
    /// Time comes from the runtime of the client that uses them. Replicas' clocks may differ by half a second.
    pub fn new(db: Db, runtime: Runtime, limits: MetaLimits) -> Self {
        let replica = uuid::Uuid::now_v7().to_string();
        Self(Arc::new(Inner {
            db,
            runtime,
            limits,
            replica,
            wanted: Arc::default(),
            exchanging: tokio::sync::Mutex::default(),
            desks: Mutex::default(),
        }))
    }

    /// The limits for a client of Meta's API on this replica. Calls that need units are answered only while
    /// [`keep`](Self::keep) runs, or somebody calls [`exchange`](Self::exchange).
    pub fn limits(&self) -> Limits {
        let pools = self.clone();
        pools_of(move |key| DeskPool(pools.desk(key)))
    }

    pub(super) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    /// What is allowed before headers tell more.
    pub(super) fn allowed(&self) -> &MetaLimits {
        &self.0.limits
    }

    fn desks(&self) -> MutexGuard<'_, HashMap<PoolKey, Arc<Desk>>> {
        self.0.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn desk(&self, key: &PoolKey) -> Arc<Desk> {
        let inner = &self.0;
        let make = || Desk::new(key.clone(), inner.runtime.clone(), inner.limits.clone(), Arc::clone(&inner.wanted));
        Arc::clone(self.desks().entry(key.clone()).or_insert_with(|| Arc::new(make())))
    }

    /// How many calls of this replica wait at each pool.
    pub fn waiting(&self) -> Vec<(PoolKey, usize)> {
        self.desks().values().map(|desk| (desk.key().clone(), desk.waiting())).collect()
    }

    /// Reports and borrows whenever calls need it, until the token is cancelled. Then what is left is given back.
    pub async fn keep(self, until: CancellationToken) {
        let Inner { runtime, wanted, .. } = &*self.0;
        let mut next = None;
        loop {
            let pause = async {
                match next {
                    Some(next) => runtime.sleep(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = until.cancelled() => break,
                () = wanted.notified() => {}
                () = pause => {}
            }
            runtime.sleep(SPACING).await;
            next = match self.exchange().await {
                Ok(next) => next,
                Err(problem) => {
                    tracing::warn!(cause = problem.cause_chain(), "the shared limits cannot be reached: {problem}");
                    Some(REPORT)
                }
            };
        }
        self.desks().values().for_each(|desk| desk.close());
        if let Err(problem) = self.exchange().await {
            tracing::warn!(
                cause = problem.cause_chain(),
                "borrowed units were not given back; they return by themselves"
            );
        }
    }

    /// One exchange for every pool that has something to say or to ask: two statements in one transaction, however many
    /// pools there are. Returns when the next one is due; `None` when nothing is left to say. Not to be dropped before its
    /// end: what it was about to report would not be counted.
    ///
    /// # Errors
    /// 503 when the database is away or busy. Nothing is lost: the next exchange says it again.
    pub async fn exchange(&self) -> Result<Option<Duration>> {
        let _one_at_a_time = self.0.exchanging.lock().await;
        let asked = self.0.runtime.now();
        let reports = self.reports();
        if reports.is_empty() {
            return Ok(None);
        }
        for (key, waiting) in self.waiting() {
            let labels = [("pool", key.name().to_owned()), ("account", key.scope().to_owned())];
            metrics::gauge!("acd_ads_pool_waiting", &labels).set(waiting as f64);
        }
        let started = std::time::Instant::now();
        match self.post(&reports).await {
            Ok(replies) => {
                metrics::histogram!("acd_ads_pool_exchange_seconds").record(started.elapsed());
                let waits = replies.iter().flat_map(|reply| reply.waits.values()).min().copied();
                for ((desk, _), reply) in reports.iter().zip(replies) {
                    desk.deliver(reply, asked);
                }
                let waits = waits.map(|ms| Duration::from_millis(ms.max(0).unsigned_abs()));
                Ok(Some(waits.map_or(REPORT, |wait| wait.clamp(LOOK_AGAIN[0], LOOK_AGAIN[1]))))
            }
            Err(problem) => {
                reports.into_iter().for_each(|(desk, report)| desk.restore(report));
                Err(problem)
            }
        }
    }

    /// In the order in which rows are locked.
    fn reports(&self) -> Vec<(Arc<Desk>, Report)> {
        let mut desks = self.desks();
        // Whoever made one for a call holds it: one that is held here alone is of no use any more.
        desks.retain(|_, desk| Arc::strong_count(desk) > 1 || !desk.is_idle());
        let desks: Vec<_> = desks.values().map(Arc::clone).collect();
        let mut reports: Vec<_> =
            desks.into_iter().filter_map(|desk| desk.report().map(|report| (desk, report))).collect();
        reports.sort_by(|(a, _), (b, _)| (a.key().name(), a.key().scope()).cmp(&(b.key().name(), b.key().scope())));
        reports
    }

    async fn post(&self, reports: &[(Arc<Desk>, Report)]) -> Result<Vec<Reply>> {
        let names: Vec<&str> = reports.iter().map(|(desk, _)| desk.key().name()).collect();
        let scopes: Vec<&str> = reports.iter().map(|(desk, _)| desk.key().scope()).collect();
        let request = RequestId::new();
        let mut tx = self.0.db.scoped_planned_once(&Principal::service(request.clone())).await?;
        let mut rows = store::lock(&mut tx, &names, &scopes).await?;
        if rows.len() < reports.len() {
            store::create(&mut tx, &names, &scopes).await?;
            rows = store::lock(&mut tx, &names, &scopes).await?;
        }
        let now = millis(self.0.runtime.wall());
        let mut replies = Vec::with_capacity(reports.len());
        for (desk, report) in reports {
            let key = desk.key();
            let row = rows.iter_mut().find(|row| row.name == key.name() && row.scope == key.scope());
            let Some(row) = row else {
                return Err(Problem::unavailable(
                    "pool_gone",
                    "a pool's row was deleted; the next exchange makes it anew",
                ));
            };
            let terms = Terms { allowance: self.0.limits.allowance(key.name()), weights: &row.weights };
            let (reply, turn) = row.state.exchange(&terms, &self.0.replica, report, now);
            let share = row.state.used_share(&terms, now);
            let labels = [("pool", key.name().to_owned()), ("account", key.scope().to_owned())];
            metrics::gauge!("acd_ads_pool_used_ratio", &labels).set(share);
            replies.push(reply);
            self.announce(&mut tx, row, turn, &request, now).await?;
        }
        store::save(&mut tx, &rows).await?;
        tx.commit().await?;
        Ok(replies)
    }

    /// Who watches over limits learns of it before calls begin to wait.
    async fn announce(
        &self,
        tx: &mut Tx,
        row: &mut PoolRow,
        turn: Option<Turn>,
        request: &RequestId,
        now: i64,
    ) -> Result<()> {
        let Some(turn) = turn else { return Ok(()) };
        let terms = Terms { allowance: self.0.limits.allowance(&row.name), weights: &row.weights };
        let view = row.state.view(&terms, now);
        let payload = json!({
            "pool": row.name, "account": row.scope, "used": view.used, "limit": view.units,
            "told_percent": view.told_percent,
        });
        let topic = match turn {
            Turn::High => "ads.limit_high",
            Turn::Calm => "ads.limit_calm",
        };
        if turn == Turn::High {
            tracing::warn!(
                pool = row.name,
                account = row.scope,
                used = view.used,
                limit = view.units,
                "a limit of Meta's is nearly used up"
            );
        }
        outbox::push(tx, topic, None, &payload, request).await
    }
}

impl fmt::Debug for SharedPools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedPools").field("replica", &self.0.replica).finish_non_exhaustive()
    }
}
