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

/// Sums of one group in one currency.
#[derive(Debug, FromRow)]
pub(in crate::ads::attribution) struct SumRow {
    /// Whether a touch led to it.
    pub(in crate::ads::attribution) is_attributed: bool,
    /// Whether it is among the groups that are shown; what is not is in one row a currency.
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

/// Each pair of ids of persons that were merged into one, the pair of an id with itself included.
pub(super) const JOINED: &str = "
    select a.id as one, b.id as other from shared.person as a join shared.person as b on b.merged_into = a.merged_into
        where a.merged_into is not null
    union all select id, merged_into from shared.person where merged_into is not null
    union all select merged_into, id from shared.person where merged_into is not null
    union all select distinct merged_into, merged_into from shared.person where merged_into is not null";

/// A sum as a bigint; it may pass what that holds.
fn clamped(sum: &str) -> String {
    format!("least(coalesce({sum}, 0), 9223372036854775807)::bigint")
}

/// Conversions of a time by the touch they are credited to: sums of the largest groups, of the rest, and of what no touch led to.
///
/// Of a person that was never merged, each conversion asks a covering index for one entry, person by person, so that neighbours
/// lie on the same page. Merged persons and refunds are few, and their touches are looked for under each id.
pub(in crate::ads::attribution) async fn report(tx: &mut Tx, question: &Question<'_>) -> Result<Vec<SumRow>> {
    let (best, order) = match question.model {
        AttributionModel::FirstTouch => ("min", "asc"),
        _ => ("max", "desc"),
    };
    let counted = "not c.refund and c.at >= $2 and c.at < $3 and c.rule_id = any($1)";
    // Touches are ordered by time and then by origin. As two integers, the order is that of one array.
    let touch = format!(
        "select t.origin_id, array[(date_part('epoch', t.at) * 1000000)::bigint, t.origin_id] as touch
         from shared_touches as t
         where t.person_id = c.person_id and t.at <= c.at and t.at >= c.at - make_interval(days => $4)
         order by t.at {order}, t.origin_id {order} limit 1"
    );
    let (labels, names) = (labels(question.group_by), LABELS.join(", "));
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
            from shared_conversions as c join joined as j on j.one = c.person_id where {counted}
        ), credited as (
            select t.origin_id, c.currency, count(*) as conversions, 0 as refunds, sum(c.amount_minor) as revenue,
                0 as refunded
            from (
                select c.person_id, c.at, c.currency, c.amount_minor from shared_conversions as c where {counted}
                order by c.person_id, c.at
            ) as c left join lateral ({touch}) as t on true
            where not exists (select from joined as j where j.one = c.person_id)
            group by 1, 2
            union all
            select best[2], currency, count(*) filter (where not refund), count(*) filter (where refund),
                sum(amount_minor) filter (where not refund), sum(amount_minor) filter (where refund)
            from (
                select c.event_id, c.rule_id, c.refund, c.amount_minor, c.currency, {best}(t.touch) as best
                from few as c left join lateral ({touch}) as t on true group by 1, 2, 3, 4, 5
            ) as bests group by 1, 2
        ), grouped as (
            select is_attributed, {names}, currency, sum(conversions) as conversions, sum(refunds) as refunds,
                sum(revenue) as revenue, sum(refunded) as refunded
            from (
                select c.origin_id is not null as is_attributed, {labels}, c.currency, c.conversions, c.refunds, c.revenue,
                    c.refunded
                from credited as c left join shared_touch_origins as o on o.id = c.origin_id
            ) as labelled group by is_attributed, {names}, currency
        ), ranked as (
            select *, not is_attributed or dense_rank() over (order by is_attributed desc, weight desc, {names}) <= $5
                as is_shown
            from (
                select *, sum(conversions) over (partition by is_attributed, {names}) as weight from grouped
            ) as weighed
        )
        select is_attributed, is_shown, {names}, currency, conversions::bigint, refunds::bigint, {revenue} as revenue,
            {refunded} as refunded
        from ranked where is_shown
        union all
        select true, false, {nulls}, currency, sum(conversions)::bigint, sum(refunds)::bigint, {revenues}, {refundeds}
        from ranked where not is_shown group by currency",
        nulls = ["null"; LABELS.len()].join(", "),
        revenue = clamped("revenue"),
        refunded = clamped("refunded"),
        revenues = clamped("sum(revenue)"),
        refundeds = clamped("sum(refunded)"),
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(question.rules)
        .bind(question.from)
        .bind(question.to)
        .bind(question.window_days)
        .bind(question.groups)
        .fetch_all(tx.conn())
        .await?)
}
