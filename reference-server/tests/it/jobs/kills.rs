//! kill -9 of workers and servers in the middle of the work.

use std::collections::HashMap;
use std::process::Stdio;
use std::time::Duration;

use acd_core::Secret;
use acd_platform::PlatformClient;
use acd_platform::jobs::{EnqueueJob, EnqueueJobs};
use acd_server::jobs::{Handler, JobContext, JobError, Jobs, Policy, Wakes, Workers};
use acd_server::kernel::clock::Clock;
use acd_server::kernel::db::{Db, PoolSettings};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgPool, query, query_as, query_scalar};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use super::support::payload;
use crate::support::cluster::fresh_database;
use crate::support::process::{Server, Settings, free_address};
use crate::support::wait::{Looks, within};

/// Kills in all; 200 is the whole proof, fewer fit into every run.
const KILLS: &str = "ACD_TEST_JOB_KILLS";
const USUAL_KILLS: usize = 40;
const JOBS_A_KILL: usize = 50;
/// More than killed workers hold until their leases end, so that there is work for the others to the last kill.
const SPARE_JOBS: usize = 300;
/// Of so many kills one is a server's, the others are workers'.
const SERVER_EVERY: usize = 10;
const WORKERS: usize = 3;
/// A worker that lives keeps its jobs, although it may not be let run for seconds.
const LEASE: Duration = Duration::from_secs(8);
/// From the end of a lease until the job waits again: the servers look four times a second, on a machine that does much else.
const TAKEN_OVER_WITHIN: TimeDelta = TimeDelta::seconds(15);
const DATABASE: &str = "ACD_TEST_WORKER_DATABASE";
const NAME: &str = "ACD_TEST_WORKER_NAME";
const LIMIT: Duration = Duration::from_secs(300);

/// What a job does: a row with its key, once, however often it is run.
struct Effect(PgPool);

#[derive(Debug, Serialize, Deserialize)]
struct Key {
    key: i64,
}

impl Handler for Effect {
    const KIND: &'static str = "test.effect";
    const POLICY: Policy = Policy { timeout: Duration::from_secs(60), ..Policy::DEFAULT };
    type Payload = Key;

    async fn run(&self, context: &JobContext, Key { key }: Key) -> Result<Option<Value>, JobError> {
        query("with ran as (insert into runs (key, job) values ($1, $2)) insert into effects values ($1) on conflict do nothing")
            .bind(key)
            .bind(context.id.uuid())
            .execute(&self.0)
            .await
            .map_err(JobError::retry)?;
        Ok(None)
    }
}

/// Not a test by itself: the process of a worker, which the test below starts and kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a process of another test"]
async fn worker_process() {
    let (Ok(url), Ok(name)) = (std::env::var(DATABASE), std::env::var(NAME)) else { return };
    let options: PgConnectOptions = url.parse().unwrap();
    let db = Db::new(options.clone(), PoolSettings { max: 4, ..PoolSettings::default() });
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(4).connect_lazy_with(options.clone());
    let jobs = Jobs::new(db, Clock::system(), Wakes::default());
    let never = CancellationToken::new();
    tokio::spawn(jobs.wakes().clone().listen(options, never.clone()));
    let workers = Workers::builder(jobs).handle(Effect(pool)).name(name).lease(LEASE).concurrency(8).batch(8);
    workers.poll(Duration::from_millis(100)).build().run(never).await;
}

struct WorkerProcess {
    name: String,
    process: Child,
}

impl WorkerProcess {
    fn start(url: &str, number: usize) -> Self {
        let name = format!("worker-{number}");
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "jobs::kills::worker_process", "--ignored", "--nocapture"]);
        command.env(DATABASE, url).env(NAME, &name).kill_on_drop(true);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { name, process }
    }
}

/// Puts jobs in by batches, each again until it is taken: while its server is killed it has to wait.
async fn enqueue(urls: [String; 2], key: Secret, jobs: usize) {
    let clients = urls.map(|url| PlatformClient::new(key.clone(), url.as_str()).unwrap());
    let keys: Vec<i64> = (0..i64::try_from(jobs).unwrap()).collect();
    for (at, keys) in keys.chunks(100).enumerate() {
        let job = |key: &i64| {
            let payload = payload(&serde_json::to_value(Key { key: *key }).unwrap());
            EnqueueJob { max_attempts: Some(1_000), ..EnqueueJob::new("test.effect", payload) }
        };
        let batch = EnqueueJobs { jobs: keys.iter().map(job).collect() };
        let mut looks = Looks::at("a batch is taken");
        for client in clients.iter().cycle().skip(at) {
            looks.next().await;
            if client.jobs().enqueue_batch(&batch).idempotency_key(format!("batch-{at}")).await.is_ok() {
                break;
            }
        }
    }
}

