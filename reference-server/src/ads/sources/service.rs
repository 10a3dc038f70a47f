//! The rules of sources.

use acd_platform::ads::sources::{CreateMetaSource, ListMetaSources, MetaSource};
use acd_platform::{MetaSourceId, Page};
use http::StatusCode;
use serde_json::json;

use super::store;
use crate::ads::leads::{Leads, is_meta_id};
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{check, outbox, paging};

/// Says what of Meta's is whose. Cheap to clone.
#[derive(Clone)]
pub struct Sources {
    db: Db,
    leads: Leads,
}

impl Sources {
    /// Sources in this database.
    pub fn new(db: Db, leads: Leads) -> Self {
        Self { db, leads }
    }

    /// What is whose, oldest first.
    pub(super) async fn list(&self, principal: &Principal, query: ListMetaSources) -> Result<Page<MetaSource>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 200)?;
        let after = paging::read_cursor(query.cursor.as_deref())?;
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::list(&mut tx, product.as_ref(), after, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, MetaSource::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// Makes something a product's; true when it is new. Leads that waited for that are fetched.
    pub(super) async fn create(&self, principal: &Principal, new: CreateMetaSource) -> Result<(MetaSource, bool)> {
        if !is_meta_id(&new.object_id) {
            return Err(check::invalid("object_id", "must be Meta's id: 1 to 25 digits"));
        }
        let mut tx = self.db.scoped(principal).await?;
        let Some(row) = store::insert(&mut tx, &new).await? else {
            let found = store::of_object(&mut tx, new.kind, &new.object_id).await?.ok_or_else(busy)?;
            tx.commit().await?;
            let found = MetaSource::try_from(found)?;
            if found.product != new.product {
                let detail = format!("it is the product {}'s; delete the source {} first", found.product, found.id);
                return Err(Problem::new(StatusCode::CONFLICT, "source_taken", detail));
            }
            return Ok((found, false));
        };
        let made = MetaSource::try_from(row)?;
        announce(&mut tx, principal, "ads.source_added", &made).await?;
        self.leads.assign(&mut tx, &made, &principal.request_id).await?;
        tx.commit().await?;
        Ok((made, true))
    }

    /// Ends that something is a product's.
    pub(super) async fn delete(&self, principal: &Principal, id: MetaSourceId) -> Result<()> {
        let mut tx = self.db.scoped(principal).await?;
        let row = store::delete(&mut tx, id.uuid()).await?;
        let gone = MetaSource::try_from(row.ok_or_else(|| Problem::not_found("source"))?)?;
        announce(&mut tx, principal, "ads.source_removed", &gone).await?;
        tx.commit().await
    }
}

fn busy() -> Problem {
    Problem::unavailable("source_busy", "this source is being added and removed elsewhere; try again shortly")
}

async fn announce(tx: &mut Tx, principal: &Principal, topic: &'static str, what: &MetaSource) -> Result<()> {
    let payload = json!({ "id": what.id, "kind": what.kind, "object_id": what.object_id });
    outbox::push(tx, topic, Some(&what.product), &payload, &principal.request_id).await
}
