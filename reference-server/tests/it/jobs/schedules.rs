//! Schedules: cron with time zones.

use acd_platform::jobs::{CreateJobSchedule, JobState, ListJobSchedules, ListScheduleRuns, UpdateJobSchedule};
use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::json;

use super::support::{ALL, at, claim, done, payload};
use crate::support::app::{TestApp, TestOptions};

fn daily(time_zone: &str) -> CreateJobSchedule {
    CreateJobSchedule {
        name: "report".to_owned(),
        kind: "report.send".to_owned(),
        payload: payload(&json!({ "week": true })),
        cron: "30 2 * * *".to_owned(),
        time_zone: Some(time_zone.to_owned()),
        ..CreateJobSchedule::default()
    }
}

#[tokio::test]
async fn a_schedule_makes_its_jobs_in_its_time_zone_and_keeps_their_history() {
    // The night in which Berlin goes from 02:00 to 03:00.
    let (app, clock) = at("2026-03-28T12:00:00Z").await;
    let acd = app.product("pct", &ALL).await;
    let schedule = acd.jobs().create_schedule(&daily("Europe/Berlin")).await.unwrap();
    assert_eq!(schedule.next_at.unwrap().to_rfc3339(), "2026-03-29T01:00:00+00:00");
    for (time, made) in [
        ("2026-03-29T00:59:59Z", None),
        ("2026-03-29T01:00:00Z", Some("2026-03-29T01:00:00+00:00")),
        ("2026-03-29T12:00:00Z", None),
        ("2026-03-30T00:30:01Z", Some("2026-03-30T00:30:00+00:00")),
    ] {
        clock.set(time);
        app.app.jobs.keep_up().await.unwrap();
        app.app.jobs.keep_up().await.unwrap();
        let claimed = claim(&acd, "report.send", 9).await;
        assert_eq!(claimed.len(), usize::from(made.is_some()), "{time}");
        if let Some(made) = made {
            let job = acd.jobs().get(claimed[0].id).await.unwrap().job;
            assert_eq!(job.scheduled_for.unwrap().to_rfc3339(), made);
            assert_eq!((job.payload, job.schedule_id), (json!({ "week": true }), Some(schedule.id)));
            acd.jobs().complete(&done(&claimed)).await.unwrap();
        }
    }
    let runs = acd.jobs().schedule_runs(schedule.id, &ListScheduleRuns::default()).await.unwrap();
    assert_eq!(runs.data.len(), 2);
    assert!(runs.data.iter().all(|job| job.state == JobState::Succeeded));
    let now = acd.jobs().schedule(schedule.id).await.unwrap();
    assert_eq!(now.last_at.unwrap().to_rfc3339(), "2026-03-30T00:30:00+00:00");
}

#[tokio::test]
async fn times_that_were_missed_are_made_up_for_once() {
    let (app, clock) = at("2026-06-01T00:00:00Z").await;
    let acd = app.product("pct", &ALL).await;
    acd.jobs().create_schedule(&daily("UTC")).await.unwrap();
    clock.advance(TimeDelta::days(10));
    app.app.jobs.keep_up().await.unwrap();
    app.app.jobs.keep_up().await.unwrap();
    assert_eq!(claim(&acd, "report.send", 9).await.len(), 1);
}

#[tokio::test]
async fn replicas_that_see_the_same_time_at_once_make_one_job() {
    let (app, clock) = at("2026-06-01T00:00:00Z").await;
    let options = || TestOptions { clock: clock.clock(), ..TestOptions::default() };
    let other = TestApp::over(app.database.clone(), options()).await;
    let acd = app.product("pct", &ALL).await;
    let schedule =
        acd.jobs().create_schedule(&CreateJobSchedule { cron: "* * * * *".to_owned(), ..daily("UTC") }).await;
    let schedule = schedule.unwrap();
    for minute in 1..=10 {
        clock.advance(TimeDelta::minutes(1));
        let at_once = (0..8).map(|at| if at % 2 == 0 { app.app.jobs.keep_up() } else { other.app.jobs.keep_up() });
        for kept in join_all(at_once).await {
            kept.unwrap();
        }
        let runs = acd.jobs().schedule_runs(schedule.id, &ListScheduleRuns::default()).await.unwrap();
        assert_eq!(runs.data.len(), minute);
    }
}

#[tokio::test]
async fn a_schedule_is_changed_stopped_and_deleted() {
    let (app, clock) = at("2026-06-01T00:00:00Z").await;
    let (acd, other) = (app.product("pct", &ALL).await, app.product("gapradar", &ALL).await);
    let made = acd.jobs().create_schedule(&daily("UTC")).await.unwrap();
    assert_eq!(acd.jobs().create_schedule(&daily("UTC")).await.unwrap(), made, "the same again");
    let taken = acd.jobs().create_schedule(&daily("Europe/Berlin")).await.unwrap_err();
    assert_eq!(taken.code(), Some("schedule_exists"));

    let change = UpdateJobSchedule { cron: Some("0 5 * * *".to_owned()), ..UpdateJobSchedule::default() };
    let changed = acd.jobs().update_schedule(made.id, &change).await.unwrap();
    assert_eq!(changed.next_at.unwrap().to_rfc3339(), "2026-06-01T05:00:00+00:00");
    let stop = UpdateJobSchedule { is_enabled: Some(false), ..UpdateJobSchedule::default() };
    assert_eq!(acd.jobs().update_schedule(made.id, &stop).await.unwrap().next_at, None);
    clock.advance(TimeDelta::days(2));
    app.app.jobs.keep_up().await.unwrap();
    assert!(claim(&acd, "report.send", 9).await.is_empty());
    let go = UpdateJobSchedule { is_enabled: Some(true), ..UpdateJobSchedule::default() };
    let next = acd.jobs().update_schedule(made.id, &go).await.unwrap().next_at.unwrap();
    assert_eq!(next.to_rfc3339(), "2026-06-03T05:00:00+00:00", "what passed meanwhile is left out");

    for refused in [
        other.jobs().schedule(made.id).await.map(drop),
        other.jobs().update_schedule(made.id, &go).await.map(drop),
        other.jobs().delete_schedule(made.id).await,
        other.jobs().schedule_runs(made.id, &ListScheduleRuns::default()).await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().code(), Some("not_found"));
    }
    assert!(other.jobs().schedules(&ListJobSchedules::default()).await.unwrap().data.is_empty());
    acd.jobs().delete_schedule(made.id).await.unwrap();
    assert!(acd.jobs().schedules(&ListJobSchedules::default()).await.unwrap().data.is_empty());
}
