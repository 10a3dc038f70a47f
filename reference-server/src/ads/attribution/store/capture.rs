//! Writing touches and conversions.

use std::collections::BTreeMap;

use super::super::capture::{Captured, Touch};
use super::super::rule::{Counted, Rule};
use super::super::signal::Signal;
use super::rules::RuleRow;
use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// Every rule in force.
pub(in crate::ads::attribution) async fn rules(tx: &mut Tx) -> Result<Vec<Rule>> {
    let sql = format!("select {} from conversion_rules where ended_at is null", super::rules::COLUMNS);
    let rows: Vec<RuleRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(tx.conn()).await?;
    rows.into_iter().map(Rule::try_from).collect()
}

/// Stores touches and their origins. A touch that is there keeps the earlier of the two times.
pub(in crate::ads::attribution) async fn touches(tx: &mut Tx, touches: &[Touch<'_>]) -> Result<(), sqlx::Error> {
    if touches.is_empty() {
        return Ok(());
    }
    origins(tx, touches).await?;
    macro_rules! column {
        (|$touch:ident| $value:expr) => {
            touches.iter().map(|$touch| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "insert into shared_touches as stored
            (id, product, person_id, origin_id, at, event_id, fbclid, gclid, ttclid, fbc, fbp)
         select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::timestamptz[], $6::uuid[],
            $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
         on conflict (id) do update set at = excluded.at, event_id = excluded.event_id where excluded.at < stored.at",
    )
    .bind(column!(|t| t.id))
    .bind(column!(|t| t.from.actor.product))
    .bind(column!(|t| t.from.person))
    .bind(column!(|t| t.origin))
    .bind(column!(|t| t.from.at))
    .bind(column!(|t| t.from.event))
    .bind(column!(|t| t.signal.fbclid.as_deref()))
    .bind(column!(|t| t.signal.gclid.as_deref()))
    .bind(column!(|t| t.signal.ttclid.as_deref()))
    .bind(column!(|t| t.signal.fbc.as_deref()))
    .bind(column!(|t| t.signal.fbp.as_deref()))
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn origins(tx: &mut Tx, touches: &[Touch<'_>]) -> Result<(), sqlx::Error> {
    let origins: BTreeMap<i64, (&str, &Signal)> =
        touches.iter().map(|touch| (touch.origin, (touch.from.actor.product, touch.signal))).collect();
    macro_rules! column {
        (|$signal:ident| $value:expr) => {
            origins.values().map(|(_, $signal)| $value).collect::<Vec<_>>()
        };
    }
    // Most are known, and a conflict costs more than a look.
    sqlx::query(
        "insert into shared_touch_origins
            (id, product, source, medium, campaign, term, content, campaign_id, adset_id, ad_id)
         select n.* from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                $8::text[], $9::text[], $10::text[])
            as n (id, product, source, medium, campaign, term, content, campaign_id, adset_id, ad_id)
         where not exists (select from shared_touch_origins as known where known.id = n.id)
         on conflict do nothing",
    )
    .bind(origins.keys().copied().collect::<Vec<_>>())
    .bind(origins.values().map(|(product, _)| *product).collect::<Vec<_>>())
    .bind(column!(|s| s.source.as_deref()))
    .bind(column!(|s| s.medium.as_deref()))
    .bind(column!(|s| s.campaign.as_deref()))
    .bind(column!(|s| s.term.as_deref()))
    .bind(column!(|s| s.content.as_deref()))
    .bind(column!(|s| s.campaign_id.as_deref()))
    .bind(column!(|s| s.adset_id.as_deref()))
    .bind(column!(|s| s.ad_id.as_deref()))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Stores what rules counted; an event that a rule counted before changes nothing.
pub(in crate::ads::attribution) async fn conversions(
    tx: &mut Tx,
    conversions: &[(&Captured<'_>, &Counted)],
) -> Result<(), sqlx::Error> {
    if conversions.is_empty() {
        return Ok(());
    }
    macro_rules! column {
        (|$event:ident, $counted:ident| $value:expr) => {
            conversions.iter().map(|($event, $counted)| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "insert into shared_conversions
            (event_id, rule_id, product, person_id, at, refund, amount_minor, currency, order_ref)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::boolean[],
            $7::bigint[], $8::text[], $9::text[])
         on conflict do nothing",
    )
    .bind(column!(|event, _counted| event.event))
    .bind(column!(|_event, counted| counted.rule))
    .bind(column!(|event, _counted| event.actor.product))
    .bind(column!(|event, _counted| event.person))
    .bind(column!(|event, _counted| event.at))
    .bind(column!(|_event, counted| counted.refund))
    .bind(column!(|_event, counted| counted.money.as_ref().map(|(amount, _)| *amount)))
    .bind(column!(|_event, counted| counted.money.as_ref().map(|(_, currency)| currency.as_str())))
    .bind(column!(|_event, counted| counted.order.as_deref()))
    .execute(tx.conn())
    .await?;
    Ok(())
}
