//! Templates: making, listing, changing and deleting them.

use acd_platform::ads::templates::{AdTemplate, CreateAdTemplate, ListAdTemplates, UpdateAdTemplate};
use acd_platform::{AdTemplateId, Page};
use serde_json::json;

use super::service::Publishing;
use super::store::templates;
use super::template;
use crate::ads::service::Ads;
use crate::kernel::db::Tx;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{check, outbox, paging};

impl Publishing {
    /// Makes a template, or finds the same one; true when it is new.
    pub(super) async fn create_template(
        &self,
        principal: &Principal,
        new: CreateAdTemplate,
    ) -> Result<(AdTemplate, bool)> {
        let product = Ads::product(principal, new.product.clone())?;
        check::text("name", &new.name, 1..=100)?;
        template::check(&new.variables, &new.plan)?;
        let mut tx = self.ads.db.scoped(principal).await?;
        if let Some(row) = templates::insert(&mut tx, &product, &new).await? {
            let made = AdTemplate::try_from(row)?;
            announce(&mut tx, principal, "ads.template_created", &made).await?;
            tx.commit().await?;
            return Ok((made, true));
        }
        let found = templates::by_name(&mut tx, &product, &new.name).await?.ok_or_else(templates::name_taken)?;
        tx.commit().await?;
        let found = AdTemplate::try_from(found)?;
        if found.variables == new.variables && found.plan == new.plan {
            return Ok((found, false));
        }
        Err(templates::name_taken())
    }

    /// Templates, oldest first.
    pub(super) async fn templates(&self, principal: &Principal, query: ListAdTemplates) -> Result<Page<AdTemplate>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 100)?;
        let after = paging::read_cursor(query.cursor.as_deref())?;
        let mut tx = self.ads.db.scoped(principal).await?;
        let rows = templates::list(&mut tx, product.as_ref(), after, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, AdTemplate::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// A template.
    pub(super) async fn template(&self, principal: &Principal, id: AdTemplateId) -> Result<AdTemplate> {
        let mut tx = self.ads.db.scoped(principal).await?;
        let row = templates::get(&mut tx, id.uuid()).await?.ok_or_else(no_template)?;
        tx.commit().await?;
        row.try_into()
    }

    /// Changes a template.
    pub(super) async fn update_template(
        &self,
        principal: &Principal,
        id: AdTemplateId,
        change: &UpdateAdTemplate,
    ) -> Result<AdTemplate> {
        if let Some(name) = &change.name {
            check::text("name", name, 1..=100)?;
        }
        let mut tx = self.ads.db.scoped(principal).await?;
        let changed: AdTemplate =
            templates::update(&mut tx, id.uuid(), change).await?.ok_or_else(no_template)?.try_into()?;
        // Variables and plan may be changed one after the other, as long as they fit together each time.
        template::check(&changed.variables, &changed.plan)?;
        announce(&mut tx, principal, "ads.template_updated", &changed).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Deletes a template.
    pub(super) async fn delete_template(&self, principal: &Principal, id: AdTemplateId) -> Result<()> {
        let mut tx = self.ads.db.scoped(principal).await?;
        let gone: AdTemplate = templates::get(&mut tx, id.uuid()).await?.ok_or_else(no_template)?.try_into()?;
        if !templates::delete(&mut tx, id.uuid()).await? {
            return Err(no_template());
        }
        announce(&mut tx, principal, "ads.template_deleted", &gone).await?;
        tx.commit().await
    }
}

async fn announce(tx: &mut Tx, principal: &Principal, topic: &'static str, template: &AdTemplate) -> Result<()> {
    let payload = json!({ "id": template.id, "name": template.name });
    outbox::push(tx, topic, Some(&template.product), &payload, &principal.request_id).await
}

fn no_template() -> Problem {
    Problem::not_found("template")
}
