//! The SQL of persons and their links.

use acd_platform::ProductSlug;
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::identity::Subject;
use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// Held by whoever writes identity, as `shared.resolve_person` does.
const WRITER_LOCK: i64 = 7_215_346_211_003;

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

impl Claim<'_> {
    /// Whether it says nothing but that a visitor was there: it can make a person, and never merges any.
    fn is_visitor(&self) -> bool {
        self.user_id.is_none() && self.previous_id.is_none() && self.email.is_none() && self.traits.is_none()
    }
}

/// The persons of claims, made, merged and linked as needed; in the order of the claims.
pub(in crate::identity) async fn resolve(tx: &mut Tx, claims: &[Claim<'_>]) -> Result<Vec<Uuid>, sqlx::Error> {
    let (visitors, others): (Vec<usize>, Vec<usize>) = (0..claims.len()).partition(|at| claims[*at].is_visitor());
    let mut persons = vec![Uuid::nil(); claims.len()];
    // Visitors last: where another claim names one, its person is theirs, and none is made only to be merged.
    for (which, found) in [
        (&others, resolve_in_order(tx, &others.iter().map(|at| &claims[*at]).collect::<Vec<_>>()).await?),
        (&visitors, resolve_visitors(tx, &visitors.iter().map(|at| &claims[*at]).collect::<Vec<_>>()).await?),
    ] {
        for (at, person) in which.iter().zip(found) {
            persons[*at] = person;
        }
    }
    Ok(persons)
}

/// Resolves claims one after the other, in order.
async fn resolve_in_order(tx: &mut Tx, claims: &[&Claim<'_>]) -> Result<Vec<Uuid>, sqlx::Error> {
    if claims.is_empty() {
        return Ok(Vec::new());
    }
    macro_rules! column {
        (|$claim:ident| $value:expr) => {
            claims.iter().map(|$claim| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query_scalar(
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
    .fetch_all(tx.conn())
    .await
}

/// What somebody wrote into a lead form.
#[derive(Debug)]
pub(crate) struct LeadClaim<'a> {
    pub(crate) product: &'a ProductSlug,
    /// Meta's id of the lead.
    pub(crate) lead_id: &'a str,
    /// By which the product knows the person.
    pub(crate) anonymous_id: &'a str,
    /// In lower case.
    pub(crate) email: Option<&'a str>,
    /// The digits, country first.
    pub(crate) phone: Option<&'a str>,
    pub(crate) traits: &'a Map<String, Value>,
}

/// The person who filled in a form, found, made and linked as needed.
pub(in crate::identity) async fn resolve_lead(tx: &mut Tx, claim: &LeadClaim<'_>) -> Result<Uuid> {
    Ok(sqlx::query_scalar("select shared.resolve_lead($1, $2, $3, $4, $5, $6)")
        .bind(claim.product.as_str())
        .bind(claim.lead_id)
        .bind(claim.anonymous_id)
        .bind(claim.email)
        .bind(claim.phone)
        .bind(Json(claim.traits))
        .fetch_one(tx.conn())
        .await?)
}

/// How somebody can be reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, FromRow)]
pub(crate) struct Contact {
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
}

/// What a product was told of how these people can be reached. Who was named by an address is reached there.
pub(in crate::identity) async fn contacts(
    tx: &mut Tx,
    product: &ProductSlug,
    people: &[Subject],
) -> Result<Vec<Contact>> {
    Ok(sqlx::query_as(
        "select distinct case when s.provider = 'email' then s.external_id else p.traits -> $1 ->> 'email' end as email,
            p.traits -> $1 ->> 'phone' as phone
         from unnest($2::text[], $3::text[]) as s (provider, external_id)
            left join shared.identity_link as l on l.provider = s.provider and l.external_id = s.external_id
                and l.product is not distinct from case when s.provider = 'email' then null else $1 end
            left join shared.person as p on p.id = l.person_id",
    )
    .bind(product.as_str())
    .bind(people.iter().map(|one| one.provider).collect::<Vec<_>>())
    .bind(people.iter().map(|one| one.external_id.as_str()).collect::<Vec<_>>())
    .fetch_all(tx.conn())
    .await?)
}

/// Finds or makes the persons of visitors, all at once: a campaign brings many new ones, and nothing of theirs can merge.
async fn resolve_visitors(tx: &mut Tx, claims: &[&Claim<'_>]) -> Result<Vec<Uuid>, sqlx::Error> {
    if claims.is_empty() {
        return Ok(Vec::new());
    }
    let products: Vec<&str> = claims.iter().map(|claim| claim.product.as_str()).collect();
    let ids: Vec<&str> = claims.iter().filter_map(|claim| claim.anonymous_id).collect();
    sqlx::query("select pg_advisory_xact_lock($1)").bind(WRITER_LOCK).execute(tx.conn()).await?;
    sqlx::query(
        "with unknown as materialized (
            select distinct on (v.product, v.external_id) v.product, v.external_id, acd.uuid_v7() as person_id
            from unnest($1::text[], $2::text[]) as v (product, external_id)
            where not exists (
                select from shared.identity_link as l
                where l.provider = 'anonymous' and l.product = v.product and l.external_id = v.external_id)
         ), made as (
            insert into shared.person (id) select person_id from unknown
         )
         insert into shared.identity_link (provider, product, external_id, person_id)
            select 'anonymous', product, external_id, person_id from unknown",
    )
    .bind(&products)
    .bind(&ids)
    .execute(tx.conn())
    .await?;
    sqlx::query_scalar(
        "select l.person_id from unnest($1::text[], $2::text[]) with ordinality as v (product, external_id, position)
            join shared.identity_link as l
                on l.provider = 'anonymous' and l.product = v.product and l.external_id = v.external_id
         order by v.position",
    )
    .bind(&products)
    .bind(&ids)
    .fetch_all(tx.conn())
    .await
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

/// The ids under which an event happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventIds<'a> {
    pub(crate) product: &'a ProductSlug,
    pub(crate) user_id: Option<&'a str>,
    pub(crate) anonymous_id: Option<&'a str>,
}

/// What a product was told of the persons behind ids, by place from 1. A user's id goes before a visitor's.
pub(in crate::identity) async fn traits_of_each(
    tx: &mut Tx,
    ids: &[EventIds<'_>],
) -> Result<Vec<(i64, Json<Map<String, Value>>)>, sqlx::Error> {
    sqlx::query_as(
        "select given.place, person.traits -> given.product
         from unnest($1::text[], $2::text[], $3::text[]) with ordinality as given (product, user_id, anonymous_id, place)
            cross join lateral (
                select l.person_id from shared.identity_link as l
                where l.product = given.product and (l.provider, l.external_id)
                    in (('user', given.user_id), ('anonymous', given.anonymous_id))
                order by l.provider desc limit 1
            ) as link
            join shared.person as person on person.id = link.person_id
         where jsonb_typeof(person.traits -> given.product) = 'object'",
    )
    .bind(ids.iter().map(|id| id.product.as_str()).collect::<Vec<_>>())
    .bind(ids.iter().map(|id| id.user_id).collect::<Vec<_>>())
    .bind(ids.iter().map(|id| id.anonymous_id).collect::<Vec<_>>())
    .fetch_all(tx.conn())
    .await
}
