//! Keeps the leases of what is held, and hears of what is called off.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval};
use uuid::Uuid;

use super::Shared;
use crate::jobs::store::settle::{self, Standing};
use crate::kernel::problem::Result;

/// Beats three times a lease, so that one that is missed costs nothing.
pub(super) async fn beat(shared: Arc<Shared>) {
    let mut beats = interval(shared.lease / 3);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut cancellations = shared.jobs.wakes.cancellations();
    loop {
        tokio::select! {
            _ = beats.tick() => {
                if let Err(problem) = once(&shared).await {
                    tracing::warn!(cause = problem.cause_chain(), "leases could not be extended: {problem}");
                }
                shared.held.lose_unconfirmed(shared.lease);
            }
            told = cancellations.recv() => match told {
                Ok(job) => shared.held.cancel(job),
                // Those that were missed are told by the next beat.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
    }
}

async fn once(shared: &Shared) -> Result<()> {
    let (holds, progress): (Vec<_>, Vec<_>) = shared.held.all().into_iter().unzip();
    if holds.is_empty() {
        return Ok(());
    }
    let asked = Instant::now();
    let until = shared.jobs.clock.now() + shared.lease();
    let mut tx = shared.jobs.db.queue_unflushed(&shared.principal).await?;
    let standings = settle::heartbeat(&mut tx, &holds, &progress, until).await?;
    tx.commit().await?;
    let by_id: HashMap<Uuid, Standing> = standings.into_iter().map(|standing| (standing.id, standing)).collect();
    for hold in holds {
        match by_id.get(&hold.id) {
            Some(standing) => {
                shared.held.confirm(hold.id, asked);
                if standing.is_cancel_requested {
                    shared.held.cancel(hold.id);
                }
            }
            None => shared.held.lose(hold),
        }
    }
    Ok(())
}
