//! What customers were worth by their first touch.

use acd_platform::attribution::GroupBy;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::report::{JOINED, LABELS, OriginRow, REFUNDS, Sums, labels};
use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// Customers of one origin and month, in one currency.
#[derive(Debug, FromRow)]
pub(in crate::ads::attribution) struct CohortRow {
    pub(in crate::ads::attribution) month: NaiveDate,
    /// Of the whole cohort, whatever the currency.
    pub(in crate::ads::attribution) customers: i64,
    #[sqlx(flatten)]
    pub(in crate::ads::attribution) origin: OriginRow,
    #[sqlx(flatten)]
    pub(in crate::ads::attribution) sums: Sums,
}

/// Everything that persons whose first touch was in a time converted to, by month and origin of that touch.
pub(in crate::ads::attribution) async fn lifetime_value(
    tx: &mut Tx,
    rules: &[Uuid],
    group_by: GroupBy,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    cohorts: i64,
) -> Result<Vec<CohortRow>> {
    let (labels, names) = (labels(group_by), LABELS.join(", "));
    let sql = format!(
        "with counted as (
            select person_id, false as refund, amount_minor, currency from shared_conversions
            where not refund and rule_id = any($1)
            union all select person_id, true, amount_minor, currency from ({REFUNDS}) as r
        ), customers as materialized (
            select coalesce(p.merged_into, c.person_id) as person_id, c.currency,
                count(*) filter (where not c.refund) as conversions, count(*) filter (where c.refund) as refunds,
                coalesce(sum(c.amount_minor) filter (where not c.refund), 0) as revenue,
                coalesce(sum(c.amount_minor) filter (where c.refund), 0) as refunded
            from counted as c left join shared.person as p on p.id = c.person_id and p.merged_into is not null
            group by 1, 2
        ), persons as materialized (select person_id from customers group by 1 having sum(conversions) > 0
        ), joined as materialized ({JOINED}
        ), firsts as (
            select person_id, min(touch) as touch from (
                select own.person_id, array[(date_part('epoch', t.at) * 1000000)::bigint, t.origin_id] as touch
                from (
                    select person_id, person_id as id from persons
                    union all select p.person_id, j.other from persons as p join joined as j on j.one = p.person_id
                ) as own cross join lateral (
                    select t.at, t.origin_id from shared_touches as t where t.person_id = own.id
                    order by t.at, t.origin_id limit 1
                ) as t
            ) as touches group by 1
        ), cohorts as (
            select f.person_id, date_trunc('month', to_timestamp(f.touch[1] / 1000000) at time zone 'UTC')::date as month, {labels}
            from firsts as f join shared_touch_origins as o on o.id = f.touch[2]
            where f.touch[1] >= (date_part('epoch', $2) * 1000000)::bigint
                and f.touch[1] < (date_part('epoch', $3) * 1000000)::bigint
        ), sized as (
            select month, {names}, count(*) as customers from cohorts group by month, {names}
            order by month, count(*) desc, {names} limit $4
        )
        select s.month, s.customers, {shown}, v.currency, v.conversions::bigint, v.refunds::bigint,
            least(v.revenue, 9223372036854775807)::bigint as revenue,
            least(v.refunded, 9223372036854775807)::bigint as refunded
        from sized as s join (
            select c.month, {cohort_names}, v.currency, sum(v.conversions) as conversions, sum(v.refunds) as refunds,
                sum(v.revenue) as revenue, sum(v.refunded) as refunded
            from cohorts as c join customers as v on v.person_id = c.person_id
            group by c.month, {cohort_names}, v.currency
        ) as v on v.month = s.month and ({value_names}) is not distinct from ({shown})
        order by s.month",
        shown = prefixed("s"),
        cohort_names = prefixed("c"),
        value_names = prefixed("v"),
    );
    sqlx::query("set local work_mem = '64MB'").execute(tx.conn()).await?;
    // Planned anew each time, as reports are: what is right depends on the time asked for.
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .persistent(false)
        .bind(rules)
        .bind(from)
        .bind(to)
        .bind(cohorts)
        .fetch_all(tx.conn())
        .await?)
}

fn prefixed(table: &str) -> String {
    LABELS.map(|name| format!("{table}.{name}")).join(", ")
}
