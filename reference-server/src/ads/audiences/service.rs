//! The rules of audiences.

use acd_core::limits::Priority;
use acd_meta::audiences::AudienceFields;
use acd_meta::{AdAccountId, AudienceId, MetaClient};
use acd_platform::ads::audiences::{
    AudienceSwitch, CreateHubAudience, CreateHubLookalike, HubAudience, HubAudienceSize, ListHubAudiences,
    SetAudienceSwitch, ShareHubAudience,
};
use acd_platform::{HubAudienceId, Page, ProductSlug};
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::check;
use super::renew::{AudienceToRenew, RenewAudience};
use super::store::{self, NewAudience};
use crate::ads::Ads;
use crate::ads::problem;
use crate::jobs::{self, NewJob};
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;
use crate::kernel::{outbox, paging};
use crate::privacy::ConsentService;

const RENEW_HOURS: u32 = 24;

/// Audiences. Cheap to clone.
#[derive(Clone)]
pub struct Audiences {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) ads: Ads,
    pub(super) consents: ConsentService,
}

impl Audiences {
    /// Audiences in this database, over this connection, of people who agreed by these consents.
    pub fn new(db: Db, clock: Clock, ads: Ads, consents: ConsentService) -> Self {
        Self { db, clock, ads, consents }
    }

