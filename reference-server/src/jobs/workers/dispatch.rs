//! Claims jobs for the room that there is, and starts their handlers.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Ack, Shared, attempt};
use crate::jobs::store::claim::{self, Catch, Claimed, Wanted};
use crate::jobs::store::settle::Hold;
use crate::jobs::work::{OTHERS_AGAIN, count_waits};
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
    let mut woken = shared.jobs.wakes.subscribe(&shared.kinds, None);
    while !until.is_cancelled() {
        let free = until.run_until_cancelled(Arc::clone(&room).acquire_owned()).await;
        let Some(Ok(mut permits)) = free else { return };
        let more = room.available_permits().min(shared.batch - 1);
        // Nobody else takes permits, so as many as are there are to be had.
        if let Ok(others) = Arc::clone(&room).try_acquire_many_owned(u32::try_from(more).unwrap_or(0)) {
            permits.merge(others);
        }
        while handlers.try_join_next().is_some() {}
        let asked = Instant::now();
        let free = permits.num_permits();
        let wait = match claim_for(shared, free).await {
            Ok((lease_id, Catch { jobs, others_wait })) => {
                let is_full = jobs.len() == free;
                woken.looked(is_full);
                for job in jobs {
                    let Some(permit) = permits.split(1) else { continue };
                    if until.is_cancelled() {
                        // Asked to stop while it claimed: begun now, it would only use up the others' time to finish.
                        let hold = Hold { id: job.id, lease_id };
                        let _ = acks.send(Ack::Released(hold)).await;
                        continue;
                    }
                    start(shared, acks, handlers, job, lease_id, asked, permit);
                }
                if is_full {
                    continue;
                }
                if others_wait { OTHERS_AGAIN } else { shared.poll }
            }
            Err(problem) => {
                tracing::warn!(cause = problem.cause_chain(), "no jobs could be claimed: {problem}");
                shared.poll
            }
        };
        drop(permits);
        until.run_until_cancelled(woken.wait_at_most(wait)).await;
    }
}

async fn claim_for(shared: &Shared, jobs: usize) -> Result<(Uuid, Catch)> {
    let now = shared.jobs.clock.now();
    let lease_id = Uuid::now_v7();
    let wanted = Wanted {
        kinds: &shared.kinds,
        product: None,
        most: i32::try_from(jobs).unwrap_or(1),
        worker: &shared.name,
        lease_id,
        lease_until: now + shared.lease(),
        now,
    };
    let caught = claim::claim_as_service(&shared.jobs.db, &wanted).await?;
    count_waits(&caught.jobs, now);
    Ok((lease_id, caught))
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
        if let Some(ack) = ack {
            // Without a receiver the workers are gone, and the lease ends by itself.
            let _ = acks.send(ack).await;
        }
        // The room is free once the end waits to be written, not sooner: else more would be claimed than is ever finished.
        drop(permit);
    });
}
