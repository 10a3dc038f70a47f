//! The attribution report beside a bare scan of the rows it touches, on one durable cluster: `cargo xtask bench hub`.

use std::time::Instant;

use acd_platform::attribution::{AttributionModel, GetReport, GroupBy};
use acd_server::ads::attribution::{Attribution, Capture};
use acd_server::identity::Persons;
use acd_server::kernel::clock::Clock;
use acd_server::kernel::db::{Db, PoolSettings};
use acd_server::kernel::embedded::{DATABASE, Durability, EmbeddedCluster, EmbeddedOptions};
use acd_server::kernel::migrate::Migrator;
use acd_server::kernel::principal::{Actor, Principal};
use acd_server::kernel::request_id::RequestId;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const ROUNDS: usize = 7;

/// 250,000 persons of whom one in fifty was merged, 1,000,000 touches of 110 days in two products, 95,000 conversions of the
/// last 30 days and 5,000 refunds.
const FILL: &str = "
    insert into shared.person (id)
        select lpad(to_hex(i), 32, '0')::uuid from generate_series(1, 250000) as i;
    update shared.person as p set merged_into = lpad(to_hex(i - 1), 32, '0')::uuid
        from generate_series(50, 250000, 50) as i where p.id = lpad(to_hex(i), 32, '0')::uuid;
    insert into shared_touch_origins (id, product, source, medium, campaign, campaign_id, ad_id)
        select i * 7919, case i % 2 when 0 then 'pct' else 'gapradar' end, 'source-' || i % 10, 'cpc', 'campaign-' || i % 200,
            'c-' || i % 200, 'ad-' || i
        from generate_series(0, 1999) as i;
    insert into shared_touches (id, product, person_id, origin_id, at, event_id, fbclid, fbc, fbp)
        select gen_random_uuid(), case o % 2 when 0 then 'pct' else 'gapradar' end,
            lpad(to_hex(1 + floor(random() * 250000)::int), 32, '0')::uuid, o * 7919,
            timestamptz '2026-08-01' + random() * interval '110 days', gen_random_uuid(),
            case when i % 2 = 0 then 'IwAR' || md5(i::text) || md5((i + 1)::text) end,
            case when i % 2 = 0 then 'fb.1.1700000000000.IwAR' || md5(i::text) || md5((i + 1)::text) end,
            'fb.1.1700000000000.' || i
        from (select i, floor(random() * 2000)::int as o from generate_series(1, 1000000) as i offset 0) as visits;
    insert into conversion_rules (id, product, name, event, effect, value_unit) values
        ('00000000-0000-7000-8000-000000000001', 'pct', 'sale', 'Order Completed', 'conversion', 'major'),
        ('00000000-0000-7000-8000-000000000002', 'pct', 'refund', 'Order Refunded', 'refund', 'major');
    insert into shared_conversions (event_id, rule_id, product, person_id, at, refund, amount_minor, currency, order_ref)
        select gen_random_uuid(), '00000000-0000-7000-8000-000000000001', 'pct',
            lpad(to_hex(1 + floor(random() * 62500)::int * 4), 32, '0')::uuid,
            timestamptz '2026-10-20' + random() * interval '30 days', false, floor(random() * 10000), 'USD', 'o-' || i
        from generate_series(1, 95000) as i;
    insert into shared_conversions (event_id, rule_id, product, person_id, at, refund, amount_minor, currency, order_ref)
        select gen_random_uuid(), '00000000-0000-7000-8000-000000000002', product, person_id, at + interval '1 day', true,
            amount_minor, currency, order_ref
        from shared_conversions limit 5000;";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("acd-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let done = run(&folder).await;
    std::fs::remove_dir_all(&folder)?;
    done
}

async fn run(folder: &std::path::Path) -> Result<()> {
    let options = EmbeddedOptions { data_dir: folder.to_owned(), durability: Durability::Durable };
    let cluster = EmbeddedCluster::start(options).await?;
    let connect = cluster.connect_options(DATABASE);
    let pool = PgPoolOptions::new().max_connections(1).connect_with(connect.clone()).await?;
    Migrator::new(None)?.up(&pool, None).await?;
    sqlx::raw_sql(FILL).execute(&pool).await?;
    sqlx::raw_sql("vacuum analyze").execute(&pool).await?;

    let db = Db::new(connect, PoolSettings::default());
    let clock = Clock::from_fn(|| chrono::DateTime::from_timestamp(1_795_046_400, 0).unwrap_or_default());
    let capture = Capture::new(db.clone());
    let attribution = Attribution::new(db.clone(), clock, Persons::new(db), capture);
    println!(
        "| report over 1,000,000 touches and 100,000 conversions | ms | scan, one process | ratio | with helpers | ratio |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    for (model, group_by) in [
        (AttributionModel::LastTouch, GroupBy::Campaign),
        (AttributionModel::FirstTouch, GroupBy::Campaign),
        (AttributionModel::LastTouch, GroupBy::Ad),
    ] {
        let (mut reports, mut alone, mut helped) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let report = report(&attribution, model, group_by).await?;
            let (scan_alone, scan_helped) = (scan(&pool, 0).await?, scan(&pool, 2).await?);
            // The first round warms caches.
            if round > 0 {
                reports.push(report);
                alone.push(scan_alone);
                helped.push(scan_helped);
            }
        }
        let (report, alone, helped) = (median(reports), median(alone), median(helped));
        println!(
            "| {model} by {group_by}, 30 days | {report:.0} | {alone:.0} | {:.2} | {helped:.0} | {:.2} |",
            report / alone,
            report / helped
        );
    }
    drop(attribution);
    pool.close().await;
    cluster.stop().await?;
    Ok(())
}

/// Milliseconds of a report as the API makes it.
async fn report(attribution: &Attribution, model: AttributionModel, group_by: GroupBy) -> Result<f64> {
    let principal =
        Principal { actor: Actor::Product("pct".parse()?), scopes: Vec::new(), request_id: RequestId::new() };
    let query = GetReport { model: Some(model), group_by: Some(group_by), ..GetReport::default() };
    let started = Instant::now();
    let report = attribution.report(&principal, query).await?;
    let took = started.elapsed();
    if report.total.conversions < 90_000 || report.rows.is_empty() {
        return Err(format!("the report counts {} conversions", report.total.conversions).into());
    }
    Ok(took.as_secs_f64() * 1_000.0)
}

/// Milliseconds of reading the same columns of all touches and conversions once. The report is one process; a scan may take
/// helpers, which a busy machine favours.
async fn scan(pool: &PgPool, helpers: u8) -> Result<f64> {
    sqlx::query(sqlx::AssertSqlSafe(format!("set max_parallel_workers_per_gather = {helpers}"))).execute(pool).await?;
    let started = Instant::now();
    for sql in [
        "select count(person_id), max(origin_id), max(at) from shared_touches",
        "select count(person_id), sum(amount_minor), max(at), count(currency) from shared_conversions",
    ] {
        // Not kept: a plan that was made without helpers would be used with them as well.
        sqlx::query(sql).persistent(false).fetch_one(pool).await?;
    }
    Ok(started.elapsed().as_secs_f64() * 1_000.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
