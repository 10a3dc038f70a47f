//! The SQL of users.

use acd_platform::users::{UpdateUser, User};
use acd_platform::{ProductSlug, UserId};
use chrono::{DateTime, Utc};
use http::StatusCode;
use sqlx::{AssertSqlSafe, FromRow, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::kernel::check;
use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

const COLUMNS: &str = "id, email, name, avatar_url, locale, timezone, signup_product, created_at, updated_at";

#[derive(FromRow)]
pub(in crate::identity) struct UserRow {
    pub(in crate::identity) id: Uuid,
    email: String,
    name: Option<String>,
    avatar_url: Option<String>,
    locale: String,
    timezone: String,
    signup_product: String,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<UserRow> for User {
    type Error = Problem;

    fn try_from(row: UserRow) -> Result<Self> {
        Ok(Self {
            id: UserId::from(row.id),
            email: row.email,
            name: row.name,
            avatar_url: row.avatar_url,
            locale: row.locale,
            timezone: row.timezone,
            signup_product: row.signup_product.parse().map_err(Problem::internal)?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// A user to be stored.
pub(in crate::identity) struct NewUser<'a> {
    pub(in crate::identity) id: Uuid,
    pub(in crate::identity) email: &'a str,
    pub(in crate::identity) name: Option<&'a str>,
    pub(in crate::identity) avatar_url: Option<&'a str>,
    pub(in crate::identity) locale: &'a str,
    pub(in crate::identity) timezone: &'a str,
    pub(in crate::identity) signup_product: &'a ProductSlug,
    pub(in crate::identity) idempotency_key: Option<&'a str>,
}

/// Stores a user; nothing when the id, the address or the idempotency key is taken.
pub(in crate::identity) async fn insert(tx: &mut Tx, user: &NewUser<'_>) -> Result<Option<UserRow>> {
    let sql = format!(
        "insert into shared_users (id, email, name, avatar_url, locale, timezone, signup_product, idempotency_key)
         values ($1, lower($2), $3, $4, $5, $6, $7, $8)
         on conflict do nothing
         returning {COLUMNS}"
    );
    sqlx::query_as(AssertSqlSafe(sql))
        .bind(user.id)
        .bind(user.email)
        .bind(user.name)
        .bind(user.avatar_url)
        .bind(user.locale)
        .bind(user.timezone)
        .bind(user.signup_product.as_str())
        .bind(user.idempotency_key)
        .fetch_optional(tx.conn())
        .await
        .map_err(refused)
}

/// The user that an idempotency key made.
#[derive(FromRow)]
pub(in crate::identity) struct Earlier {
    #[sqlx(flatten)]
    pub(in crate::identity) user: UserRow,
    pub(in crate::identity) same_email: bool,
}

/// The user that an idempotency key of this product made, and whether the address is this one.
pub(in crate::identity) async fn by_idempotency_key(
    tx: &mut Tx,
    product: &ProductSlug,
    key: &str,
    email: &str,
) -> Result<Option<Earlier>> {
    let sql = format!(
        "select {COLUMNS}, email = lower($3) as same_email from shared_users
         where signup_product = $1 and idempotency_key = $2"
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql))
        .bind(product.as_str())
        .bind(key)
        .bind(email)
        .fetch_optional(tx.conn())
        .await?)
}

/// Whether anyone whom this transaction may see has the address.
pub(in crate::identity) async fn has_email(tx: &mut Tx, email: &str) -> Result<bool> {
    let sql = "select exists (select from shared_users where email = lower($1))";
    Ok(sqlx::query_scalar(sql).bind(email).fetch_one(tx.conn()).await?)
}

/// Whether this transaction may see a user.
pub(in crate::identity) async fn exists(tx: &mut Tx, id: Uuid) -> Result<bool> {
    let sql = "select exists (select from shared_users where id = $1)";
    Ok(sqlx::query_scalar(sql).bind(id).fetch_one(tx.conn()).await?)
}

/// A user.
pub(in crate::identity) async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<UserRow>> {
    let sql = format!("select {COLUMNS} from shared_users where id = $1");
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(id).fetch_optional(tx.conn()).await?)
}

/// Users after a cursor, oldest first.
pub(in crate::identity) async fn list(
    tx: &mut Tx,
    email: Option<&str>,
    signup_product: Option<&ProductSlug>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<UserRow>> {
    let sql = format!(
        "select {COLUMNS} from shared_users
         where ($1::text is null or email = lower($1)) and ($2::text is null or signup_product = $2)
            and ($3::uuid is null or id > $3)
         order by id limit $4"
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql))
        .bind(email)
        .bind(signup_product.map(ProductSlug::as_str))
        .bind(after)
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}

/// Changes what the request names, and only that: a user may not write every column. Nothing when the row may be read but
/// not changed.
pub(in crate::identity) async fn update(tx: &mut Tx, id: Uuid, change: &UpdateUser) -> Result<Option<UserRow>> {
    let mut sql = QueryBuilder::<Postgres>::new("update shared_users set ");
    let mut columns = sql.separated(", ");
    if let Some(email) = &change.email {
        columns.push("email = lower(").push_bind_unseparated(email).push_unseparated(")");
    }
    if let Some(name) = &change.name {
        columns.push("name = ").push_bind_unseparated(name);
    }
    if let Some(url) = &change.avatar_url {
        columns.push("avatar_url = ").push_bind_unseparated(url);
    }
    if let Some(locale) = &change.locale {
        columns.push("locale = ").push_bind_unseparated(locale);
    }
    if let Some(timezone) = &change.timezone {
        columns.push("timezone = ").push_bind_unseparated(timezone);
    }
    sql.push(" where id = ").push_bind(id).push(format_args!(" returning {COLUMNS}"));
    sql.build_query_as().fetch_optional(tx.conn()).await.map_err(refused)
}

fn refused(error: sqlx::Error) -> Problem {
    match error.as_database_error().and_then(|db| db.constraint()) {
        Some("shared_users_email") => email_taken(),
        Some("shared_users_signup_product_fkey") => {
            Problem::invalid("unknown_product", "product: no product has this slug")
        }
        // PostgreSQL knows letters whose small form differs from ours.
        Some("shared_users_email_check") => check::invalid("email", "is no e-mail address once in lower case"),
        _ => error.into(),
    }
}

/// The same answer whoever has the address: one product does not learn who uses another.
pub(in crate::identity) fn email_taken() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "email_taken",
        "email: a user with this address exists already; have them sign in",
    )
}
