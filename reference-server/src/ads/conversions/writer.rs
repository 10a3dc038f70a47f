//! Conversions of many requests, checked for consent and stored together.

use acd_platform::ProductSlug;
use acd_platform::consents::Purpose;
use chrono::TimeDelta;
use uuid::{ContextV7, Timestamp, Uuid};

use super::row::Row;
use super::store::{self, NewConversion};
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::group::{Sink, StoreError};
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::request_id::RequestId;
use crate::privacy::ConsentService;

/// For how long Meta counts a second event of the same name and id as the same.
const SAME_WITHIN: TimeDelta = TimeDelta::hours(48);

/// What became of one conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Accepted(Uuid),
    Duplicate,
    /// No consent, or another reason that is known already.
    Refused(Uuid, String),
    /// PostgreSQL refused this very row.
    Unstorable,
}

/// Stores conversions. What is stored is to be sent, unless it is recorded as refused.
pub(super) struct ConversionSink {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) consents: ConsentService,
    pub(super) ids: std::sync::Mutex<ContextV7>,
}

impl ConversionSink {
    pub(super) fn new(db: Db, clock: Clock, consents: ConsentService) -> Self {
        Self { db, clock, consents, ids: ContextV7::new().into() }
    }

    /// Stores rows inside a transaction of the service: an outcome for each, in their order.
    pub(super) async fn store_in(
        &self,
        tx: &mut Tx,
        jobs: &[(&ProductSlug, &Row)],
    ) -> Result<Vec<Outcome>, StoreError> {
        let subjects: Vec<_> = jobs.iter().map(|(product, row)| row.subject(product)).collect();
        let verdicts = self.consents.of_each(tx, &subjects, Purpose::Advertising).await?;
        let now = self.clock.now();
        let new: Vec<NewConversion<'_>> = jobs
            .iter()
            .zip(verdicts)
            .map(|((product, row), verdict)| {
                let no_consent = || verdict.refusal(row.agreed_at).map(str::to_owned);
                let refusal = row.refusal.clone().or_else(no_consent);
                NewConversion { id: self.new_id(now), product, row, refusal }
            })
            .collect();
        let mut stored = store::insert(tx, &new, now).await?;
        if stored.len() < new.len() {
            let again: Vec<_> = new.iter().filter(|one| !stored.contains(&one.id)).cloned().collect();
            // What it was a repetition of may be too old for that by now.
            if store::retire(tx, &again, now - SAME_WITHIN).await? > 0 {
                stored.extend(store::insert(tx, &again, now).await?);
            }
        }
        Ok(new
            .into_iter()
            .map(|one| match (stored.contains(&one.id), one.refusal) {
                (false, _) => Outcome::Duplicate,
                (true, None) => Outcome::Accepted(one.id),
                (true, Some(cause)) => Outcome::Refused(one.id, cause),
            })
            .collect())
    }

    fn new_id(&self, at: chrono::DateTime<chrono::Utc>) -> Uuid {
        let context = self.ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(&*context, at.timestamp().unsigned_abs(), at.timestamp_subsec_nanos()))
    }
}

impl Sink for ConversionSink {
    type Row = Row;
    type Outcome = Outcome;

    const ROWS_METRIC: &'static str = "acd_conversions_group_rows";
    const BUSY_METRIC: &'static str = "acd_conversions_refused_busy_total";

    fn bytes(row: &Row) -> usize {
        row.bytes()
    }

    fn unstorable() -> Outcome {
        Outcome::Unstorable
    }

    async fn store(&self, jobs: &[(&ProductSlug, &Row)], request_id: &RequestId) -> Result<Vec<Outcome>, StoreError> {
        let mut tx = self.db.bulk(&Principal::service(request_id.clone())).await?;
        let outcomes = self.store_in(&mut tx, jobs).await?;
        tx.commit().await?;
        Ok(outcomes)
    }
}
