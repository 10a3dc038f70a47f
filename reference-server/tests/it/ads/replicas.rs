//! Two replicas in one process, against one simulator, on one clock that stands still.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use acd_core::limits::OnLimit;
use acd_core::testing::ManualClock;
use acd_core::{Error, RetryConfig};
use acd_meta::ads::campaigns::{CreateCampaign, Objective, UpdateCampaign};
use acd_meta::{AdAccountId, CampaignId, MetaClient, MetaLimits};
use acd_server::ads::pool::SharedPools;
use acd_server::kernel::db::{Db, PoolSettings};
use acd_testing::{MetaSimulator, MetaTier};

use crate::support::cluster::{TestDatabase, fresh_database};
use crate::support::wait::Looks;

pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// A world in which two replicas share one ad account of an app with limited access: 60 points in 300 s.
pub(super) struct World {
    pub(super) clock: ManualClock,
    pub(super) simulator: MetaSimulator,
    pub(super) database: TestDatabase,
    pub(super) replicas: Vec<Replica>,
    pub(super) campaign: CampaignId,
    workers: usize,
}

#[derive(Clone)]
pub(super) struct Replica {
    pub(super) pools: SharedPools,
    pub(super) meta: MetaClient,
}

impl World {
    pub(super) async fn new(replicas: usize) -> Self {
        let clock = ManualClock::new();
        let simulator =
            MetaSimulator::builder().runtime(clock.runtime()).tier(MetaTier::Limited).start().await.unwrap();
        let database = fresh_database().await;
        let replicas = (0..replicas).map(|_| replica(&clock, &simulator, &database)).collect();
        // Made beside the limits: it is not among what is measured.
        let aside =
            MetaClient::builder(simulator.world().access_token.clone()).base_url(simulator.url()).build().unwrap();
        let campaign = CreateCampaign {
            is_adset_budget_sharing_enabled: Some(false),
            ..CreateCampaign::new("c", Objective::Traffic, [])
        };
        let account = AdAccountId::from(simulator.world().ad_account.as_str());
        let campaign = aside.campaigns().create(&account, &campaign).await.unwrap().id;
        let world = Self { clock, simulator, database, replicas, campaign, workers: 0 };
        world.pass(Duration::from_secs(310));
        world
    }

    pub(super) fn account(&self) -> AdAccountId {
        AdAccountId::from(self.simulator.world().ad_account.as_str())
    }

    /// Nobody sees it happen.
    pub(super) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// Lets a product change a campaign as fast as it is allowed to, with so many calls at a time on each replica.
    pub(super) fn greedy(&mut self, product: &'static str, at_a_time: usize) -> Arc<AtomicUsize> {
        let count = Arc::new(AtomicUsize::new(0));
        for replica in &self.replicas {
            let meta = replica.meta.for_caller(product).for_account(&self.account());
            for _ in 0..at_a_time {
                let (meta, campaign, count) = (meta.clone(), self.campaign.clone(), Arc::clone(&count));
                self.workers += 1;
                tokio::spawn(async move {
                    loop {
                        write(&meta, &campaign, OnLimit::Wait(DAY)).await.unwrap();
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        }
        count
    }

    fn waiting(&self) -> Vec<(String, usize)> {
        let of = |replica: &Replica| replica.pools.waiting().into_iter().map(|(key, n)| (key.name().to_owned(), n));
        let mut all: Vec<_> = self.replicas.iter().flat_map(of).collect();
        all.sort_unstable();
        all
    }

    async fn everybody_waits(&self) -> Vec<(String, usize)> {
        let mut looks = Looks::at("everybody waits for units");
        loop {
            let waiting = self.waiting();
            if waiting.iter().map(|(_, n)| n).sum::<usize>() == self.workers {
                return waiting;
            }
            looks.next().await;
        }
    }

    /// Moves everything on until nobody gets any further at this time.
    pub(super) async fn settle(&self) {
        let mut before = self.everybody_waits().await;
        let mut seen = self.replicas.len();
        let mut answered = self.simulator.traffic().len();
        loop {
            for replica in &self.replicas {
                replica.pools.exchange().await.unwrap();
            }
            let (after, now_answered) = (self.everybody_waits().await, self.simulator.traffic().len());
            // A replica that was served by the other's exchange learns it with its next.
            seen = if after == before && now_answered == answered { seen.saturating_sub(1) } else { 2 };
            if seen == 0 {
                return;
            }
            (before, answered) = (after, now_answered);
        }
    }

    /// So many steps of so long, everything settled after each.
    pub(super) async fn run(&self, steps: usize, step: Duration) {
        for _ in 0..steps {
            self.settle().await;
            self.pass(step);
        }
        self.settle().await;
    }

    /// Meta's refusals for too many calls.
    pub(super) fn throttled(&self) -> usize {
        self.simulator.traffic().iter().filter(|exchange| exchange.code.is_some()).count()
    }
}

fn replica(clock: &ManualClock, simulator: &MetaSimulator, database: &TestDatabase) -> Replica {
    let settings = PoolSettings { max: 3, ..PoolSettings::default() };
    let db = Db::new(database.options.clone(), settings);
    let pools = SharedPools::new(db, clock.runtime(), MetaLimits::default());
    let runtime = clock.runtime();
    let meta = MetaClient::builder(simulator.world().access_token.clone())
        .base_url(simulator.url())
        .limits(pools.limits())
        .http(move |http| http.runtime(runtime))
        .build()
        .unwrap();
    Replica { pools, meta }
}

/// A write: three points.
pub(super) async fn write(meta: &MetaClient, campaign: &CampaignId, on_limit: OnLimit) -> Result<(), Error> {
    let change = UpdateCampaign { name: Some("n".to_owned()), ..UpdateCampaign::new() };
    let call = meta.campaigns().update(campaign, &change);
    let call = call.http(|call| call.on_limit(on_limit).timeout(2 * DAY).retry(RetryConfig::disabled()));
    call.into_future().await.map(drop)
}
