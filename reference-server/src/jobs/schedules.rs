//! The rules of schedules.

use acd_platform::jobs::{CreateJobSchedule, Job, JobSchedule, ListJobSchedules, ListScheduleRuns, UpdateJobSchedule};
use acd_platform::{JobScheduleId, Page};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde_json::Value;

use super::cron::{self, Cron};
use super::new::{check_attempts, check_kind, check_payload, check_priority};
use super::service::Jobs;
use super::store::read::Filter;
use super::store::schedules::{self as store, NewSchedule};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{check, paging};

impl Jobs {
    /// Makes a schedule. The same again gives the one that is there; true when it is new.
    pub async fn create_schedule(
        &self,
        principal: &Principal,
        wanted: CreateJobSchedule,
    ) -> Result<(JobSchedule, bool)> {
        let product = self.product_of(principal, wanted.product)?;
        check::text("name", &wanted.name, 1..=100)?;
        check_kind("kind", &wanted.kind)?;
        check_payload(&wanted.payload)?;
        let now = self.clock.now();
        let time_zone = wanted.time_zone.unwrap_or_else(|| "UTC".to_owned());
        let new = NewSchedule {
            product: Some(&product),
            name: &wanted.name,
            kind: &wanted.kind,
            payload: &Value::Object(wanted.payload),
            cron: &wanted.cron,
            time_zone: &time_zone,
            priority: check_priority(wanted.priority)?.unwrap_or(0),
            max_attempts: check_attempts(wanted.max_attempts)?.unwrap_or(10),
            next_at: Some(next_time(&wanted.cron, &time_zone, now)?),
        };
        let mut tx = self.db.scoped(principal).await?;
        if let Some(row) = store::insert(&mut tx, &new, now).await? {
            tx.commit().await?;
            return Ok((row.try_into()?, true));
        }
        let taken = || {
            let detail =
                "name: the product has another schedule with this name; change that one, or choose another name";
            Problem::new(StatusCode::CONFLICT, "schedule_exists", detail)
        };
        let there: JobSchedule =
            store::by_name(&mut tx, Some(&product), new.name).await?.ok_or_else(taken)?.try_into()?;
        tx.commit().await?;
        let is_repeat = there.kind == new.kind
            && there.payload == *new.payload
            && there.cron == new.cron
            && there.time_zone == new.time_zone
            && there.priority == new.priority
            && i64::from(there.max_attempts) == i64::from(new.max_attempts);
        if is_repeat { Ok((there, false)) } else { Err(taken()) }
    }

    /// Schedules, oldest first.
    pub async fn list_schedules(&self, principal: &Principal, query: ListJobSchedules) -> Result<Page<JobSchedule>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 200)?;
        let after = paging::read_cursor(query.cursor.as_deref())?;
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::list(&mut tx, product.as_ref(), after, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, JobSchedule::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// A schedule.
    pub async fn schedule(&self, principal: &Principal, id: JobScheduleId) -> Result<JobSchedule> {
        let mut tx = self.db.scoped(principal).await?;
        let row = store::get(&mut tx, id.uuid()).await?;
        tx.commit().await?;
        row.ok_or_else(no_schedule)?.try_into()
    }

    /// Changes a schedule. The next time is worked out anew from now on.
    pub async fn update_schedule(
        &self,
        principal: &Principal,
        id: JobScheduleId,
        change: UpdateJobSchedule,
    ) -> Result<JobSchedule> {
        if let Some(payload) = &change.payload {
            check_payload(payload)?;
        }
        check_priority(change.priority)?;
        check_attempts(change.max_attempts)?;
        let mut tx = self.db.scoped(principal).await?;
        let before: JobSchedule = store::lock(&mut tx, id.uuid()).await?.ok_or_else(no_schedule)?.try_into()?;
        let is_retimed = change.cron.is_some() || change.time_zone.is_some() || change.is_enabled.is_some();
        let mut after = JobSchedule {
            payload: change.payload.map_or(before.payload, Value::Object),
            cron: change.cron.unwrap_or(before.cron),
            time_zone: change.time_zone.unwrap_or(before.time_zone),
            priority: change.priority.unwrap_or(before.priority),
            max_attempts: change.max_attempts.unwrap_or(before.max_attempts),
            is_enabled: change.is_enabled.unwrap_or(before.is_enabled),
            ..before
        };
        if is_retimed {
            let next = next_time(&after.cron, &after.time_zone, self.clock.now())?;
            after.next_at = after.is_enabled.then_some(next);
        }
        let row = store::update(&mut tx, &after).await?;
        tx.commit().await?;
        row.try_into()
    }

    /// Deletes a schedule. The jobs that it made stay.
    pub async fn delete_schedule(&self, principal: &Principal, id: JobScheduleId) -> Result<()> {
        let mut tx = self.db.scoped(principal).await?;
        if !store::delete(&mut tx, id.uuid()).await? {
            return Err(no_schedule());
        }
        tx.commit().await
    }

    /// The jobs that a schedule made, newest first.
    pub async fn schedule_runs(
        &self,
        principal: &Principal,
        id: JobScheduleId,
        query: ListScheduleRuns,
    ) -> Result<Page<Job>> {
        self.schedule(principal, id).await?;
        let below = paging::read_cursor(query.cursor.as_deref())?;
        let filter = Filter { schedule: Some(id.uuid()), below, ..Filter::default() };
        self.page(principal, &filter, query.limit).await
    }
}

/// The first time after `now`, of values that a caller gave.
fn next_time(cron: &str, time_zone: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    check::text("cron", cron, 1..=200)?;
    let zone = cron::zone(time_zone).map_err(|why| check::invalid("time_zone", &why))?;
    let cron = Cron::parse(cron).map_err(|why| check::invalid("cron", &why))?;
    cron.next_after(now, zone).ok_or_else(|| check::invalid("cron", "these times never come, as the 30th of February"))
}

fn no_schedule() -> Problem {
    Problem::not_found("schedule")
}
