//! Rules: what counts as a conversion.

use acd_platform::attribution::{ConversionRule, CreateConversionRule, ValueUnit};
use acd_platform::conditions::Condition;
use acd_platform::{ConversionRuleId, ProductSlug};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::super::rule::Rule;
use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

pub(super) const COLUMNS: &str = "id, product, name, event, conditions, effect, amount_minor, value_property, value_unit, \
                                  currency, currency_property, order_property, created_at";

/// A rule's row.
#[derive(FromRow)]
pub(in crate::ads::attribution) struct RuleRow {
    pub(in crate::ads::attribution) id: Uuid,
    product: String,
    name: String,
    event: String,
    conditions: Json<Vec<Condition>>,
    effect: String,
    amount_minor: Option<i64>,
    value_property: Option<String>,
    value_unit: String,
    currency: Option<String>,
    currency_property: Option<String>,
    order_property: Option<String>,
    created_at: DateTime<Utc>,
}

impl TryFrom<RuleRow> for Rule {
    type Error = Problem;

    fn try_from(row: RuleRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            product: row.product,
            event: row.event,
            conditions: row.conditions.0,
            effect: row.effect.parse().map_err(Problem::internal)?,
            amount_minor: row.amount_minor,
            value_property: row.value_property,
            value_unit: row.value_unit.parse().map_err(Problem::internal)?,
            currency: row.currency,
            currency_property: row.currency_property,
            order_property: row.order_property,
        })
    }
}

impl TryFrom<RuleRow> for ConversionRule {
    type Error = Problem;

    fn try_from(row: RuleRow) -> Result<Self> {
        Ok(Self {
            id: ConversionRuleId::from(row.id),
            product: row.product.parse().map_err(Problem::internal)?,
            name: row.name,
            event: row.event,
            conditions: row.conditions.0,
            effect: row.effect.parse().map_err(Problem::internal)?,
            amount_minor: row.amount_minor,
            value_property: row.value_property,
            value_unit: row.value_unit.parse().map_err(Problem::internal)?,
            currency: row.currency,
            currency_property: row.currency_property,
            order_property: row.order_property,
            created_at: row.created_at,
        })
    }
}

/// Stores a rule; nothing when its idempotency key was used before.
pub(in crate::ads::attribution) async fn insert(
    tx: &mut Tx,
    product: &ProductSlug,
    rule: &CreateConversionRule,
    idempotency_key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<RuleRow>> {
    let sql = format!(
        "insert into conversion_rules (id, product, name, event, conditions, effect, amount_minor, value_property, value_unit,
            currency, currency_property, order_property, idempotency_key, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (product, idempotency_key) where idempotency_key is not null do nothing
         returning {COLUMNS}"
    );
    sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(Uuid::now_v7())
        .bind(product.as_str())
        .bind(&rule.name)
        .bind(&rule.event)
        .bind(Json(&rule.conditions))
        .bind(rule.effect.as_str())
        .bind(rule.amount_minor)
        .bind(&rule.value_property)
        .bind(rule.value_unit.unwrap_or(ValueUnit::Major).as_str())
        .bind(&rule.currency)
        .bind(&rule.currency_property)
        .bind(&rule.order_property)
        .bind(idempotency_key)
        .bind(now)
        .fetch_optional(tx.conn())
        .await
        .map_err(|error| match error.as_database_error().and_then(|db| db.constraint()) {
            Some("conversion_rules_product_fkey") => {
                Problem::invalid("unknown_product", "product: no product has this slug")
            }
            Some("conversion_rules_name") => Problem::new(
                http::StatusCode::CONFLICT,
                "name_taken",
                "name: a rule of this product has it; choose another, or delete that rule first",
            ),
            _ => error.into(),
        })
}

/// The rule that an idempotency key made.
pub(in crate::ads::attribution) async fn by_idempotency_key(
    tx: &mut Tx,
    product: &ProductSlug,
    key: &str,
) -> Result<RuleRow> {
    let sql = format!("select {COLUMNS} from conversion_rules where product = $1 and idempotency_key = $2");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(product.as_str()).bind(key).fetch_one(tx.conn()).await?)
}

/// How many rules of a product are in force.
pub(in crate::ads::attribution) async fn count(tx: &mut Tx, product: &ProductSlug) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from conversion_rules where product = $1 and ended_at is null")
        .bind(product.as_str())
        .fetch_one(tx.conn())
        .await?)
}

/// Rules in force after a cursor, oldest first.
pub(in crate::ads::attribution) async fn list(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<RuleRow>> {
    let sql = format!(
        "select {COLUMNS} from conversion_rules
         where ended_at is null and ($1::text is null or product = $1) and ($2::uuid is null or id > $2)
         order by id limit $3"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(product.map(ProductSlug::as_str))
        .bind(after)
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}

/// Ends a rule and says whose it is; one that ended before keeps its time.
pub(in crate::ads::attribution) async fn end(tx: &mut Tx, id: Uuid, at: DateTime<Utc>) -> Result<Option<String>> {
    Ok(sqlx::query_scalar(
        "update conversion_rules set ended_at = coalesce(ended_at, $2) where id = $1 returning product",
    )
    .bind(id)
    .bind(at)
    .fetch_optional(tx.conn())
    .await?)
}
