//! Schedules.

use acd_platform::jobs::JobSchedule;
use acd_platform::{JobScheduleId, ProductSlug};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{AssertSqlSafe, FromRow, query, query_as};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

const COLUMNS: &str = "s.id, s.product, s.name, s.kind, s.payload, s.cron, s.time_zone, s.priority, s.max_attempts,
    s.is_enabled, s.next_at, s.last_at, s.created_at, s.updated_at";

/// A schedule as it is stored.
#[derive(Clone, Debug, FromRow)]
pub(in crate::jobs) struct ScheduleRow {
    pub(in crate::jobs) id: Uuid,
    product: Option<String>,
    name: String,
    kind: String,
    payload: Value,
    cron: String,
    time_zone: String,
    priority: i16,
    max_attempts: i32,
    is_enabled: bool,
    next_at: Option<DateTime<Utc>>,
    last_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<ScheduleRow> for JobSchedule {
    type Error = Problem;

    fn try_from(row: ScheduleRow) -> Result<Self> {
        Ok(Self {
            id: JobScheduleId::from(row.id),
            product: row.product.map(|slug| slug.parse()).transpose().map_err(Problem::internal)?,
            name: row.name,
            kind: row.kind,
            payload: row.payload,
            cron: row.cron,
            time_zone: row.time_zone,
            priority: row.priority,
            max_attempts: row.max_attempts.unsigned_abs(),
            is_enabled: row.is_enabled,
            next_at: row.next_at,
            last_at: row.last_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// A schedule to be stored.
#[derive(Clone, Copy, Debug)]
pub(in crate::jobs) struct NewSchedule<'a> {
    pub(in crate::jobs) product: Option<&'a ProductSlug>,
    pub(in crate::jobs) name: &'a str,
    pub(in crate::jobs) kind: &'a str,
    pub(in crate::jobs) payload: &'a Value,
    pub(in crate::jobs) cron: &'a str,
    pub(in crate::jobs) time_zone: &'a str,
    pub(in crate::jobs) priority: i16,
    pub(in crate::jobs) max_attempts: i32,
    pub(in crate::jobs) next_at: Option<DateTime<Utc>>,
}

/// Stores a schedule; nothing when the product has one with this name.
pub(in crate::jobs) async fn insert(
    tx: &mut Tx,
    schedule: &NewSchedule<'_>,
    now: DateTime<Utc>,
) -> Result<Option<ScheduleRow>> {
    let sql = format!(
        "insert into shared_job_schedules as s
            (id, product, name, kind, payload, cron, time_zone, priority, max_attempts, next_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (coalesce(product, ''), name) do nothing returning {COLUMNS}"
    );
    query_as(AssertSqlSafe(sql))
        .bind(Uuid::now_v7())
        .bind(schedule.product.map(ProductSlug::as_str))
        .bind(schedule.name)
        .bind(schedule.kind)
        .bind(schedule.payload)
        .bind(schedule.cron)
        .bind(schedule.time_zone)
        .bind(schedule.priority)
        .bind(schedule.max_attempts)
        .bind(schedule.next_at)
        .bind(now)
        .fetch_optional(tx.conn())
        .await
        .map_err(|error| match error.as_database_error().and_then(|db| db.constraint()) {
            Some("shared_job_schedules_product_fkey") => {
                Problem::invalid("unknown_product", "product: no product has this slug")
            }
            _ => error.into(),
        })
}

/// The schedule of a product with this name.
pub(in crate::jobs) async fn by_name(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    name: &str,
) -> Result<Option<ScheduleRow>> {
    let sql =
        format!("select {COLUMNS} from shared_job_schedules as s where coalesce(s.product, '') = $1 and s.name = $2");
    Ok(query_as(AssertSqlSafe(sql))
        .bind(product.map_or("", ProductSlug::as_str))
        .bind(name)
        .fetch_optional(tx.conn())
        .await?)
}

/// A schedule.
pub(in crate::jobs) async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<ScheduleRow>> {
    let sql = format!("select {COLUMNS} from shared_job_schedules as s where s.id = $1");
    Ok(query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// A schedule for a change, locked until the transaction ends.
pub(in crate::jobs) async fn lock(tx: &mut Tx, id: Uuid) -> Result<Option<ScheduleRow>> {
    let sql = format!("select {COLUMNS} from shared_job_schedules as s where s.id = $1 for update");
    Ok(query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// Writes what may change of a schedule.
pub(in crate::jobs) async fn update(tx: &mut Tx, schedule: &JobSchedule) -> Result<ScheduleRow> {
    let sql = format!(
        "update shared_job_schedules as s
         set payload = $2, cron = $3, time_zone = $4, priority = $5, max_attempts = $6, is_enabled = $7, next_at = $8
         where s.id = $1 returning {COLUMNS}"
    );
    Ok(query_as(AssertSqlSafe(sql))
        .bind(schedule.id.uuid())
        .bind(&schedule.payload)
        .bind(&schedule.cron)
        .bind(&schedule.time_zone)
        .bind(schedule.priority)
        .bind(i32::try_from(schedule.max_attempts).map_err(Problem::internal)?)
        .bind(schedule.is_enabled)
        .bind(schedule.next_at)
        .fetch_one(tx.conn())
        .await?)
}

/// Deletes a schedule, and says whether there was one.
pub(in crate::jobs) async fn delete(tx: &mut Tx, id: Uuid) -> Result<bool> {
    let done = query("delete from shared_job_schedules where id = $1").bind(id).execute(tx.conn()).await?;
    Ok(done.rows_affected() > 0)
}

/// Schedules after a cursor, oldest first.
pub(in crate::jobs) async fn list(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<ScheduleRow>> {
    let sql = format!(
        "select {COLUMNS} from shared_job_schedules as s
         where ($1::text is null or s.product = $1) and ($2::uuid is null or s.id > $2) order by s.id limit $3"
    );
    Ok(query_as(AssertSqlSafe(sql))
        .bind(product.map(ProductSlug::as_str))
        .bind(after)
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}

/// A schedule whose time has come.
#[derive(Clone, Debug, FromRow)]
pub(in crate::jobs) struct Due {
    pub(in crate::jobs) id: Uuid,
    pub(in crate::jobs) product: Option<String>,
    pub(in crate::jobs) kind: String,
    pub(in crate::jobs) payload: Value,
    pub(in crate::jobs) cron: String,
    pub(in crate::jobs) time_zone: String,
    pub(in crate::jobs) priority: i16,
    pub(in crate::jobs) max_attempts: i32,
    pub(in crate::jobs) next_at: DateTime<Utc>,
}

/// Schedules whose time has come, locked. Those that another replica has are left to it.
pub(in crate::jobs) async fn due(tx: &mut Tx, now: DateTime<Utc>) -> Result<Vec<Due>> {
    Ok(query_as(
        "select id, product, kind, payload, cron, time_zone, priority, max_attempts, next_at from shared_job_schedules
         where next_at <= $1 order by next_at limit 100 for update skip locked",
    )
    .bind(now)
    .fetch_all(tx.conn())
    .await?)
}

/// Moves a schedule on from the time that was dealt with.
pub(in crate::jobs) async fn move_on(tx: &mut Tx, due: &Due, next_at: Option<DateTime<Utc>>) -> Result<()> {
    query("update shared_job_schedules set last_at = $2, next_at = $3 where id = $1")
        .bind(due.id)
        .bind(due.next_at)
        .bind(next_at)
        .execute(tx.conn())
        .await?;
    Ok(())
}
