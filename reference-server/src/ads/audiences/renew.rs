//! Renewing audiences: those who are chosen now take the place of all who were.

use std::time::Duration;

use acd_meta::audiences::{AudienceFields, AudiencesClient, CreateAudience, ListAudiences, UploadAction, UsersUpload};
use acd_meta::{AudienceId, Error, ErrorKind, MetaClient};
use acd_platform::ads::audiences::{HubAudience, HubAudienceKind};
use acd_platform::{HubAudienceId, ProductSlug};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::service::Audiences;
use super::store;
use crate::ads::problem;
use crate::jobs::{Handler, JobContext, JobError, Policy};
use crate::kernel::outbox;
use crate::kernel::principal::Principal;
use crate::kernel::request_id::RequestId;

/// Meta ends an upload that nobody goes on with after 90 minutes; until then it refuses another.
const BUSY: Duration = Duration::from_secs(600);
/// Audiences whose jobs are made in one transaction.
const DUE_AT_ONCE: i64 = 500;

/// Renews one audience.
pub(crate) struct RenewAudience {
    audiences: Audiences,
}

/// Which audience.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AudienceToRenew {
    pub(super) id: Uuid,
}

impl RenewAudience {
    /// Renews these audiences.
    pub(crate) fn new(audiences: Audiences) -> Self {
        Self { audiences }
    }
}

impl Handler for RenewAudience {
    const KIND: &'static str = "acd.ads.renew_audience";
    const POLICY: Policy = Policy {
        timeout: Duration::from_secs(3_600),
        max_attempts: 12,
        backoff: Duration::from_secs(30),
        ..Policy::DEFAULT
    };
    type Payload = AudienceToRenew;

    async fn run(&self, _: &JobContext, AudienceToRenew { id }: AudienceToRenew) -> Result<Option<Value>, JobError> {
        let service = Principal::service(RequestId::new());
        let result = self.audiences.renew_now(id, &service).await;
        if let Err(error) = &result {
            let mut tx = self.audiences.db.scoped(&service).await?;
            store::failed(&mut tx, id, &error.to_string()).await?;
            tx.commit().await?;
        }
        result
    }
}

/// Puts a job into the queue for each audience whose time has come. A schedule of the platform's own runs it.
pub(crate) struct RenewDueAudiences {
    audiences: Audiences,
}

/// It needs to be told nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

impl RenewDueAudiences {
    /// Renews these audiences.
    pub(crate) fn new(audiences: Audiences) -> Self {
        Self { audiences }
    }
}

impl Handler for RenewDueAudiences {
    const KIND: &'static str = "acd.ads.renew_due_audiences";
    type Payload = Nothing;

    async fn run(&self, _: &JobContext, _: Nothing) -> Result<Option<Value>, JobError> {
        let service = Principal::service(RequestId::new());
        let mut tx = self.audiences.db.scoped(&service).await?;
        let due = store::due(&mut tx, self.audiences.clock.now(), DUE_AT_ONCE).await?;
        for (id, product) in &due {
            let product = product.parse().map_err(JobError::permanent)?;
            self.audiences.enqueue(&mut tx, *id, &product, &service.request_id).await?;
        }
        tx.commit().await?;
        Ok(Some(json!({ "due": due.len() })))
    }
}

impl Audiences {
    async fn renew_now(&self, id: Uuid, service: &Principal) -> Result<Option<Value>, JobError> {
        let mut tx = self.db.scoped(service).await?;
        let Some(row) = store::get(&mut tx, id).await? else { return Ok(None) };
        let audience = HubAudience::try_from(row)?;
        if !store::is_enabled(&mut tx, &audience.product).await? {
            return Ok(Some(json!({ "skipped": "the product's switch is off" })));
        }
        let users = match &audience.source {
            Some(source) => Some(self.people(&mut tx, &audience.product, source, self.clock.now()).await?),
            None => None,
        };
        let meta = self.client(&mut tx, &audience).await?;
        tx.commit().await?;

        let people = users.as_ref().map(|users| users.len());
        let made = match users {
            // Meta takes no empty replacement: nobody is in an audience that is not there.
            Some(users) if users.is_empty() => {
                self.delete_at_meta(&meta, &audience).await.map_err(refused)?;
                None
            }
            Some(users) => {
                let at_meta = self.ensured(&meta, &audience, None).await.map_err(refused)?;
                self.note_made(service, id, &at_meta).await?;
                let audiences = meta.audiences();
                let upload = audiences.upload(UploadAction::Replace, &at_meta, &users, new_session());
                if !send_while(upload, || self.is_on(service, &audience.product)).await? {
                    return Ok(Some(json!({ "skipped": "the product's switch was turned off" })));
                }
                Some(at_meta)
            }
            None => {
                let seed = self.seed(service, &audience).await?;
                Some(self.ensured(&meta, &audience, Some(seed)).await.map_err(refused)?)
            }
        };
        let mut tx = self.db.scoped(service).await?;
        store::renewed(&mut tx, id, made.as_ref(), people, self.clock.now()).await?;
        let payload = json!({ "id": audience.id, "audience_id": made, "people": people });
        outbox::push(&mut tx, "ads.audience_renewed", Some(&audience.product), &payload, &service.request_id).await?;
        tx.commit().await?;
        Ok(Some(payload))
    }

    async fn is_on(&self, service: &Principal, product: &ProductSlug) -> Result<bool, JobError> {
        let mut tx = self.db.scoped(service).await?;
        let is_on = store::is_enabled(&mut tx, product).await?;
        tx.commit().await?;
        Ok(is_on)
    }

