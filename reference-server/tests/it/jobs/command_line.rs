//! `acd jobs`, and the jobs of a whole server process.

use acd_platform::PlatformClient;
use acd_platform::jobs::{EnqueueJob, JobDetails, JobState, ListJobs};
use rustix::process::Signal;
use serde_json::Value;

use super::support::{claim, fail, failed, job};
use crate::support::cluster::fresh_database;
use crate::support::process::Settings;
use crate::support::wait::until;

#[tokio::test]
async fn jobs_are_listed_shown_retried_and_cancelled_on_the_command_line() {
    let database = fresh_database().await;
    let settings = Settings::outside(&database.url).with("ACD_LISTEN", "127.0.0.1:0");
    let mut server = settings.serve().await;
    let key = settings.key(Some("pct"), &["jobs:read", "jobs:write", "jobs:work"]).await;
    let acd = PlatformClient::new(key, server.url.as_str()).unwrap();
    let dead = acd.jobs().enqueue(&EnqueueJob { max_attempts: Some(1), ..job("a.b") }).await.unwrap().job.id;
    let claimed = claim(&acd, "a.b", 1).await;
    acd.jobs().fail(&fail(failed(&claimed[0], "mailbox full"))).await.unwrap();
    let waiting = acd.jobs().enqueue(&job("a.c")).await.unwrap().job.id.to_string();
    let dead = dead.to_string();

    let list = settings.run(&["jobs", "list", "--state", "dead", "--product", "pct"]).await;
    assert!(list.contains(&dead) && !list.contains(&waiting), "{list}");
    let lines = settings.run(&["jobs", "list", "--json", "--product", "pct"]).await;
    assert_eq!(lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).count(), 2);
    let shown = settings.run(&["jobs", "show", &dead]).await;
    assert!(["mailbox full", "failed", "tester", "1 of 1"].iter().all(|part| shown.contains(part)), "{shown}");
    let details: JobDetails = serde_json::from_str(&settings.run(&["jobs", "show", "--json", &dead]).await).unwrap();
    assert_eq!(details.attempts.len(), 1);
    assert_eq!(settings.run(&["jobs", "retry", "--dead", "--error", "full"]).await, "1 wait again\n");
    assert!(settings.run(&["jobs", "cancel", &waiting, &dead]).await.contains("is called off"));
    assert!(settings.run(&["jobs", "retry", &dead]).await.contains("waits again"));
    assert_eq!(acd.jobs().get(details.job.id).await.unwrap().job.state, JobState::Pending);

    // The server does the platform's own jobs, which its schedule makes, by itself.
    let admin = PlatformClient::new(settings.key(None, &["admin"]).await, server.url.as_str()).unwrap();
    let query = ListJobs { kind: Some("acd.jobs.clean_up".to_owned()), ..ListJobs::default() };
    until("the platform's own job is done", async || {
        let jobs = admin.jobs().list(&query).await.unwrap().data;
        jobs.iter().any(|job| job.state == JobState::Succeeded && job.schedule_id.is_some()).then_some(())
    })
    .await;
    server.signal(Signal::TERM);
    assert!(server.ended().await.success());
}
