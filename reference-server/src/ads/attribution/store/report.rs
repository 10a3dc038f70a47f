//! Conversions credited to touches.

use acd_platform::attribution::{AttributionModel, GroupBy, Origin};
use chrono::{DateTime, TimeDelta, Utc};
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
    /// How long before a conversion a touch counts.
    pub(in crate::ads::attribution) window: TimeDelta,
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
/// Each conversion asks a covering index for one entry, person by person, so that neighbours lie on the same page. Persons that were
/// merged are few: theirs are looked for under each id, and stay apart until the best of an event's is known.
///
/// A touch is looked for in the index's whole order, the person first though it is one: under row security PostgreSQL does not
/// conclude that it is, and would sort what it finds for each conversion.
pub(in crate::ads::attribution) async fn report(tx: &mut Tx, question: &Question<'_>) -> Result<Vec<SumRow>> {
    let (best, order) = match question.model {
        AttributionModel::FirstTouch => ("min", "asc"),
        _ => ("max", "desc"),
    };
    let (labels, names) = (labels(question.group_by), LABELS.join(", "));
    let sql = format!(
        "with joined as materialized ({JOINED}
        ), counted as (
            select * from (
                select event_id, rule_id, person_id, at, false as refund, amount_minor, currency from shared_conversions
                where not refund and at >= $2 and at < $3 and rule_id = any($1)
                order by person_id, at
            ) as conversions
            union all
            select event_id, rule_id, person_id, at, true, amount_minor, currency from ({REFUNDS}) as refunds
            where at >= $2 and at < $3
        ), bests as (
            select c.refund, c.currency,
                case when j.one is null then t.origin_id end as origin_id,
                case when j.one is not null then c.event_id end as event_id,
                case when j.one is not null then c.rule_id end as rule_id,
                count(*) as alone, sum(c.amount_minor) as amounts, min(c.amount_minor) as amount,
                -- Touches are ordered by time and then by origin. As two integers, the order is that of one array.
                {best}(case when j.one is not null and t.origin_id is not null
                    then array[(date_part('epoch', t.at) * 1000000)::bigint, t.origin_id] end) as touch
            from counted as c left join joined as j on j.one = c.person_id
            left join lateral (
                select t.at, t.origin_id from shared_touches as t
                where t.person_id = coalesce(j.other, c.person_id) and t.at <= c.at and t.at >= c.at - $4
                order by t.person_id {order}, t.at {order}, t.origin_id {order} limit 1
            ) as t on true
            group by 1, 2, 3, 4, 5
        ), credited as (
            select origin_id, currency, coalesce(sum(events) filter (where not refund), 0) as conversions,
                coalesce(sum(events) filter (where refund), 0) as refunds,
                sum(amount) filter (where not refund) as revenue, sum(amount) filter (where refund) as refunded
            from (
                select refund, currency, coalesce(origin_id, touch[2]) as origin_id,
                    case when event_id is null then alone else 1 end as events,
                    case when event_id is null then amounts else amount end as amount
                from bests
            ) as whole group by 1, 2
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
    // Planned anew each time: what is right depends on the time asked for, and a plan for any time sorts touch by touch.
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .persistent(false)
        .bind(question.rules)
        .bind(question.from)
        .bind(question.to)
        .bind(question.window)
        .bind(question.groups)
        .fetch_all(tx.conn())
        .await?)
}
