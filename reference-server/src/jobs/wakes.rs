//! Being told of jobs at once instead of looking again and again.
//!
//! `NOTIFY` tells every process of new jobs and of those that are called off. A notification can be missed, so whoever waits also
//! looks by itself from time to time: nothing depends on one but how soon.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const CHANNEL: &str = "acd_jobs";
const CONNECT_AGAIN: Duration = Duration::from_secs(1);
/// More at once would only be heeded late, with the heartbeat.
const CANCELLATIONS_KEPT: usize = 1_024;

/// Tells those who wait in this process. Clones tell the same ones.
#[derive(Clone, Debug)]
pub struct Wakes {
    jobs: watch::Sender<()>,
    cancelled: broadcast::Sender<Uuid>,
}

/// One who waits for jobs.
#[derive(Debug)]
pub(super) struct Woken(watch::Receiver<()>);

impl Default for Wakes {
    fn default() -> Self {
        Self { jobs: watch::Sender::new(()), cancelled: broadcast::Sender::new(CANCELLATIONS_KEPT) }
    }
}

impl Wakes {
    /// Tells that jobs wait.
    pub(super) fn wake(&self) {
        self.jobs.send_replace(());
    }

    pub(super) fn subscribe(&self) -> Woken {
        Woken(self.jobs.subscribe())
    }

    pub(super) fn cancellations(&self) -> broadcast::Receiver<Uuid> {
        self.cancelled.subscribe()
    }

    /// Passes on what the database tells, until the token is cancelled. The connection must be PostgreSQL's own: a pooler that gives
    /// each transaction another one loses `LISTEN`.
    pub async fn listen(self, options: PgConnectOptions, until: CancellationToken) {
        let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options.application_name("acd jobs"));
        let listening = async {
            loop {
                if let Err(error) = self.listen_once(&pool).await {
                    tracing::warn!(%error, "jobs are not told of at once but looked for; trying to listen again");
                }
                let wait = std::future::pending::<()>();
                // Waiting is all that the timeout is for.
                let _ = tokio::time::timeout(CONNECT_AGAIN, wait).await;
            }
        };
        until.run_until_cancelled(listening).await;
        pool.close().await;
    }

    async fn listen_once(&self, pool: &sqlx::PgPool) -> sqlx::Result<()> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        loop {
            // Something may have come before the first and between two connections.
            self.wake();
            while let Some(notification) = listener.try_recv().await? {
                match Uuid::try_parse(notification.payload()) {
                    // Nobody may have any job at this moment.
                    Ok(job) => drop(self.cancelled.send(job)),
                    Err(_) => self.wake(),
                }
            }
        }
    }
}

impl Woken {
    /// Forgets what it was told so far.
    pub(super) fn heed(&mut self) {
        self.0.mark_unchanged();
    }

    /// Returns when it is told, or after this time.
    pub(super) async fn wait_at_most(&mut self, limit: Duration) {
        // Either way it is time to look.
        let _ = tokio::time::timeout(limit, self.0.changed()).await;
    }
}
