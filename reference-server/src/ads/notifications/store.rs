//! The SQL of changes.

use std::collections::HashMap;

use acd_platform::ads::notifications::MetaNotification;
use acd_platform::{MetaNotificationId, ProductSlug};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, QueryBuilder};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

/// A change to be stored.
#[derive(Debug)]
pub(super) struct NewChange {
    pub(super) digest: Vec<u8>,
    pub(super) topic: &'static str,
    pub(super) ad_object: Option<String>,
    pub(super) object: String,
    pub(super) object_id: String,
    pub(super) field: String,
    pub(super) value: Value,
    pub(super) happened_at: Option<DateTime<Utc>>,
}

/// A change that was stored now.
#[derive(FromRow)]
pub(super) struct Stored {
    pub(super) id: Uuid,
    digest: Vec<u8>,
    product: Option<String>,
}

impl Stored {
    /// Whose it is.
    pub(super) fn product(&self) -> Result<Option<ProductSlug>> {
        self.product.as_deref().map(str::parse).transpose().map_err(Problem::internal)
    }
}

/// Stores what is not there yet, each with its owner, and gives the places of what was new.
pub(super) async fn insert(tx: &mut Tx, new: &[NewChange], received_at: DateTime<Utc>) -> Result<Vec<(usize, Stored)>> {
    macro_rules! column {
        (|$change:ident| $value:expr) => {
            new.iter().map(|$change| $value).collect::<Vec<_>>()
        };
    }
    let stored: Vec<Stored> = sqlx::query_as(
        "insert into ads_notifications (digest, product, object, object_id, field, value, happened_at, received_at)
         select n.digest, coalesce(source.product, made.product), n.object, n.object_id, n.field, n.value, n.happened_at, $1
         from unnest($2::bytea[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::timestamptz[], $8::text[])
                with ordinality as n (digest, object, object_id, field, value, happened_at, ad_object, position)
            left join ads_sources as source on source.kind = n.object and source.object_id = n.object_id
            left join ads_objects as made on made.object_id = n.ad_object
         order by n.position
         on conflict (digest) do nothing
         returning id, digest, product",
    )
    .bind(received_at)
    .bind(column!(|change| change.digest.as_slice()))
    .bind(column!(|change| change.object.as_str()))
    .bind(column!(|change| change.object_id.as_str()))
    .bind(column!(|change| change.field.as_str()))
    .bind(column!(|change| &change.value))
    .bind(column!(|change| change.happened_at))
    .bind(column!(|change| change.ad_object.as_deref()))
    .fetch_all(tx.conn())
    .await?;
    let places: HashMap<&[u8], usize> = new.iter().enumerate().map(|(at, new)| (new.digest.as_slice(), at)).collect();
    let place = |row: &Stored| places.get(row.digest.as_slice()).copied();
    Ok(stored.into_iter().filter_map(|row| Some((place(&row)?, row))).collect())
}

/// Deletes so many that came before this time.
pub(super) async fn delete_before(tx: &mut Tx, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let sql = "delete from ads_notifications where id in (
            select id from ads_notifications where received_at < $1 limit $2 for update skip locked)";
    Ok(sqlx::query(sql).bind(before).bind(most).execute(tx.conn()).await?.rows_affected())
}

/// What to list.
pub(super) struct Filter<'a> {
    pub(super) product: Option<&'a ProductSlug>,
    pub(super) object: Option<&'a str>,
    pub(super) field: Option<&'a str>,
    pub(super) below: Option<Uuid>,
}

#[derive(FromRow)]
pub(super) struct ChangeRow {
    pub(super) id: Uuid,
    product: Option<String>,
    object: String,
    object_id: String,
    field: String,
    value: Value,
    happened_at: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
}

impl TryFrom<ChangeRow> for MetaNotification {
    type Error = Problem;

    fn try_from(row: ChangeRow) -> Result<Self> {
        Ok(Self {
            id: MetaNotificationId::from(row.id),
            product: row.product.map(|product| product.parse()).transpose().map_err(Problem::internal)?,
            object: row.object,
            object_id: row.object_id,
            field: row.field,
            value: row.value,
            happened_at: row.happened_at,
            received_at: row.received_at,
        })
    }
}

/// Changes of a filter, newest first.
pub(super) async fn list(tx: &mut Tx, filter: &Filter<'_>, rows: i64) -> Result<Vec<ChangeRow>> {
    let mut sql = QueryBuilder::new(
        "select id, product, object, object_id, field, value, happened_at, received_at from ads_notifications where true",
    );
    let texts = [
        (" and product = ", filter.product.map(ProductSlug::as_str)),
        (" and object = ", filter.object),
        (" and field = ", filter.field),
    ];
    for (condition, value) in texts {
        if let Some(value) = value {
            sql.push(condition).push_bind(value);
        }
    }
    if let Some(below) = filter.below {
        sql.push(" and id < ").push_bind(below);
    }
    sql.push(" order by id desc limit ").push_bind(rows);
    Ok(sql.build_query_as().fetch_all(tx.conn()).await?)
}
