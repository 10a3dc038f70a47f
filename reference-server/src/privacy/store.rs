//! The SQL of consents.

use acd_platform::ProductSlug;
use acd_platform::consents::{Consent, ConsentSource, Consents, Purpose};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::verdict::{ConsentSubject, Verdict};
use crate::kernel::db::Tx;
use crate::kernel::problem::{Problem, Result};

/// Whose consents: an id, and what kind of id it is.
pub(super) struct Subject {
    pub(super) provider: &'static str,
    pub(super) external_id: String,
}

/// When and where something was decided.
pub(super) struct Decision<'a> {
    pub(super) decided_at: DateTime<Utc>,
    pub(super) source: ConsentSource,
    pub(super) policy_version: Option<&'a str>,
}

#[derive(FromRow)]
struct Row {
    purpose: String,
    granted: bool,
    decided_at: DateTime<Utc>,
    source: String,
    policy_version: Option<String>,
}

/// Lets one request at a time decide for this id, so that two of the same are recorded once.
pub(super) async fn lock(tx: &mut Tx, product: &ProductSlug, subject: &Subject) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1 || chr(31) || $2 || chr(31) || $3, 7215346211014))")
        .bind(product.as_str())
        .bind(subject.provider)
        .bind(&subject.external_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The decisions that count.
pub(super) async fn current(tx: &mut Tx, product: &ProductSlug, subject: &Subject) -> Result<Consents> {
    let rows: Vec<Row> =
        sqlx::query_as("select purpose, granted, decided_at, source, policy_version from shared.consents($1, $2, $3)")
            .bind(product.as_str())
            .bind(subject.provider)
            .bind(&subject.external_id)
            .fetch_all(tx.conn())
            .await?;
    let purposes = rows.into_iter().map(|row| {
        let purpose: Purpose = row.purpose.parse().map_err(Problem::internal)?;
        let source = row.source.parse().map_err(Problem::internal)?;
        let Row { granted, decided_at, policy_version, .. } = row;
        Ok((purpose, Consent { granted, decided_at, source, policy_version }))
    });
    Ok(Consents { purposes: purposes.collect::<Result<_>>()? })
}

/// Adds decisions that are not there.
pub(super) async fn insert(
    tx: &mut Tx,
    product: &ProductSlug,
    subject: &Subject,
    purposes: &[(Purpose, bool)],
    decision: &Decision<'_>,
) -> Result<()> {
    sqlx::query(
        "insert into shared_consents
            (product, provider, external_id, decided_at, source, policy_version, purpose, granted)
         select $1, $2, $3, $4, $5, $6, d.purpose, d.granted
         from unnest($7::text[], $8::bool[]) as d (purpose, granted)
         on conflict do nothing",
    )
    .bind(product.as_str())
    .bind(subject.provider)
    .bind(&subject.external_id)
    .bind(decision.decided_at)
    .bind(decision.source.as_str())
    .bind(decision.policy_version)
    .bind(purposes.iter().map(|(purpose, _)| purpose.as_str()).collect::<Vec<_>>())
    .bind(purposes.iter().map(|(_, granted)| *granted).collect::<Vec<_>>())
    .execute(tx.conn())
    .await
    .map_err(|error| match error.as_database_error().and_then(|db| db.constraint()) {
        Some("shared_consents_product_fkey") => {
            Problem::invalid("unknown_product", "product: no product has this slug")
        }
        _ => error.into(),
    })?;
    Ok(())
}

/// When a subject agreed to a purpose and when it refused, as far as either counts, for each of many subjects.
pub(super) async fn of_each(
    tx: &mut Tx,
    subjects: &[ConsentSubject<'_>],
    purpose: Purpose,
) -> Result<Vec<Verdict>, sqlx::Error> {
    macro_rules! column {
        (|$subject:ident| $value:expr) => {
            subjects.iter().map(|$subject| $value).collect::<Vec<_>>()
        };
    }
    #[derive(FromRow)]
    struct Placed {
        place: i64,
        granted_at: Option<DateTime<Utc>>,
        refused_at: Option<DateTime<Utc>>,
    }
    let rows: Vec<Placed> = sqlx::query_as(
        "select place, granted_at, refused_at
         from shared.consents_of_each($1::text[], $2::text[], $3::text[], $4::text[], $5)",
    )
    .bind(column!(|s| s.product.as_str()))
    .bind(column!(|s| s.user_id))
    .bind(column!(|s| s.anonymous_id))
    .bind(column!(|s| s.email_hashes))
    .bind(purpose.as_str())
    .fetch_all(tx.conn())
    .await?;
    let mut verdicts = vec![Verdict::default(); subjects.len()];
    for Placed { place, granted_at, refused_at } in rows {
        let verdict = usize::try_from(place - 1).ok().and_then(|at| verdicts.get_mut(at));
        if let Some(verdict) = verdict {
            *verdict = Verdict { granted_at, refused_at };
        }
    }
    Ok(verdicts)
}
