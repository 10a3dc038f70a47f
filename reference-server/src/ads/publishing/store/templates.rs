use acd_platform::ads::templates::{AdTemplate, CreateAdTemplate, TemplateVariable, UpdateAdTemplate};
use acd_platform::{AdTemplateId, ProductSlug};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde_json::{Map, Value};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, FromRow, query, query_as};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

const COLUMNS: &str = "id, product, name, variables, plan, created_at, updated_at";

/// A template.
#[derive(FromRow)]
pub(in crate::ads::publishing) struct TemplateRow {
    pub(in crate::ads::publishing) id: Uuid,
    pub(in crate::ads::publishing) product: String,
    name: String,
    variables: Json<Vec<TemplateVariable>>,
    plan: Json<Map<String, Value>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<TemplateRow> for AdTemplate {
    type Error = Problem;

    fn try_from(row: TemplateRow) -> Result<Self> {
        Ok(Self {
            id: AdTemplateId::from(row.id),
            product: row.product.parse().map_err(Problem::internal)?,
            name: row.name,
            variables: row.variables.0,
            plan: row.plan.0,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn refused(error: sqlx::Error) -> Problem {
    match error.as_database_error().and_then(|db| db.constraint()) {
        Some("ads_templates_product_fkey") => Problem::invalid("unknown_product", "product: no product has this slug"),
        Some("ads_templates_name") => name_taken(),
        _ => error.into(),
    }
}

/// Another template has the name.
pub(in crate::ads::publishing) fn name_taken() -> Problem {
    let detail = "name: the product has another template of this name; change that one or choose another name";
    Problem::new(StatusCode::CONFLICT, "template_name_taken", detail)
}

/// Stores a template; nothing when its name is taken.
pub(in crate::ads::publishing) async fn insert(
    tx: &mut Tx,
    product: &ProductSlug,
    new: &CreateAdTemplate,
) -> Result<Option<TemplateRow>> {
    let sql = format!(
        "insert into ads_templates (product, name, variables, plan) values ($1, $2, $3, $4)
         on conflict (product, name) do nothing returning {COLUMNS}"
    );
    query_as(AssertSqlSafe(sql))
        .bind(product.as_str())
        .bind(&new.name)
        .bind(Json(&new.variables))
        .bind(Json(&new.plan))
        .fetch_optional(tx.conn())
        .await
        .map_err(refused)
}

/// The product's template of this name.
pub(in crate::ads::publishing) async fn by_name(
    tx: &mut Tx,
    product: &ProductSlug,
    name: &str,
) -> Result<Option<TemplateRow>> {
    let sql = format!("select {COLUMNS} from ads_templates where product = $1 and name = $2");
    Ok(query_as(AssertSqlSafe(sql)).bind(product.as_str()).bind(name).fetch_optional(tx.conn()).await?)
}

/// A template, if the caller may see it.
pub(in crate::ads::publishing) async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<TemplateRow>> {
    let sql = format!("select {COLUMNS} from ads_templates where id = $1");
    Ok(query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// Templates, oldest first.
pub(in crate::ads::publishing) async fn list(
    tx: &mut Tx,
    product: Option<&ProductSlug>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<TemplateRow>> {
    let sql = format!(
        "select {COLUMNS} from ads_templates
         where ($1::text is null or product = $1) and ($2::uuid is null or id > $2) order by id limit $3"
    );
    let query = query_as(AssertSqlSafe(sql)).bind(product.map(ProductSlug::as_str)).bind(after).bind(rows);
    Ok(query.fetch_all(tx.conn()).await?)
}

/// Changes what the request names.
pub(in crate::ads::publishing) async fn update(
    tx: &mut Tx,
    id: Uuid,
    change: &UpdateAdTemplate,
) -> Result<Option<TemplateRow>> {
    let sql = format!(
        "update ads_templates set name = coalesce($2, name), variables = coalesce($3, variables), plan = coalesce($4, plan)
         where id = $1 returning {COLUMNS}"
    );
    query_as(AssertSqlSafe(sql))
        .bind(id)
        .bind(&change.name)
        .bind(change.variables.as_ref().map(Json))
        .bind(change.plan.as_ref().map(Json))
        .fetch_optional(tx.conn())
        .await
        .map_err(refused)
}

/// Deletes a template; false when there is none.
pub(in crate::ads::publishing) async fn delete(tx: &mut Tx, id: Uuid) -> Result<bool> {
    Ok(query("delete from ads_templates where id = $1").bind(id).execute(tx.conn()).await?.rows_affected() > 0)
}
