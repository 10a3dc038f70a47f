//! Claims jobs for the room that there is, and starts their handlers.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Ack, Shared, attempt};
use crate::jobs::store::claim::{Claimed, Wanted};
use crate::jobs::store::settle::Hold;
use crate::jobs::work::{LIMITED_AGAIN, claim_once};
use crate::kernel::problem::Result;

/// Claims until the token is cancelled; returns when no handler runs any more.
pub(super) async fn run(shared: &Arc<Shared>, acks: mpsc::Sender<Ack>, until: &CancellationToken) {
    let mut handlers = JoinSet::new();
    claim(shared, &acks, &mut handlers, until).await;
    let finish = async { while handlers.join_next().await.is_some() {} };
    if timeout(shared.grace, finish).await.is_err() {
        shared.handing_back.cancel();
        shared.held.stop_all();
        while handlers.join_next().await.is_some() {}
    }
}

/// Heeds the token only while it waits: a claim that is dropped half-way leaves jobs that nobody starts.
async fn claim(shared: &Arc<Shared>, acks: &mpsc::Sender<Ack>, handlers: &mut JoinSet<()>, until: &CancellationToken) {
    let room = Arc::new(Semaphore::new(shared.concurrency));
    let mut woken = shared.jobs.wakes.subscribe();
    let mut is_limited = true;
    while !until.is_cancelled() {
        let free = until.run_until_cancelled(Arc::clone(&room).acquire_owned()).await;
        let Some(Ok(mut permits)) = free else { return };
        let more = room.available_permits().min(shared.batch - 1);
        // Nobody else takes permits, so as many as are there are to be had.
        if let Ok(others) = Arc::clone(&room).try_acquire_many_owned(u32::try_from(more).unwrap_or(0)) {
            permits.merge(others);
        }
        while handlers.try_join_next().is_some() {}
        woken.heed();
        let asked = Instant::now();
        match claim_for(shared, permits.num_permits(), is_limited).await {
            Ok((claimed, limited)) => {
                is_limited = limited;
                if claimed.is_empty() {
                    drop(permits);
                    let wait = woken.wait_at_most(if limited { LIMITED_AGAIN } else { shared.poll });
                    until.run_until_cancelled(wait).await;
                    continue;
                }
                for (lease_id, job) in claimed {
                    let Some(permit) = permits.split(1) else { continue };
                    start(shared, acks, handlers, job, lease_id, asked, permit);
                }
            }
            Err(problem) => {
                drop(permits);
                tracing::warn!(cause = problem.cause_chain(), "no jobs could be claimed: {problem}");
                until.run_until_cancelled(woken.wait_at_most(shared.poll)).await;
            }
        }
    }
}

async fn claim_for(shared: &Shared, jobs: usize, knows_limited: bool) -> Result<(Vec<(Uuid, Claimed)>, bool)> {
    let now = shared.jobs.clock.now();
    let lease_id = Uuid::now_v7();
    let wanted = Wanted {
        kinds: &shared.kinds,
        product: None,
        most: i64::try_from(jobs).unwrap_or(1),
        worker: &shared.name,
        lease_id,
        lease_until: now + shared.lease(),
        now,
    };
    let (claimed, limited) = claim_once(&shared.jobs.db, &shared.principal, &wanted, knows_limited).await?;
    Ok((claimed.into_iter().map(|job| (lease_id, job)).collect(), limited))
}

fn start(
    shared: &Arc<Shared>,
    acks: &mpsc::Sender<Ack>,
    handlers: &mut JoinSet<()>,
    job: Claimed,
    lease_id: Uuid,
    asked: Instant,
    permit: OwnedSemaphorePermit,
) {
    let hold = Hold { id: job.id, lease_id };
    let signals = shared.held.add(hold, asked);
    let (shared, acks) = (Arc::clone(shared), acks.clone());
    handlers.spawn(async move {
        let ack = attempt::attempt(&shared, job, hold, signals).await;
        // The room is free before the end is written: the next claim and this end go on side by side.
        drop(permit);
        if let Some(ack) = ack {
            // Without a receiver the workers are gone, and the lease ends by itself.
            let _ = acks.send(ack).await;
        }
    });
}
