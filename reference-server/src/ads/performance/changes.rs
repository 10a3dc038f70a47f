//! What was changed past the hub, as the API shows it.

use acd_platform::Page;
use acd_platform::ads::changes::{AdChange, ListAdChanges};

use super::service::Performance;
use super::store::changes as store;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::{check, paging};

impl Performance {
    /// Changes, newest first. A product sees those of its own objects.
    pub(super) async fn changes(&self, principal: &Principal, query: ListAdChanges) -> Result<Page<AdChange>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 200)?;
        let below = paging::read_cursor(query.cursor.as_deref())?;
        if let Some(id) = &query.object_id {
            check::meta_id("object_id", id)?;
        }
        let mut tx = self.db().scoped(principal).await?;
        let rows = store::list(&mut tx, product.as_ref(), query.object_id.as_deref(), below, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, AdChange::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }
}
