//! Conversions credited to touches.

use acd_platform::attribution::{AttributionModel, GroupBy, Origin};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

/// What to report.
#[derive(Debug)]
pub(in crate::ads::attribution) struct Question<'a> {
    /// The rules that count.
    pub(in crate::ads::attribution) rules: &'a [Uuid],
    pub(in crate::ads::attribution) model: AttributionModel,
    pub(in crate::ads::attribution) group_by: GroupBy,
    pub(in crate::ads::attribution) window_days: i32,
    pub(in crate::ads::attribution) from: DateTime<Utc>,
    pub(in crate::ads::attribution) to: DateTime<Utc>,
    /// Most groups.
    pub(in crate::ads::attribution) groups: i64,
}

/// Sums of one group in one currency; without a group, of everything.
#[derive(Debug, FromRow)]
pub(in crate::ads::attribution) struct SumRow {
    pub(in crate::ads::attribution) is_total: bool,
    /// Whether it is among the groups that are shown.
    pub(in crate::ads::attribution) is_shown: bool,
    #[sqlx(flatten)]
    pub(in crate::ads::attribution) origin: OriginRow,
    #[sqlx(flatten)]
    pub(in crate::ads::attribution) sums: Sums,
}

/// The labels of a group.
#[derive(Debug, FromRow)]
pub(in crate::ads::attribution) struct OriginRow {
    product: Option<String>,
    source: Option<String>,
    medium: Option<String>,
    campaign: Option<String>,
    campaign_id: Option<String>,
    adset_id: Option<String>,
    ad_id: Option<String>,
}

/// Counts and amounts in one currency; without one, of what has no amount.
#[derive(Debug, FromRow)]
pub(in crate::ads::attribution) struct Sums {
    pub(in crate::ads::attribution) currency: Option<String>,
    pub(in crate::ads::attribution) conversions: i64,
    pub(in crate::ads::attribution) refunds: i64,
    pub(in crate::ads::attribution) revenue: i64,
    pub(in crate::ads::attribution) refunded: i64,
}

impl TryFrom<OriginRow> for Origin {
    type Error = Problem;

    fn try_from(row: OriginRow) -> Result<Self> {
        Ok(Self {
            product: row.product.map(|slug| slug.parse()).transpose().map_err(Problem::internal)?,
            source: row.source,
            medium: row.medium,
            campaign: row.campaign,
            campaign_id: row.campaign_id,
            adset_id: row.adset_id,
            ad_id: row.ad_id,
        })
    }
}

/// The labels of shared_touch_origins `o` that a grouping shows.
pub(super) fn labels(group_by: GroupBy) -> String {
    let shown: &[&str] = match group_by {
        GroupBy::Product => &["product"],
        GroupBy::Source => &["source"],
        GroupBy::Medium => &["source", "medium"],
        GroupBy::Campaign => &["source", "medium", "campaign"],
        _ => &["source", "medium", "campaign", "campaign_id", "adset_id", "ad_id"],
    };
    let label = |name: &&str| match shown.contains(name) {
        true => format!("o.{name}"),
        false => format!("null::text as {name}"),
    };
    LABELS.iter().map(label).collect::<Vec<_>>().join(", ")
}

pub(super) const LABELS: [&str; 7] = ["product", "source", "medium", "campaign", "campaign_id", "adset_id", "ad_id"];

/// Refunds `$1` with person and time of the conversion they take from, where there is one.
pub(super) const REFUNDS: &str = "
    select r.event_id, r.rule_id, coalesce(o.person_id, r.person_id) as person_id, coalesce(o.at, r.at) as at,
        r.amount_minor, r.currency
    from shared_conversions as r left join lateral (
        select o.person_id, o.at from shared_conversions as o
        where o.product = r.product and o.order_ref = r.order_ref and not o.refund and o.rule_id = any($1)
        order by o.at, o.event_id limit 1
    ) as o on true
    where r.refund and r.rule_id = any($1)";

/// Each pair of ids of persons that are one.
pub(super) const JOINED: &str = "
    select id as one, merged_into as other from shared.person where merged_into is not null
    union all select merged_into, id from shared.person where merged_into is not null
    union all select a.id, b.id from shared.person as a join shared.person as b
        on b.merged_into = a.merged_into and b.id <> a.id where a.merged_into is not null";

/// Sums may pass what a bigint holds.
pub(super) fn sum(condition: &str) -> String {
    format!("least(coalesce(sum(amount_minor) filter (where {condition}), 0), 9223372036854775807)::bigint")
}

