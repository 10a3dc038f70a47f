//! The SQL of audiences.

use acd_meta::{AdAccountId, AudienceId};
use acd_platform::ads::audiences::{AudienceSwitch, HubAudience};
use acd_platform::{HubAudienceId, ProductSlug};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

const COLUMNS: &str =
    "id, product, account, name, kind, source, renew_hours, seed_id, country, ratio_percent, audience_id,
    people, last_error, renewed_at, created_at";

/// One turn of a product's switch at a time.
pub(super) async fn lock_switch(tx: &mut Tx, product: &ProductSlug) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 7215346211016))")
        .bind(product.as_str())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A product's switch as it stands.
pub(super) async fn switch(tx: &mut Tx, product: &ProductSlug) -> Result<AudienceSwitch> {
    let sql = "select is_enabled, created_at, changed_by from ads_audience_switches where product = $1
         order by id desc limit 1";
    let last: Option<(bool, DateTime<Utc>, String)> =
        sqlx::query_as(sql).bind(product.as_str()).fetch_optional(tx.conn()).await?;
    let product = product.clone();
    Ok(match last {
        Some((is_enabled, at, by)) => {
            AudienceSwitch { product, is_enabled, changed_at: Some(at), changed_by: Some(by) }
        }
        None => AudienceSwitch { product, is_enabled: false, changed_at: None, changed_by: None },
    })
}

/// Whether a product's switch is on.
pub(super) async fn is_enabled(tx: &mut Tx, product: &ProductSlug) -> Result<bool> {
    Ok(switch(tx, product).await?.is_enabled)
}

/// Keeps a turn of a switch.
pub(super) async fn turn(
    tx: &mut Tx,
    product: &ProductSlug,
    is_enabled: bool,
    by: &str,
    request_id: &RequestId,
) -> Result<()> {
    sqlx::query(
        "insert into ads_audience_switches (product, is_enabled, changed_by, request_id) values ($1, $2, $3, $4)",
    )
    .bind(product.as_str())
    .bind(is_enabled)
    .bind(by)
    .bind(request_id.as_str())
    .execute(tx.conn())
    .await
    .map_err(|error| match error.as_database_error().and_then(|db| db.constraint()) {
        Some("ads_audience_switches_product_fkey") => {
            Problem::invalid("unknown_product", "product: no product has this slug")
        }
        _ => error.into(),
    })?;
    Ok(())
}

/// An audience to be stored.
pub(super) struct NewAudience<'a> {
    product: &'a ProductSlug,
    account: String,
    pub(super) name: &'a str,
    kind: &'static str,
    source: Option<Value>,
    renew_hours: Option<i32>,
    seed_id: Option<Uuid>,
    country: Option<&'a str>,
    ratio_percent: Option<i32>,
}

impl<'a> NewAudience<'a> {
    /// Of the product's people.
    pub(super) fn segment(
        product: &'a ProductSlug,
        account: &AdAccountId,
        name: &'a str,
        source: Value,
        renew_hours: i32,
    ) -> Self {
        Self {
            kind: "segment",
            source: Some(source),
            renew_hours: Some(renew_hours),
            ..Self::of(product, account, name)
        }
    }

    /// Of people like those of another.
    pub(super) fn lookalike(
        product: &'a ProductSlug,
        account: &AdAccountId,
        name: &'a str,
        seed: Uuid,
        country: &'a str,
        ratio: i32,
    ) -> Self {
        let (seed_id, country, ratio_percent) = (Some(seed), Some(country), Some(ratio));
        Self { kind: "lookalike", seed_id, country, ratio_percent, ..Self::of(product, account, name) }
    }

    fn of(product: &'a ProductSlug, account: &AdAccountId, name: &'a str) -> Self {
        let account = account.to_string();
        let (source, renew_hours, seed_id, country, ratio_percent) = (None, None, None, None, None);
        Self { product, account, name, kind: "", source, renew_hours, seed_id, country, ratio_percent }
    }
}

#[derive(FromRow)]
pub(super) struct AudienceRow {
    pub(super) id: Uuid,
    product: String,
    account: String,
    name: String,
    kind: String,
    source: Option<Value>,
    renew_hours: Option<i32>,
    seed_id: Option<Uuid>,
    country: Option<String>,
    ratio_percent: Option<i32>,
    audience_id: Option<String>,
    people: Option<i64>,
    last_error: Option<String>,
    renewed_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl AudienceRow {
    /// Whether it is what a request asks for.
    pub(super) fn is_as(&self, new: &NewAudience<'_>) -> bool {
        (&self.account, self.kind.as_str(), &self.source) == (&new.account, new.kind, &new.source)
            && (self.renew_hours, self.seed_id, self.country.as_deref(), self.ratio_percent)
                == (new.renew_hours, new.seed_id, new.country, new.ratio_percent)
    }
}

impl TryFrom<AudienceRow> for HubAudience {
    type Error = Problem;

