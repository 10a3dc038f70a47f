//! Being told of jobs at once instead of looking again and again.
//!
//! `NOTIFY` tells every process of new jobs and of those that are called off. A notification can be missed, so whoever waits also
//! looks by itself from time to time: nothing depends on one but how soon.
//!
//! Of those in a process that wait for the same jobs one is told. It tells the next when it took as many as it could, since there
//! may be more then, and when it leaves without having looked. So a job costs one look, however many wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const CHANNEL: &str = "acd_jobs";
const CONNECT_AGAIN: Duration = Duration::from_secs(1);
/// More at once would only be heeded late, with the heartbeat.
const CANCELLATIONS_KEPT: usize = 1_024;

/// Tells those who wait in this process. Clones tell the same ones.
#[derive(Clone, Debug)]
pub struct Wakes {
    groups: Arc<Mutex<Groups>>,
    cancelled: broadcast::Sender<Uuid>,
}

/// Those who wait for the same jobs: of these kinds and this product.
type Groups = HashMap<(Vec<String>, Option<String>), Weak<Notify>>;

/// One who waits for jobs.
#[derive(Debug)]
pub(super) struct Woken {
    group: Arc<Notify>,
    /// It was told and has not looked since.
    owes_a_look: bool,
}

impl Default for Wakes {
    fn default() -> Self {
        Self { groups: Arc::default(), cancelled: broadcast::Sender::new(CANCELLATIONS_KEPT) }
    }
}

impl Wakes {
    fn groups(&self) -> MutexGuard<'_, Groups> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells that jobs wait.
    pub(super) fn wake(&self) {
        self.groups().retain(|_, group| {
            let group = group.upgrade();
            if let Some(group) = &group {
                group.notify_one();
            }
            group.is_some()
        });
    }

    /// From here on it is told of jobs of these kinds, of one product or of all.
    pub(super) fn subscribe(&self, kinds: &[String], product: Option<&str>) -> Woken {
        let mut groups = self.groups();
        let known = groups.entry((kinds.to_vec(), product.map(str::to_owned))).or_default();
        let group = known.upgrade().unwrap_or_default();
        *known = Arc::downgrade(&group);
        Woken { group, owes_a_look: false }
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
    /// It has looked. When it took as many as it could, another looks for more.
    pub(super) fn looked(&mut self, took_all_it_could: bool) {
        self.owes_a_look = false;
        if took_all_it_could {
            self.group.notify_one();
        }
    }

    /// Returns when it is told, or was since it last looked, or after this time.
    pub(super) async fn wait_at_most(&mut self, limit: Duration) {
        self.owes_a_look |= tokio::time::timeout(limit, self.group.notified()).await.is_ok();
    }
}

impl Drop for Woken {
    fn drop(&mut self) {
        if self.owes_a_look {
            self.group.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn kinds() -> Vec<String> {
        vec!["a.b".to_owned()]
    }

    #[tokio::test]
    async fn of_those_who_wait_for_the_same_one_is_told_and_tells_the_next_when_there_may_be_more() {
        let wakes = Wakes::default();
        let [mut first, mut second] = [(); 2].map(|()| wakes.subscribe(&kinds(), None));
        let mut other = wakes.subscribe(&kinds(), Some("pct"));
        let mut waits = Box::pin(second.wait_at_most(LONG));
        assert!(waits.as_mut().now_or_never().is_none());
        wakes.wake();
        assert!(first.wait_at_most(LONG).now_or_never().is_none(), "the second was there before");
        assert!(waits.as_mut().now_or_never().is_some());
        assert!(other.wait_at_most(LONG).now_or_never().is_some(), "what it waits for is not the same");
        drop(waits);
        second.looked(false);
        assert!(first.wait_at_most(LONG).now_or_never().is_none(), "it left nothing");
        second.looked(true);
        assert!(first.wait_at_most(LONG).now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_is_told_and_leaves_without_a_look_passes_it_on() {
        let wakes = Wakes::default();
        let [mut first, mut second] = [(); 2].map(|()| wakes.subscribe(&kinds(), None));
        wakes.wake();
        assert!(first.wait_at_most(LONG).now_or_never().is_some());
        drop(first);
        assert!(second.wait_at_most(LONG).now_or_never().is_some());
    }

    #[tokio::test]
    async fn what_comes_during_a_look_is_noticed_after_it() {
        let wakes = Wakes::default();
        let mut woken = wakes.subscribe(&kinds(), None);
        wakes.wake();
        woken.looked(false);
        assert!(woken.wait_at_most(LONG).now_or_never().is_some());
        drop(woken);
        wakes.wake();
        assert!(wakes.groups().is_empty(), "nobody is left to be told");
    }
}
