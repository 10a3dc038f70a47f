//! The SQL of persons and their links.

use acd_platform::ProductSlug;
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// The ids that one event says belong together.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    pub(crate) product: &'a ProductSlug,
    pub(crate) user_id: Option<&'a str>,
    pub(crate) anonymous_id: Option<&'a str>,
    pub(crate) previous_id: Option<&'a str>,
    pub(crate) email: Option<&'a str>,
    pub(crate) traits: Option<&'a RawValue>,
}

/// Resolves claims one after the other, in order.
pub(in crate::identity) async fn resolve(tx: &mut Tx, claims: &[Claim<'_>]) -> Result<(), sqlx::Error> {
    macro_rules! column {
        (|$claim:ident| $value:expr) => {
            claims.iter().map(|$claim| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "select shared.resolve_person(c.product, c.user_id, c.anonymous_id, c.previous_id, c.email, c.traits)
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[]) with ordinality
            as c (product, user_id, anonymous_id, previous_id, email, traits, position)
         order by c.position",
    )
    .bind(column!(|c| c.product.as_str()))
    .bind(column!(|c| c.user_id))
    .bind(column!(|c| c.anonymous_id))
    .bind(column!(|c| c.previous_id))
    .bind(column!(|c| c.email))
    .bind(column!(|c| c.traits.map(Json)))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A person's row.
#[derive(FromRow)]
pub(in crate::identity) struct PersonRow {
    pub(in crate::identity) id: Uuid,
    pub(in crate::identity) traits: Json<Map<String, Value>>,
    pub(in crate::identity) created_at: DateTime<Utc>,
}

/// An id of a person.
#[derive(FromRow)]
pub(in crate::identity) struct LinkRow {
    pub(in crate::identity) provider: String,
    pub(in crate::identity) product: Option<String>,
    pub(in crate::identity) external_id: String,
}

/// The person that a link leads to.
pub(in crate::identity) async fn by_link(
    tx: &mut Tx,
    provider: &str,
    product: Option<&ProductSlug>,
    external_id: &str,
) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar(
        "select person_id from shared.identity_link
         where provider = $1 and product is not distinct from $2 and external_id = $3",
    )
    .bind(provider)
    .bind(product.map(ProductSlug::as_str))
    .bind(external_id)
    .fetch_optional(tx.conn())
    .await?)
}

/// A person, or the one it was merged into.
pub(in crate::identity) async fn person(tx: &mut Tx, id: Uuid) -> Result<Option<PersonRow>> {
    Ok(sqlx::query_as(
        "select survivor.id, survivor.traits, survivor.created_at
         from shared.person as asked join shared.person as survivor
            on survivor.id = coalesce(asked.merged_into, asked.id)
         where asked.id = $1",
    )
    .bind(id)
    .fetch_optional(tx.conn())
    .await?)
}

/// The links of a person, oldest first.
pub(in crate::identity) async fn links(tx: &mut Tx, person: Uuid) -> Result<Vec<LinkRow>> {
    Ok(sqlx::query_as(
        "select provider, product, external_id from shared.identity_link where person_id = $1 order by id",
    )
    .bind(person)
    .fetch_all(tx.conn())
    .await?)
}