    fn try_from(row: AudienceRow) -> Result<Self> {
        let number = |value: Option<i32>| value.map(u32::try_from).transpose().map_err(Problem::internal);
        Ok(Self {
            id: HubAudienceId::from(row.id),
            product: row.product.parse().map_err(Problem::internal)?,
            account: AdAccountId::from(row.account),
            name: row.name,
            kind: row.kind.parse().map_err(Problem::internal)?,
            source: row.source.map(serde_json::from_value).transpose().map_err(Problem::internal)?,
            seed_id: row.seed_id.map(HubAudienceId::from),
            country: row.country,
            ratio_percent: number(row.ratio_percent)?,
            renew_hours: number(row.renew_hours)?,
            audience_id: row.audience_id.map(AudienceId::from),
            people: row.people.map(u64::try_from).transpose().map_err(Problem::internal)?,
            renewed_at: row.renewed_at,
            last_error: row.last_error,
            created_at: row.created_at,
        })
    }
}

/// Stores an audience, due after its hours; nothing when the product has one of this name.
pub(super) async fn insert(tx: &mut Tx, new: &NewAudience<'_>, now: DateTime<Utc>) -> Result<Option<AudienceRow>> {
    let sql = format!(
        "insert into ads_audiences
            (product, account, name, kind, source, renew_hours, seed_id, country, ratio_percent, renew_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::timestamptz + make_interval(hours => $6))
         on conflict (product, name) do nothing returning {COLUMNS}"
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql))
        .bind(new.product.as_str())
        .bind(&new.account)
        .bind(new.name)
        .bind(new.kind)
        .bind(&new.source)
        .bind(new.renew_hours)
        .bind(new.seed_id)
        .bind(new.country)
        .bind(new.ratio_percent)
        .bind(now)
        .fetch_optional(tx.conn())
        .await?)
}

/// The audience of this name.
pub(super) async fn by_name(tx: &mut Tx, product: &ProductSlug, name: &str) -> Result<Option<AudienceRow>> {
    let sql = format!("select {COLUMNS} from ads_audiences where product = $1 and name = $2");
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(product.as_str()).bind(name).fetch_optional(tx.conn()).await?)
}

/// One audience.
pub(super) async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<AudienceRow>> {
    let sql = format!("select {COLUMNS} from ads_audiences where id = $1");
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// Audiences, oldest first.
pub(super) async fn list(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<AudienceRow>> {
    let sql = format!(
        "select {COLUMNS} from ads_audiences
         where ($1::text is null or product = $1) and ($2::uuid is null or id > $2) order by id limit $3"
    );
    let query = sqlx::query_as(AssertSqlSafe(sql)).bind(product.map(ProductSlug::as_str)).bind(after).bind(rows);
    Ok(query.fetch_all(tx.conn()).await?)
}

/// Whether others are made of people like those of this one.
pub(super) async fn is_seed(tx: &mut Tx, id: Uuid) -> Result<bool> {
    let sql = "select exists (select from ads_audiences where seed_id = $1)";
    Ok(sqlx::query_scalar(sql).bind(id).fetch_one(tx.conn()).await?)
}

/// Audiences whose time has come, with their products; their next time is set.
pub(super) async fn due(tx: &mut Tx, now: DateTime<Utc>, most: i64) -> Result<Vec<(Uuid, String)>> {
    let sql = "update ads_audiences set renew_at = $1 + make_interval(hours => renew_hours) where id in (
            select id from ads_audiences where renew_at <= $1 order by renew_at limit $2 for update skip locked)
         returning id, product";
    Ok(sqlx::query_as(sql).bind(now).bind(most).fetch_all(tx.conn()).await?)
}

/// Notes Meta's id of an audience.
pub(super) async fn made(tx: &mut Tx, id: Uuid, at_meta: &AudienceId) -> Result<()> {
    sqlx::query("update ads_audiences set audience_id = $2 where id = $1")
        .bind(id)
        .bind(at_meta.as_str())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes a renewal.
pub(super) async fn renewed(
    tx: &mut Tx,
    id: Uuid,
    at_meta: Option<&AudienceId>,
    people: Option<usize>,
    now: DateTime<Utc>,
) -> Result<()> {
    let people = people.map(i64::try_from).transpose().map_err(Problem::internal)?;
    let sql =
        "update ads_audiences set audience_id = $2, people = $3, renewed_at = $4, last_error = null where id = $1";
    let query = sqlx::query(sql).bind(id).bind(at_meta.map(AudienceId::as_str)).bind(people).bind(now);
    query.execute(tx.conn()).await?;
    Ok(())
}

/// Notes why a renewal failed.
pub(super) async fn failed(tx: &mut Tx, id: Uuid, error: &str) -> Result<()> {
    let sql = "update ads_audiences set last_error = left($2, 2000) where id = $1";
    sqlx::query(sql).bind(id).bind(error).execute(tx.conn()).await?;
    Ok(())
}

/// Deletes an audience.
pub(super) async fn delete(tx: &mut Tx, id: Uuid) -> Result<()> {
    sqlx::query("delete from ads_audiences where id = $1").bind(id).execute(tx.conn()).await?;
    Ok(())
}