async fn count(pool: &PgPool, sql: &'static str) -> usize {
    let count: i64 = query_scalar(sql).fetch_one(pool).await.unwrap();
    usize::try_from(count).unwrap()
}

/// Numbers that look like chance and are the same each time.
fn chance(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_workers_and_servers_lose_no_job_and_do_none_twice() {
    let kills: usize = std::env::var(KILLS).map_or(USUAL_KILLS, |kills| kills.parse().unwrap());
    let jobs = kills * JOBS_A_KILL + SPARE_JOBS;
    let database = fresh_database().await;
    let pool = database.pool();
    sqlx::raw_sql("create table effects (key bigint primary key); create table runs (key bigint, job uuid)")
        .execute(&pool)
        .await
        .unwrap();
    let settings = |address| {
        Settings::outside(&database.url).with("ACD_LISTEN", address).with("ACD_DB_POOL", "6").with("ACD_LOG", "info")
    };
    let settings = [settings(free_address().await), settings(free_address().await)];
    let mut servers: Vec<Server> = vec![settings[0].serve().await, settings[1].serve().await];
    let key = settings[0].key(Some("pct"), &["jobs:read", "jobs:write"]).await;
    let urls = [servers[0].url.clone(), servers[1].url.clone()];
    let enqueuing = tokio::spawn(enqueue(urls, key, jobs));
    let mut workers: Vec<WorkerProcess> = (0..WORKERS).map(|at| WorkerProcess::start(&database.url, at)).collect();

    let mut seed = 20_261_101;
    let mut killed: HashMap<String, DateTime<Utc>> = HashMap::new();
    for kill in 1..=kills {
        // In the middle of the work: some of each kill's share is done, the rest is still to come.
        let done = (kill - 1) * JOBS_A_KILL + chance(&mut seed) % (JOBS_A_KILL / 2);
        within(LIMIT, "the work goes on", async || {
            (count(&pool, "select count(*) from effects").await >= done).then_some(())
        })
        .await;
        if kill % SERVER_EVERY == 0 {
            let at = chance(&mut seed) % servers.len();
            servers.remove(at).kill().await;
            let both = settings.iter().map(|settings| settings.address());
            let gone = both.into_iter().position(|address| servers[0].url != format!("http://{address}")).unwrap();
            servers.push(settings[gone].serve().await);
        } else {
            let at = chance(&mut seed) % workers.len();
            let mut worker = std::mem::replace(&mut workers[at], WorkerProcess::start(&database.url, WORKERS + kill));
            worker.process.kill().await.unwrap();
            killed.insert(worker.name, Utc::now());
        }
    }
    enqueuing.await.unwrap();
    within(LIMIT, "every job is done", async || {
        (count(&pool, "select count(*) from shared_jobs where product is not null and state <> 'succeeded'").await == 0)
            .then_some(())
    })
    .await;

    let succeeded = count(&pool, "select count(*) from shared_jobs where product is not null").await;
    assert_eq!(succeeded, jobs, "none is lost, and none was put in twice");
    assert_eq!(count(&pool, "select count(*) from effects").await, jobs, "each is done, once");
    assert_eq!(count(&pool, "select count(distinct (key, job)) from runs").await, jobs, "a key is one job's alone");
    let attempts: Vec<(String, String, DateTime<Utc>)> =
        query_as("select outcome, worker, ended_at from shared_job_attempts").fetch_all(&pool).await.unwrap();
    assert!(attempts.len() >= kills / 4, "{} attempts were cut short by {kills} kills", attempts.len());
    let limit = TimeDelta::from_std(LEASE).unwrap() + TAKEN_OVER_WITHIN;
    for (outcome, worker, taken_back) in attempts {
        assert_eq!(outcome, "lost");
        let died = killed.get(&worker).unwrap_or_else(|| panic!("{worker} lost a job and was not killed"));
        let took = taken_back - died;
        assert!(took <= limit, "a job of {worker} was taken over {took} after its death");
    }
}
