//! The jobs of a server process: what it does itself, and the upkeep for everyone's.

use std::time::Duration;

use chrono::TimeDelta;
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{CleanUp, Workers, WorkersBuilder};
use crate::ads::CleanUpLogs;
use crate::ads::audiences::{RenewAudience, RenewDueAudiences};
use crate::ads::leads::CaptureLead;
use crate::ads::performance;
use crate::ads::publishing::CleanUpPublications;
use crate::app::App;
use crate::webhooks::{CleanUpWebhooks, ReadMeta};

/// The handlers' time once the process is asked to stop: less than requests get, so that what is handed back is written too.
const GRACE: Duration = Duration::from_secs(15);

/// How a server process treats jobs.
#[derive(Clone, Debug)]
pub struct JobSettings {
    /// The server's own jobs side by side; with none, the process leaves them to others.
    pub concurrency: usize,
    /// Where to listen for jobs, past any pooler; none where the pool's own connections keep their sessions.
    pub listen: Option<PgConnectOptions>,
    /// How long jobs are kept that succeeded or were called off.
    pub keep_done: TimeDelta,
    /// How long jobs are kept that were given up.
    pub keep_dead: TimeDelta,
    /// How long publications are kept that ended.
    pub keep_publications: TimeDelta,
    /// How long outcomes of conversions and changes made at Meta are kept.
    pub keep_ads_logs: TimeDelta,
}

/// Adds the handlers of every domain.
fn handlers(app: &App, workers: WorkersBuilder) -> WorkersBuilder {
    let (db, clock, changes) = (app.db.clone(), app.clock.clone(), app.notifications.clone());
    performance::handled(workers, &app.performance)
        .handle(app.publishing.publisher())
        .handle(ReadMeta::new(db.clone(), clock.clone(), app.leads.clone(), changes.clone()))
        .handle(CleanUpWebhooks::new(db, clock, changes))
        .handle(CaptureLead::new(app.leads.clone()))
        .handle(RenewAudience::new(app.audiences.clone()))
        .handle(RenewDueAudiences::new(app.audiences.clone()))
}

/// Works, listens and keeps up until the token is cancelled and what was begun is done or handed back.
pub async fn run(app: App, settings: JobSettings, until: CancellationToken) {
    let jobs = &app.jobs;
    let mut tasks = JoinSet::new();
    // The notifications of what is called off are wanted until the last handler has ended.
    let listening = CancellationToken::new();
    let direct = app.db.keeps_sessions().then(|| (*app.db.pool().connect_options()).clone());
    match settings.listen.or(direct) {
        Some(options) => {
            tasks.spawn(jobs.wakes().clone().listen(options, listening.clone()));
        }
        None => {
            tracing::info!("jobs are looked for each second: LISTEN does not pass the pooler; set ACD_JOBS_LISTEN_URL")
        }
    }
    tasks.spawn(jobs.clone().keep_up_until(until.clone()));
    if settings.concurrency > 0 {
        let clean_up = CleanUp::new(jobs.clone(), settings.keep_done, settings.keep_dead);
        let workers = handlers(&app, Workers::builder(jobs.clone()))
            .handle(clean_up)
            .handle(CleanUpPublications::new(app.publishing.clone(), settings.keep_publications))
            .handle(CleanUpLogs::new(app.db.clone(), app.clock.clone(), settings.keep_ads_logs));
        workers.concurrency(settings.concurrency).grace(GRACE).build().run(until.clone()).await;
    } else {
        until.cancelled().await;
    }
    listening.cancel();
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a task of the jobs panicked");
        }
    }
}
