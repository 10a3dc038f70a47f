//! The SQL of entitlements.

use acd_platform::entitlements::{Entitlement, EntitlementStatus, Plan, PutEntitlement};
use acd_platform::{ProductSlug, UserId};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, FromRow};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

const COLUMNS: &str = "user_id, product, plan, role, status, source, expires_at,
    acd.grants(status, expires_at) as grants, created_at, updated_at";

#[derive(FromRow)]
pub(in crate::identity) struct EntitlementRow {
    pub(in crate::identity) user_id: Uuid,
    pub(in crate::identity) product: String,
    plan: String,
    role: String,
    status: String,
    source: String,
    expires_at: Option<DateTime<Utc>>,
    grants: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<EntitlementRow> for Entitlement {
    type Error = Problem;

    fn try_from(row: EntitlementRow) -> Result<Self> {
        Ok(Self {
            user_id: UserId::from(row.user_id),
            product: row.product.parse().map_err(Problem::internal)?,
            plan: row.plan.parse().map_err(Problem::internal)?,
            role: row.role.parse().map_err(Problem::internal)?,
            status: row.status.parse().map_err(Problem::internal)?,
            source: row.source.parse().map_err(Problem::internal)?,
            expires_at: row.expires_at,
            grants: row.grants,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Which entitlements a list has.
pub(in crate::identity) struct Filter<'a> {
    pub(in crate::identity) user: Option<Uuid>,
    pub(in crate::identity) product: Option<&'a ProductSlug>,
    pub(in crate::identity) plan: Option<Plan>,
    pub(in crate::identity) status: Option<EntitlementStatus>,
    pub(in crate::identity) after: Option<(Uuid, ProductSlug)>,
}

/// The addresses of users to whom an entitlement grants something now.
pub(in crate::identity) async fn emails(tx: &mut Tx, product: &ProductSlug, plans: &[Plan]) -> Result<Vec<String>> {
    let sql = "select u.email from shared_entitlements as e join shared_users as u on u.id = e.user_id
         where e.product = $1 and (cardinality($2::text[]) = 0 or e.plan = any ($2)) and acd.grants(e.status, e.expires_at)
         order by u.email";
    let plans: Vec<&str> = plans.iter().map(|plan| plan.as_str()).collect();
    Ok(sqlx::query_scalar(sql).bind(product.as_str()).bind(plans).fetch_all(tx.conn()).await?)
}

/// Entitlements by user and product.
pub(in crate::identity) async fn list(tx: &mut Tx, filter: &Filter<'_>, rows: i64) -> Result<Vec<EntitlementRow>> {
    let sql = format!(
        "select {COLUMNS} from shared_entitlements
         where ($1::uuid is null or user_id = $1) and ($2::text is null or product = $2)
            and ($3::text is null or plan = $3) and ($4::text is null or status = $4)
            and ($5::uuid is null or (user_id, product) > ($5, $6))
         order by user_id, product limit $7"
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql))
        .bind(filter.user)
        .bind(filter.product.map(ProductSlug::as_str))
        .bind(filter.plan.map(Plan::as_str))
        .bind(filter.status.map(EntitlementStatus::as_str))
        .bind(filter.after.as_ref().map(|(user, _)| *user))
        .bind(filter.after.as_ref().map(|(_, product)| product.as_str()))
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}

/// A user's entitlement to a product for a change, locked until the transaction ends.
pub(in crate::identity) async fn lock(
    tx: &mut Tx,
    user: Uuid,
    product: &ProductSlug,
) -> Result<Option<EntitlementRow>> {
    let sql = format!("select {COLUMNS} from shared_entitlements where user_id = $1 and product = $2 for update");
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(user).bind(product.as_str()).fetch_optional(tx.conn()).await?)
}

/// Makes a user's entitlement to a product what it shall be.
pub(in crate::identity) async fn put(
    tx: &mut Tx,
    user: Uuid,
    product: &ProductSlug,
    wanted: &PutEntitlement,
) -> Result<EntitlementRow> {
    let sql = format!(
        "insert into shared_entitlements (user_id, product, plan, role, status, source, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (user_id, product) do update set plan = excluded.plan, role = excluded.role,
            status = excluded.status, source = excluded.source, expires_at = excluded.expires_at
         returning {COLUMNS}"
    );
    sqlx::query_as(AssertSqlSafe(sql))
        .bind(user)
        .bind(product.as_str())
        .bind(wanted.plan.as_str())
        .bind(wanted.role.as_str())
        .bind(wanted.status.as_str())
        .bind(wanted.source.as_str())
        .bind(wanted.expires_at)
        .fetch_one(tx.conn())
        .await
        .map_err(|error| match error.as_database_error().and_then(|db| db.constraint()) {
            Some("shared_entitlements_product_fkey") => {
                Problem::invalid("unknown_product", "product: no product has this slug")
            }
            // Deleted since it was looked up.
            Some("shared_entitlements_user_id_fkey") => Problem::not_found("user"),
            _ => error.into(),
        })
}
