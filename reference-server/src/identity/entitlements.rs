//! The rules of entitlements.

use acd_platform::entitlements::{Entitlement, ListEntitlements, Plan, PutEntitlement};
use acd_platform::{Page, ProductSlug, UserId};
use serde_json::json;

use super::store::entitlements::{self as store, Filter};
use super::users::Users;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{outbox, paging};

/// Grants and lists what users may use. Cheap to clone.
#[derive(Clone)]
pub struct Entitlements {
    db: Db,
}

impl Entitlements {
    /// Entitlements in this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// The addresses of users to whom an entitlement to the product grants something now, to one of these plans if any is named.
    pub(crate) async fn emails(tx: &mut Tx, product: &ProductSlug, plans: &[Plan]) -> Result<Vec<String>> {
        store::emails(tx, product, plans).await
    }

    /// Entitlements by user and product.
    pub async fn list(&self, principal: &Principal, query: ListEntitlements) -> Result<Page<Entitlement>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 200)?;
        let filter = Filter {
            user: None,
            product: product.as_ref(),
            plan: query.plan,
            status: query.status,
            after: paging::read_cursor_of_two(query.cursor.as_deref())?,
        };
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::list(&mut tx, &filter, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page_by_two(rows, limit, |row| (row.user_id, &row.product), Entitlement::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// A user's entitlements that the caller may see: one a product, so they are one page.
    pub async fn of_user(&self, principal: &Principal, id: UserId) -> Result<Page<Entitlement>> {
        let filter = Filter { user: Some(id.uuid()), product: None, plan: None, status: None, after: None };
        let mut tx = self.db.scoped(principal).await?;
        if !Users::known(&mut tx, id).await? {
            return Err(Problem::not_found("user"));
        }
        let rows = store::list(&mut tx, &filter, i64::MAX).await?;
        tx.commit().await?;
        let data = rows.into_iter().map(Entitlement::try_from).collect::<Result<_>>()?;
        Ok(Page { data, next_cursor: None })
    }

    /// Makes a user's entitlement to a product what it shall be.
    ///
    /// A product entitles the users it knows. It could otherwise read any profile by entitling whoever has the id.
    pub async fn put(&self, principal: &Principal, id: UserId, wanted: PutEntitlement) -> Result<Entitlement> {
        let product = principal
            .pick_product(wanted.product.clone())?
            .ok_or_else(|| Problem::invalid("product_required", "product: name the product that the user may use"))?;
        let mut tx = self.db.scoped(principal).await?;
        if !Users::known(&mut tx, id).await? {
            return Err(Problem::not_found("user"));
        }
        let before = store::lock(&mut tx, id.uuid(), &product).await?.map(Entitlement::try_from).transpose()?;
        if let Some(before) = before.filter(|before| is_already(before, &wanted)) {
            tx.commit().await?;
            return Ok(before);
        }
        let after: Entitlement = store::put(&mut tx, id.uuid(), &product, &wanted).await?.try_into()?;
        let payload = json!({
            "user_id": after.user_id, "plan": after.plan, "role": after.role, "status": after.status,
            "source": after.source, "expires_at": after.expires_at, "grants": after.grants,
        });
        outbox::push(&mut tx, "entitlement.changed", Some(&product), &payload, &principal.request_id).await?;
        tx.commit().await?;
        Ok(after)
    }
}

/// Whether a change would change nothing, so that a repeat causes nothing either.
fn is_already(before: &Entitlement, wanted: &PutEntitlement) -> bool {
    // The database keeps microseconds.
    let micros = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| at.timestamp_micros());
    (before.plan, before.role, before.status, before.source) == (wanted.plan, wanted.role, wanted.status, wanted.source)
        && micros(before.expires_at) == micros(wanted.expires_at)
}