/// Conversions of a time by the touch they are credited to: sums of the largest groups, and of everything.
///
/// The touches of a conversion's own person are one merge join of two covering indexes. Persons that were merged and refunds
/// of earlier orders are few, and are looked up one by one.
pub(in crate::ads::attribution) async fn report(tx: &mut Tx, question: &Question<'_>) -> Result<Vec<SumRow>> {
    let (best, order) = match question.model {
        AttributionModel::FirstTouch => ("min", "asc"),
        _ => ("max", "desc"),
    };
    // Touches are ordered by time and then by origin. As two integers, the order is that of one array.
    let ordered = "array[(date_part('epoch', t.at) * 1000000)::bigint, t.origin_id]";
    let within = "t.at <= c.at and t.at >= c.at - make_interval(days => $4)";
    let (labels, names) = (labels(question.group_by), LABELS.join(", "));
    let (sales, refunds) = (sum("not refund"), sum("refund"));
    let sql = format!(
        "with refunds as materialized (
            select * from ({REFUNDS}) as r where at >= $2 and at < $3
        ), joined as materialized ({JOINED}
        ), few as (
            select event_id, rule_id, true as refund, amount_minor, currency, at, person_id from refunds
            union all
            select r.event_id, r.rule_id, true, r.amount_minor, r.currency, r.at, j.other
            from refunds as r join joined as j on j.one = r.person_id
            union all
            select c.event_id, c.rule_id, false, c.amount_minor, c.currency, c.at, j.other
            from shared_conversions as c join joined as j on j.one = c.person_id
            where not c.refund and c.at >= $2 and c.at < $3 and c.rule_id = any($1)
        ), credited as (
            select event_id, rule_id, refund, amount_minor, currency, {best}(touch) as touch from (
                select c.event_id, c.rule_id, false as refund, c.amount_minor, c.currency, {ordered} as touch
                from shared_conversions as c join shared_touches as t on t.person_id = c.person_id and {within}
                where not c.refund and c.at >= $2 and c.at < $3 and c.rule_id = any($1)
                    and t.at >= $2 - make_interval(days => $4) and t.at < $3
                union all
                select c.event_id, c.rule_id, c.refund, c.amount_minor, c.currency, t.touch
                from few as c cross join lateral (
                    select {ordered} as touch from shared_touches as t where t.person_id = c.person_id and {within}
                    order by t.at {order}, t.origin_id {order} limit 1
                ) as t
            ) as pairs group by 1, 2, 3, 4, 5
        ), by_origin as (
            select touch[2] as origin_id, currency, count(*) filter (where not refund) as conversions,
                count(*) filter (where refund) as refunds, sum(amount_minor) filter (where not refund) as revenue,
                sum(amount_minor) filter (where refund) as refunded
            from credited group by 1, 2
        ), grouped as (
            select {names}, currency, sum(conversions) as conversions, sum(refunds) as refunds, sum(revenue) as revenue,
                sum(refunded) as refunded
            from (select {labels}, b.currency, b.conversions, b.refunds, b.revenue, b.refunded
                from by_origin as b join shared_touch_origins as o on o.id = b.origin_id) as labelled
            group by {names}, currency
        ), ranked as (
            select *, dense_rank() over (order by weight desc, {names}) as place from (
                select *, sum(conversions) over (partition by {names}) as weight from grouped) as weighed
        )
        select false as is_total, place <= $5 as is_shown, {names}, currency, conversions::bigint, refunds::bigint,
            least(coalesce(revenue, 0), 9223372036854775807)::bigint as revenue,
            least(coalesce(refunded, 0), 9223372036854775807)::bigint as refunded
        from ranked where place <= $5
        union all
        select false, false, {nulls}, currency, sum(conversions)::bigint, sum(refunds)::bigint,
            least(coalesce(sum(revenue), 0), 9223372036854775807)::bigint,
            least(coalesce(sum(refunded), 0), 9223372036854775807)::bigint
        from ranked where place > $5 group by currency
        union all
        select true, false, {nulls}, currency, count(*) filter (where not refund), count(*) filter (where refund), {sales},
            {refunds}
        from (
            select c.refund, c.amount_minor, c.currency from shared_conversions as c
            where not c.refund and c.at >= $2 and c.at < $3 and c.rule_id = any($1)
            union all select true, amount_minor, currency from refunds
        ) as everything group by currency",
        nulls = ["null"; LABELS.len()].join(", "),
    );
    // The groups of a month of conversions fit; on disk they would cost more than the report.
    sqlx::query("set local work_mem = '64MB'").execute(tx.conn()).await?;
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(question.rules)
        .bind(question.from)
        .bind(question.to)
        .bind(question.window_days)
        .bind(question.groups)
        .fetch_all(tx.conn())
        .await?)
}