    /// A product's switch.
    pub(super) async fn switch(&self, principal: &Principal, named: Option<ProductSlug>) -> Result<AudienceSwitch> {
        let product = Ads::product(principal, named)?;
        let mut tx = self.db.scoped(principal).await?;
        let found = store::switch(&mut tx, &product).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Turns a product's switch. Each turn is kept; one that changes nothing is none.
    pub(super) async fn set_switch(&self, principal: &Principal, wanted: SetAudienceSwitch) -> Result<AudienceSwitch> {
        let product = Ads::product(principal, wanted.product)?;
        let mut tx = self.db.scoped(principal).await?;
        store::lock_switch(&mut tx, &product).await?;
        let before = store::switch(&mut tx, &product).await?;
        if before.is_enabled == wanted.is_enabled {
            tx.commit().await?;
            return Ok(before);
        }
        let by = if principal.is_admin() { "admin" } else { "product" };
        store::turn(&mut tx, &product, wanted.is_enabled, by, &principal.request_id).await?;
        let after = store::switch(&mut tx, &product).await?;
        let payload = json!({ "is_enabled": after.is_enabled, "changed_by": by });
        outbox::push(&mut tx, "ads.audiences_switched", Some(&product), &payload, &principal.request_id).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Creates an audience of the product's people; true when it is new.
    pub(super) async fn create(&self, principal: &Principal, new: CreateHubAudience) -> Result<(HubAudience, bool)> {
        check::name(&new.name)?;
        check::source(&new.source)?;
        let renew_hours = check::renew_hours(new.renew_hours.unwrap_or(RENEW_HOURS))?;
        let product = Ads::product(principal, new.product)?;
        let mut tx = self.db.scoped(principal).await?;
        require_on(&mut tx, &product).await?;
        let account = Ads::account(&mut tx, &product, new.account).await?;
        let source = serde_json::to_value(&new.source).map_err(Problem::internal)?;
        let new = NewAudience::segment(&product, &account, &new.name, source, renew_hours);
        self.store(tx, principal, &product, &new).await
    }

    /// Creates an audience of people like those of another one; true when it is new.
    pub(super) async fn create_lookalike(
        &self,
        principal: &Principal,
        seed: HubAudienceId,
        new: CreateHubLookalike,
    ) -> Result<(HubAudience, bool)> {
        check::lookalike(&new)?;
        let mut tx = self.db.scoped(principal).await?;
        let seed = one(&mut tx, seed).await?;
        require_on(&mut tx, &seed.product).await?;
        let ratio = i32::try_from(new.ratio_percent).map_err(Problem::internal)?;
        let (product, account) = (seed.product.clone(), seed.account.clone());
        let new = NewAudience::lookalike(&product, &account, &new.name, seed.id.uuid(), &new.country, ratio);
        self.store(tx, principal, &product, &new).await
    }

    async fn store(
        &self,
        mut tx: Tx,
        principal: &Principal,
        product: &ProductSlug,
        new: &NewAudience<'_>,
    ) -> Result<(HubAudience, bool)> {
        let Some(row) = store::insert(&mut tx, new, self.clock.now()).await? else {
            let found = store::by_name(&mut tx, product, new.name).await?.ok_or_else(busy)?;
            tx.commit().await?;
            if !found.is_as(new) {
                let detail = "name: another audience of the product has this name; choose another one";
                return Err(Problem::new(StatusCode::CONFLICT, "audience_exists", detail));
            }
            return Ok((found.try_into()?, false));
        };
        let made = HubAudience::try_from(row)?;
        let payload = json!({ "id": made.id, "kind": made.kind, "account": made.account });
        outbox::push(&mut tx, "ads.audience_created", Some(product), &payload, &principal.request_id).await?;
        tx.become_service().await?;
        self.enqueue(&mut tx, made.id.uuid(), product, &principal.request_id).await?;
        tx.commit().await?;
        Ok((made, true))
    }

    /// Audiences, oldest first.
    pub(super) async fn list(&self, principal: &Principal, query: ListHubAudiences) -> Result<Page<HubAudience>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 200)?;
        let after = paging::read_cursor(query.cursor.as_deref())?;
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::list(&mut tx, product.as_ref(), after, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, HubAudience::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// An audience.
    pub(super) async fn get(&self, principal: &Principal, id: HubAudienceId) -> Result<HubAudience> {
        let mut tx = self.db.scoped(principal).await?;
        let found = one(&mut tx, id).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Renews an audience now.
    pub(super) async fn renew(&self, principal: &Principal, id: HubAudienceId) -> Result<HubAudience> {
        let mut tx = self.db.scoped(principal).await?;
        let found = one(&mut tx, id).await?;
        require_on(&mut tx, &found.product).await?;
        tx.become_service().await?;
        self.enqueue(&mut tx, id.uuid(), &found.product, &principal.request_id).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Deletes an audience, at Meta first.
    pub(super) async fn delete(&self, principal: &Principal, id: HubAudienceId) -> Result<()> {
        let mut tx = self.db.scoped(principal).await?;
        let found = one(&mut tx, id).await?;
        tx.become_service().await?;
        if store::is_seed(&mut tx, id.uuid()).await? {
            let detail = "other audiences are made of people like those of this one; delete them first";
            return Err(Problem::new(StatusCode::CONFLICT, "audience_in_use", detail));
        }
        let meta = self.client(&mut tx, &found).await?;
        tx.commit().await?;
        self.delete_at_meta(&meta, &found).await.map_err(problem::of)?;
        let mut tx = self.db.scoped(&principal.as_service()).await?;
        store::delete(&mut tx, id.uuid()).await?;
        let payload = json!({ "id": found.id, "audience_id": found.audience_id });
        outbox::push(&mut tx, "ads.audience_deleted", Some(&found.product), &payload, &principal.request_id).await?;
        tx.commit().await
    }

    /// Lets another product use an audience in its ad account, or no longer.
    pub(super) async fn share(
        &self,
        principal: &Principal,
        id: HubAudienceId,
        with: ShareHubAudience,
        is_shared: bool,
    ) -> Result<()> {
        let mut tx = self.db.scoped(principal).await?;
        let found = one(&mut tx, id).await?;
        if is_shared {
            require_on(&mut tx, &found.product).await?;
        }
        tx.become_service().await?;
        let account = Ads::account(&mut tx, &with.product, with.account).await?;
        let meta = self.client(&mut tx, &found).await?;
        tx.commit().await?;
        let at_meta = made(&found)?;
        let accounts = std::slice::from_ref(&account);
        let topic = if is_shared {
            meta.audiences().share(at_meta, accounts).await.map_err(problem::of)?;
            "ads.audience_shared"
        } else {
            meta.audiences().unshare(at_meta, accounts).await.map_err(problem::of)?;
            "ads.audience_unshared"
        };
        let mut tx = self.db.scoped(&principal.as_service()).await?;
        let payload = json!({ "id": found.id, "with": with.product, "account": account });
        outbox::push(&mut tx, topic, Some(&found.product), &payload, &principal.request_id).await?;
        tx.commit().await
    }

    /// How large Meta says an audience is.
    pub(super) async fn size(&self, principal: &Principal, id: HubAudienceId) -> Result<HubAudienceSize> {
        let mut tx = self.db.scoped(principal).await?;
        let found = one(&mut tx, id).await?;
        let meta = self.client(&mut tx, &found).await?;
        tx.commit().await?;
        let fields = AudienceFields::new()
            .approximate_count_lower_bound()
            .approximate_count_upper_bound()
            .delivery_status()
            .operation_status();
        let told = meta.audiences().get(made(&found)?, &fields).await.map_err(problem::of)?;
        // Meta writes -1 for what it does not know.
        let known = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
        Ok(HubAudienceSize {
            at_least: known(told.approximate_count_lower_bound),
            at_most: known(told.approximate_count_upper_bound),
            delivery: told.delivery_status,
            operation: told.operation_status,
        })
    }

    /// Puts a job into the queue that renews an audience, unless there is one.
    pub(super) async fn enqueue(
        &self,
        tx: &mut Tx,
        id: Uuid,
        product: &ProductSlug,
        request_id: &RequestId,
    ) -> Result<()> {
        let job = NewJob::of::<RenewAudience>(&AudienceToRenew { id })?.unique_key(id.simple().to_string());
        jobs::enqueue(tx, &self.clock, Some(product), &job, request_id).await.map(drop)
    }

    /// The client for calls about an audience, as long as its product may use its ad account.
    pub(super) async fn client(&self, tx: &mut Tx, audience: &HubAudience) -> Result<MetaClient> {
        let named: AdAccountId = audience.account.clone();
        let account = Ads::account(tx, &audience.product, Some(named)).await?;
        Ok(self.ads.meta()?.on_behalf(&audience.product, &account).with_priority(Priority::Background))
    }
}

async fn one(tx: &mut Tx, id: HubAudienceId) -> Result<HubAudience> {
    let row = store::get(tx, id.uuid()).await?;
    row.ok_or_else(|| Problem::not_found("audience"))?.try_into()
}

async fn require_on(tx: &mut Tx, product: &ProductSlug) -> Result<()> {
    if store::is_enabled(tx, product).await? {
        return Ok(());
    }
    let detail = "the product's audiences are switched off; turn them on with PUT /v1/ads/audiences/switch";
    Err(Problem::new(StatusCode::CONFLICT, "audiences_off", detail))
}

fn made(audience: &HubAudience) -> Result<&AudienceId> {
    audience.audience_id.as_ref().ok_or_else(|| {
        Problem::new(StatusCode::CONFLICT, "audience_not_made", "the audience is not at Meta yet; nobody may be in it")
    })
}

fn busy() -> Problem {
    Problem::unavailable("audience_busy", "this audience is being created and deleted elsewhere; try again shortly")
}
