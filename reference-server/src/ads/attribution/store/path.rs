//! Touches and conversions of one person.

use acd_platform::attribution::{Effect, Origin, PathConversion, PathEntry, PathTouch};
use acd_platform::{ConversionRuleId, EventId, ProductSlug};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

#[derive(FromRow)]
struct PathRow {
    at: DateTime<Utc>,
    event_id: Uuid,
    product: String,
    source: Option<String>,
    medium: Option<String>,
    campaign: Option<String>,
    term: Option<String>,
    content: Option<String>,
    campaign_id: Option<String>,
    adset_id: Option<String>,
    ad_id: Option<String>,
    fbclid: Option<String>,
    gclid: Option<String>,
    ttclid: Option<String>,
    fbc: Option<String>,
    fbp: Option<String>,
    rule_id: Option<Uuid>,
    name: Option<String>,
    refund: Option<bool>,
    amount_minor: Option<i64>,
    currency: Option<String>,
    order_ref: Option<String>,
}

impl TryFrom<PathRow> for PathEntry {
    type Error = Problem;

    fn try_from(row: PathRow) -> Result<Self> {
        let product: ProductSlug = row.product.parse().map_err(Problem::internal)?;
        let event = EventId::from(row.event_id);
        let Some(rule) = row.rule_id else {
            let origin = Origin {
                product: Some(product),
                source: row.source,
                medium: row.medium,
                campaign: row.campaign,
                campaign_id: row.campaign_id,
                adset_id: row.adset_id,
                ad_id: row.ad_id,
            };
            return Ok(Self::Touch(Box::new(PathTouch {
                at: row.at,
                event,
                origin,
                term: row.term,
                content: row.content,
                fbclid: row.fbclid,
                gclid: row.gclid,
                ttclid: row.ttclid,
                fbc: row.fbc,
                fbp: row.fbp,
            })));
        };
        Ok(Self::Conversion(PathConversion {
            at: row.at,
            event,
            product,
            rule: ConversionRuleId::from(rule),
            name: row.name.unwrap_or_default(),
            effect: if row.refund == Some(true) { Effect::Refund } else { Effect::Conversion },
            amount_minor: row.amount_minor,
            currency: row.currency,
            order: row.order_ref,
        }))
    }
}

/// The latest steps of a person before a time, latest first. Of a product alone when one is given.
pub(in crate::ads::attribution) async fn path(
    tx: &mut Tx,
    person: Uuid,
    product: Option<&ProductSlug>,
    before: Option<DateTime<Utc>>,
    rows: i64,
) -> Result<Vec<PathEntry>> {
    let rows: Vec<PathRow> = sqlx::query_as(
        "with ids as (select $1::uuid as id union all select id from shared.person where merged_into = $1)
         select * from (
            (select t.at, t.event_id, t.product, o.source, o.medium, o.campaign, o.term, o.content, o.campaign_id,
                o.adset_id, o.ad_id, t.fbclid, t.gclid, t.ttclid, t.fbc, t.fbp, null::uuid as rule_id, null as name,
                null::boolean as refund, null::bigint as amount_minor, null as currency, null as order_ref
             from ids join shared_touches as t on t.person_id = ids.id join shared_touch_origins as o on o.id = t.origin_id
             where ($2::text is null or t.product = $2) and ($3::timestamptz is null or t.at < $3)
             order by t.at desc, t.event_id desc limit $4)
            union all
            (select c.at, c.event_id, c.product, null, null, null, null, null, null, null, null, null, null, null, null, null,
                c.rule_id, r.name, c.refund, c.amount_minor, c.currency, c.order_ref
             from ids join shared_conversions as c on c.person_id = ids.id
                join conversion_rules as r on r.id = c.rule_id and r.ended_at is null
             where ($2::text is null or c.product = $2) and ($3::timestamptz is null or c.at < $3)
             order by c.at desc, c.event_id desc limit $4)
         ) as steps order by at desc, event_id desc, rule_id desc nulls last limit $4",
    )
    .bind(person)
    .bind(product.map(ProductSlug::as_str))
    .bind(before)
    .bind(rows)
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(PathEntry::try_from).collect()
}
