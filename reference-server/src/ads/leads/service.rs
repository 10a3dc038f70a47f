//! The rules of leads.

use acd_meta::webhooks::LeadgenChange;
use acd_platform::ads::leads::{HubLead, ListLeads};
use acd_platform::ads::sources::MetaSource;
use acd_platform::{HubLeadId, Page, ProductSlug};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::capture::{CaptureLead, LeadToCapture};
use super::store::{self, Filter};
use crate::ads::Ads;
use crate::events::Writer;
use crate::identity::Persons;
use crate::jobs::{self, NewJob};
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::paging;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// The longest id of Meta's, in digits.
const LONGEST_DIGITS: usize = 25;

/// Leads. Cheap to clone.
#[derive(Clone)]
pub struct Leads {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) ads: Ads,
    pub(super) persons: Persons,
    pub(super) writer: Writer,
}

/// A lead as a webhook tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldLead {
    pub(super) lead_id: String,
    pub(super) page_id: String,
    pub(super) form_id: String,
    pub(super) filled_in_at: Option<DateTime<Utc>>,
}

impl ToldLead {
    /// Reads a change; nothing where an id is none.
    pub(crate) fn read(change: &LeadgenChange) -> Option<Self> {
        let ids = [change.leadgen_id.as_str(), change.page_id.as_str(), change.form_id.as_str()];
        if !ids.into_iter().all(is_meta_id) {
            return None;
        }
        let [lead_id, page_id, form_id] = ids.map(str::to_owned);
        Some(Self { lead_id, page_id, form_id, filled_in_at: change.created_time.map(|time| time.0.to_utc()) })
    }
}

/// Whether a text can be an id of Meta's.
pub(crate) fn is_meta_id(id: &str) -> bool {
    (1..=LONGEST_DIGITS).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
}

impl Leads {
    /// Leads in this database, fetched over this connection; persons and events of them go the usual ways.
    pub fn new(db: Db, clock: Clock, ads: Ads, persons: Persons, writer: Writer) -> Self {
        Self { db, clock, ads, persons, writer }
    }

    /// Notes leads that are new. Those that have an owner are fetched by a job each.
    pub(crate) async fn take(
        &self,
        tx: &mut Tx,
        mut told: Vec<ToldLead>,
        received_at: DateTime<Utc>,
        request_id: &RequestId,
    ) -> Result<()> {
        if told.is_empty() {
            return Ok(());
        }
        // Two webhooks with the same leads in another order would wait for each other.
        told.sort_unstable_by(|one, other| one.lead_id.cmp(&other.lead_id));
        store::hold_owners(tx).await?;
        for (id, product) in store::insert(tx, &told, received_at).await? {
            if let Some(product) = product {
                let product: ProductSlug = product.parse().map_err(Problem::internal)?;
                self.fetch(tx, id, &product, request_id).await?;
            }
        }
        Ok(())
    }

    /// Gives a source's leads that nobody has to its owner, and has them fetched.
    pub(crate) async fn assign(&self, tx: &mut Tx, source: &MetaSource, request_id: &RequestId) -> Result<()> {
        store::change_owners(tx).await?;
        for id in store::assign(tx, source).await? {
            self.fetch(tx, id, &source.product, request_id).await?;
        }
        Ok(())
    }

    async fn fetch(&self, tx: &mut Tx, id: Uuid, product: &ProductSlug, request_id: &RequestId) -> Result<()> {
        let job = NewJob::of::<CaptureLead>(&LeadToCapture { id })?.unique_key(id.simple().to_string());
        jobs::enqueue(tx, &self.clock, Some(product), &job, request_id).await.map(drop)
    }

    /// Leads, newest first.
    pub(super) async fn list(&self, principal: &Principal, query: ListLeads) -> Result<Page<HubLead>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 200)?;
        let filter = Filter {
            product: product.as_ref(),
            state: query.state,
            form_id: query.form_id.as_deref(),
            below: paging::read_cursor(query.cursor.as_deref())?,
        };
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::list(&mut tx, &filter, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, HubLead::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// A lead.
    pub(super) async fn get(&self, principal: &Principal, id: HubLeadId) -> Result<HubLead> {
        let mut tx = self.db.scoped(principal).await?;
        let row = store::get(&mut tx, id.uuid()).await?;
        tx.commit().await?;
        row.ok_or_else(|| Problem::not_found("lead"))?.try_into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_some_digits() {
        for id in ["1", "2385000000000012345678901"] {
            assert!(is_meta_id(id), "{id}");
        }
        for id in ["", "23850000000000123456789012", "1a", "-1", "١", "1\0", "act_1"] {
            assert!(!is_meta_id(id), "{id}");
        }
    }
}