    async fn note_made(&self, service: &Principal, id: Uuid, at_meta: &AudienceId) -> Result<(), JobError> {
        let mut tx = self.db.scoped(service).await?;
        store::made(&mut tx, id, at_meta).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Meta's id of the audience whose people are the model.
    async fn seed(&self, service: &Principal, audience: &HubAudience) -> Result<AudienceId, JobError> {
        let seed = audience.seed_id.ok_or_else(|| JobError::permanent("a lookalike has a seed"))?;
        let mut tx = self.db.scoped(service).await?;
        let row = store::get(&mut tx, seed.uuid()).await?;
        tx.commit().await?;
        let seed = row.map(HubAudience::try_from).transpose()?.and_then(|seed| seed.audience_id);
        seed.ok_or_else(|| JobError::retry_after("the audience to be like is not at Meta yet; it is waited for", BUSY))
    }

    /// The audience at Meta, found by its name or created. Meta has no idempotency keys, and ids in names are as good.
    async fn ensured(
        &self,
        meta: &MetaClient,
        audience: &HubAudience,
        seed: Option<AudienceId>,
    ) -> Result<AudienceId, Error> {
        if let Some(known) = &audience.audience_id {
            return Ok(known.clone());
        }
        let name = name_at_meta(audience);
        let audiences = meta.audiences();
        if let Some(found) = find(&audiences, audience, &name).await? {
            return Ok(found);
        }
        let new = match (audience.kind, seed) {
            (HubAudienceKind::Lookalike, Some(seed)) => {
                let ratio = f64::from(audience.ratio_percent.unwrap_or(1)) / 100.0;
                CreateAudience::lookalike(name, seed, audience.country.clone().unwrap_or_default(), ratio)
            }
            _ => CreateAudience::customer_file(name),
        };
        Ok(audiences.create(&audience.account, &new).await?.id)
    }

    /// Deletes an audience at Meta, where it is there.
    pub(super) async fn delete_at_meta(&self, meta: &MetaClient, audience: &HubAudience) -> Result<(), Error> {
        let audiences = meta.audiences();
        let known = match &audience.audience_id {
            Some(known) => Some(known.clone()),
            None => find(&audiences, audience, &name_at_meta(audience)).await?,
        };
        let Some(known) = known else { return Ok(()) };
        match audiences.delete(&known).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Sends batch by batch for as long as it may be, and says whether it was to the end. What is left unfinished replaces nobody.
async fn send_while<F>(mut upload: UsersUpload<'_, '_>, may_go_on: impl Fn() -> F) -> Result<bool, JobError>
where
    F: Future<Output = Result<bool, JobError>>,
{
    while may_go_on().await? {
        if !upload.send_next().await.map_err(refused)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An id that no other upload of the ad account has, of which several may begin within a millisecond: the half of a UUID that is not
/// the time.
fn new_session() -> u64 {
    Uuid::now_v7().as_u64_pair().1 >> 1
}

fn name_at_meta(audience: &HubAudience) -> String {
    format!("{} [{}]", audience.name, HubAudienceId::from(audience.id.uuid()))
}

async fn find(
    audiences: &AudiencesClient<'_>,
    audience: &HubAudience,
    name: &str,
) -> Result<Option<AudienceId>, Error> {
    let query = ListAudiences::of(AudienceFields::new().name());
    let mut all = audiences.list_all(&audience.account, query).items();
    while let Some(found) = all.next().await? {
        if found.name.as_deref() == Some(name) {
            return Ok(Some(found.id));
        }
    }
    Ok(None)
}

/// A failure at Meta: while it works on the audience itself, it is left alone for longer.
fn refused(error: Error) -> JobError {
    let wait = error.retry_after().or_else(|| (error.kind() == ErrorKind::Conflict).then_some(BUSY));
    let problem = problem::of(error);
    match wait {
        Some(wait) => JobError::retry_after(problem, wait),
        None => problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::HashSet;

    use acd_meta::AdAccountId;
    use acd_meta::audiences::{AudienceKey, AudienceUsers};
    use acd_testing::MetaSimulator;

    use super::*;

    #[test]
    fn uploads_that_begin_together_are_told_apart() {
        let sessions: HashSet<u64> = (0..10_000).map(|_| new_session()).collect();
        assert_eq!(sessions.len(), 10_000);
        assert!(sessions.iter().all(|session| i64::try_from(*session).is_ok()));
    }

    #[tokio::test]
    async fn what_is_turned_off_between_two_batches_goes_no_further() {
        let simulator = MetaSimulator::start().await.unwrap();
        let world = simulator.world();
        let meta = MetaClient::builder(world.access_token.as_str())
            .app_secret(world.app_secret.as_str())
            .base_url(simulator.url())
            .build()
            .unwrap();
        let (audiences, account) = (meta.audiences(), AdAccountId::from(world.ad_account.as_str()));
        let users = AudienceUsers::of(AudienceKey::ExternId, (0..10_001).map(|number| number.to_string()));
        let sent = || simulator.traffic().iter().filter(|call| call.path.ends_with("/usersreplace")).count();
        for (looks, batches, is_done) in [(0, 0, false), (1, 1, false), (2, 2, true)] {
            let new = CreateAudience::customer_file(format!("Customers {looks}"));
            let audience = audiences.create(&account, &new).await.unwrap().id;
            let (before, looked) = (sent(), Cell::new(0));
            let upload = audiences.upload(UploadAction::Replace, &audience, &users, 9 + looks);
            let done = send_while(upload, || std::future::ready(Ok(looked.replace(looked.get() + 1) < looks))).await;
            assert_eq!((done.unwrap(), sent() - before), (is_done, batches), "{looks}");
        }
    }
}
