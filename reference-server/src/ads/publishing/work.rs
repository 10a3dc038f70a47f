//! One attempt at a publication: everything that is not there yet, one thing after the other.

use std::time::Duration;

use acd_core::limits::Priority;
use acd_meta::{AdAccountId, AdLabelId, MetaClient};
use acd_platform::ProductSlug;
use acd_platform::ads::publications::{ItemProblem, ItemState, PublicationState, PublishedKind};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::media::{self, Place};
use super::outcome::{self, SETTLE, Verdict, kept, verdict};
use super::service::Publishing;
use super::store::items::{self, Item};
use super::store::media::keep_shown;
use super::store::publications;
use crate::ads::kind::{AdKind, AdSetKind, CampaignKind, CreativeKind, Kind};
use crate::ads::store::{self, OwnerRow};
use crate::jobs::{JobContext, JobError};
use crate::kernel::db::Tx;
use crate::kernel::outbox;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// How often Meta may fail over one thing.
const MOST_ATTEMPTS: u32 = 10;

/// A publication in the hands of one worker, which lets go of it when another takes it.
pub(super) struct Work {
    publishing: Publishing,
    service: Principal,
    id: Uuid,
    holder: Uuid,
    product: ProductSlug,
    account: AdAccountId,
    label: Option<AdLabelId>,
    meta: MetaClient,
    items: Vec<Item>,
}

/// Runs a generic method with the kind of a thing.
macro_rules! with_kind {
    ($kind:expr, $self:ident.$method:ident($($argument:expr),*)) => {
        match $kind {
            PublishedKind::Campaign => $self.$method::<CampaignKind>($($argument),*).await,
            PublishedKind::AdSet => $self.$method::<AdSetKind>($($argument),*).await,
            PublishedKind::Creative => $self.$method::<CreativeKind>($($argument),*).await,
            PublishedKind::Ad => $self.$method::<AdKind>($($argument),*).await,
            other => Err(JobError::permanent(format_args!("nothing makes a {other}"))),
        }
    };
}

impl Work {
    /// Takes a publication; nothing when this run of it has ended.
    pub(super) async fn take(publishing: &Publishing, id: Uuid, run: i32) -> Result<Option<Self>> {
        let (service, holder) = (Principal::service(RequestId::new()), Uuid::new_v4());
        let mut tx = publishing.ads.db.scoped(&service).await?;
        let Some(held) = publications::hold(&mut tx, id, run, holder).await? else { return Ok(None) };
        // Whoever was at it is gone, or ends with its lease.
        items::unsettle(&mut tx, id, SETTLE).await?;
        let items = items::list(&mut tx, id).await?;
        tx.commit().await?;
        let product: ProductSlug = held.product.parse().map_err(Problem::internal)?;
        let account = AdAccountId::from(held.account.as_str());
        let meta = publishing.ads.meta()?.on_behalf(&product, &account).with_priority(Priority::Background);
        let label = held.label_id.map(AdLabelId::from);
        let publishing = publishing.clone();
        Ok(Some(Self { publishing, service, id, holder, product, account, label, meta, items }))
    }

    /// Makes what is not there yet.
    pub(super) async fn carry_out(mut self, context: &JobContext) -> Result<PublicationState, JobError> {
        let mut tx = self.open().await?;
        let settles_in = items::settles_in(&mut tx, self.id).await?;
        let accounts = store::accounts_of(&mut tx, &self.product).await?;
        tx.commit().await?;
        if let Some(wait) = settles_in.filter(|wait| !wait.is_zero()) {
            return Err(JobError::retry_after("something was asked for, and Meta is given time to show it", wait));
        }
        if !accounts.contains(&self.account.to_string()) {
            let detail = "the product may not use the ad account any more; an administrator allows it again";
            return self.finish(Some(&kept(Problem::forbidden("account_withdrawn", detail)))).await;
        }
        let label = match self.label().await? {
            Ok(label) => label,
            Err(problem) => return self.finish(Some(&problem)).await,
        };
        for at in self.having(ItemState::Unsettled) {
            let kind = self.items[at].kind;
            with_kind!(kind, self.settle(at, &label))?;
        }
        self.upload(context).await?;
        for at in self.having(ItemState::Waiting) {
            if context.cancelled().is_cancelled() {
                self.call_off().await?;
                return Err(JobError::cancelled());
            }
            let kind = self.items[at].kind;
            if !with_kind!(kind, self.make(at, &label))? {
                break;
            }
            self.tell(context);
        }
        self.finish(None).await
    }

    fn having(&self, state: ItemState) -> Vec<usize> {
        (0..self.items.len()).filter(|at| self.items[*at].state == state).collect()
    }

    fn tell(&self, context: &JobContext) {
        let ended = |item: &&Item| !matches!(item.state, ItemState::Waiting | ItemState::Unsettled);
        let percent = self.items.iter().filter(ended).count() * 100 / self.items.len().max(1);
        let ads = || self.items.iter().filter(|item| item.kind == PublishedKind::Ad);
        let created = ads().filter(|ad| ad.state == ItemState::Created).count();
        let note = format!("{created} of {} ads are there", ads().count());
        context.progress(u8::try_from(percent).unwrap_or(100), note);
    }

    async fn open(&self) -> Result<Tx> {
        self.publishing.ads.db.scoped(&self.service).await
    }

    /// A transaction in which the publication stays ours, and whether it was called off.
    async fn open_held(&self) -> Result<(Tx, bool), JobError> {
        let mut tx = self.open().await?;
        match publications::lock_held(&mut tx, self.id, self.holder).await? {
            Some(is_called_off) => Ok((tx, is_called_off)),
            None => Err(JobError::retry("another worker has the publication by now")),
        }
    }

    /// The label of everything that the publication makes, or why Meta does not want it.
    async fn label(&mut self) -> Result<Result<AdLabelId, ItemProblem>, JobError> {
        if let Some(label) = &self.label {
            return Ok(Ok(label.clone()));
        }
        let name = format!("acd-{}", self.id.simple());
        match self.meta.ad_labels().ensure(&self.account, &name).await {
            Ok(label) => {
                let (mut tx, _) = self.open_held().await?;
                publications::set_label(&mut tx, self.id, &label).await?;
                tx.commit().await?;
                Ok(Ok(label))
            }
            Err(error) => match verdict(error) {
                Verdict::Refused(problem) => Ok(Err(problem)),
                Verdict::Later { problem, wait, .. } => Err(self.pause(problem, wait).await),
                Verdict::Unknown(problem) => Err(self.pause(problem, SETTLE).await),
            },
        }
    }

    /// Says why it does not go on; the error that ends the attempt.
    async fn pause(&self, problem: ItemProblem, wait: Duration) -> JobError {
        match self.note(&problem).await {
            Ok(()) => JobError::retry_after(problem.detail, wait),
            Err(error) => error,
        }
    }

    async fn note(&self, problem: &ItemProblem) -> Result<(), JobError> {
        let (mut tx, _) = self.open_held().await?;
        publications::set_problem(&mut tx, self.id, Some(problem)).await?;
        Ok(tx.commit().await?)
    }

    /// Finds out whether a thing is there that somebody asked for who never told.
    async fn settle<K: Kind>(&mut self, at: usize, label: &AdLabelId) -> Result<(), JobError> {
        let found = match K::labelled(&self.meta, &self.account, label).await {
            Ok(found) => found,
            Err(error) => {
                let (Verdict::Refused(problem) | Verdict::Unknown(problem) | Verdict::Later { problem, .. }) =
                    verdict(error);
                return Err(self.pause(problem, SETTLE).await);
            }
        };
        let kind = self.items[at].kind;
        let known =
            |id: &String| self.items.iter().any(|item| item.kind == kind && item.object_id.as_ref() == Some(id));
        match found.into_iter().find(|id| !known(id)) {
            Some(id) => self.made::<K>(at, id).await,
            None => {
                let (mut tx, _) = self.open_held().await?;
                let item = &self.items[at];
                items::wait(&mut tx, self.id, item.position, item.attempts, item.problem.as_ref()).await?;
                tx.commit().await?;
                self.items[at].state = ItemState::Waiting;
                Ok(())
            }
        }
    }

    /// Makes a thing, or finds out that it cannot be made; false when the publication was called off before.
    async fn make<K: Kind>(&mut self, at: usize, label: &AdLabelId) -> Result<bool, JobError> {
        let item = &self.items[at];
        if let Some(problem) = item.problem.clone().filter(|_| item.attempts >= MOST_ATTEMPTS) {
            self.end(at, ItemState::Failed, problem).await?;
            return Ok(true);
        }
        let object = match self.resolved(item) {
            Ok(object) => object,
            Err(problem) => {
                self.end(at, ItemState::NotTried, problem).await?;
                return Ok(true);
            }
        };
        let object = match self.with_media(item.kind, object).await? {
            Ok(object) => object,
            Err(verdict) => {
                self.judged(at, verdict).await?;
                return Ok(true);
            }
        };
        let new = serde_json::from_value(object).map_err(JobError::permanent)?;
        let (mut tx, is_called_off) = self.open_held().await?;
        if is_called_off {
            return Ok(false);
        }
        items::begin(&mut tx, self.id, self.items[at].position).await?;
        tx.commit().await?;
        match K::create_labelled(&self.meta, &self.account, label, new).await {
            Ok(id) => self.made::<K>(at, id).await?,
            Err(error) => self.judged(at, verdict(error)).await?,
        }
        Ok(true)
    }

    /// A thing is there.
    async fn made<K: Kind>(&mut self, at: usize, id: String) -> Result<(), JobError> {
        let (mut tx, _) = self.open_held().await?;
        let item = &mut self.items[at];
        items::made(&mut tx, self.id, item.position, &id).await?;
        let owner =
            OwnerRow { kind: K::NAME.to_owned(), product: self.product.to_string(), account: self.account.to_string() };
        let object = serde_json::to_vec(&item.object).map_err(JobError::permanent)?;
        store::own(&mut tx, &id, &owner, &Sha256::digest(&object)).await?;
        let shown = media::shown(item.kind, &item.object);
        if !shown.is_empty() {
            keep_shown(&mut tx, &self.product, &id, &shown).await?;
        }
        publications::set_problem(&mut tx, self.id, None).await?;
        let payload = json!({ "id": id, "account": self.account });
        outbox::push(&mut tx, K::TOPICS[0], Some(&self.product), &payload, &self.service.request_id).await?;
        tx.commit().await?;
        item.state = ItemState::Created;
        item.object_id = Some(id);
        Ok(())
    }

    /// A thing is not there, or nobody knows.
    async fn judged(&mut self, at: usize, verdict: Verdict) -> Result<(), JobError> {
        let (position, attempts) = (self.items[at].position, self.items[at].attempts);
        let verdict = match verdict {
            Verdict::Refused(problem) => return self.end(at, ItemState::Failed, problem).await,
            other => other,
        };
        let (mut tx, _) = self.open_held().await?;
        let (problem, wait) = match verdict {
            Verdict::Later { problem, wait, is_counted } => {
                let attempts = attempts + u32::from(is_counted);
                items::wait(&mut tx, self.id, position, attempts, Some(&problem)).await?;
                (problem, wait)
            }
            Verdict::Unknown(problem) | Verdict::Refused(problem) => {
                let settle = outcome::settle(attempts);
                items::doubt(&mut tx, self.id, position, attempts + 1, &problem, settle).await?;
                (problem, settle)
            }
        };
        publications::set_problem(&mut tx, self.id, Some(&problem)).await?;
        tx.commit().await?;
        Err(JobError::retry_after(problem.detail, wait))
    }

    /// A creative shows images and videos that Meta knows.
    async fn with_media(&self, kind: PublishedKind, object: Value) -> Result<Result<Value, Verdict>> {
        match kind {
            PublishedKind::Creative => self.publishing.with_media(self.place(), object).await,
            _ => Ok(Ok(object)),
        }
    }

    fn place(&self) -> Place<'_> {
        Place { service: &self.service, meta: &self.meta, product: &self.product, account: &self.account }
    }

    /// Uploads the videos of everything that is still to be made, so that Meta works on all of them at once.
    async fn upload(&mut self, context: &JobContext) -> Result<(), JobError> {
        for at in self.having(ItemState::Waiting) {
            let item = &self.items[at];
            let is_due = item.kind == PublishedKind::Creative && item.attempts < MOST_ATTEMPTS;
            if !is_due || !media::shows_video(&item.object) {
                continue;
            }
            let (tx, is_called_off) = self.open_held().await?;
            tx.commit().await?;
            if is_called_off || context.cancelled().is_cancelled() {
                break;
            }
            if let Err(verdict) = self.publishing.upload_videos(self.place(), &self.items[at].object).await? {
                self.judged(at, verdict).await?;
            }
        }
        Ok(())
    }

    /// A thing will not be made.
    async fn end(&mut self, at: usize, state: ItemState, problem: ItemProblem) -> Result<(), JobError> {
        let (mut tx, _) = self.open_held().await?;
        let item = &mut self.items[at];
        items::end(&mut tx, self.id, item.position, state, &problem).await?;
        tx.commit().await?;
        item.state = state;
        item.problem = Some(problem);
        Ok(())
    }

    /// The object with Meta's ids in the place of keys, or why it cannot be asked for.
    fn resolved(&self, item: &Item) -> Result<Value, ItemProblem> {
        let mut object = item.object.clone();
        let needs: &[(PublishedKind, &str)] = match item.kind {
            PublishedKind::AdSet => &[(PublishedKind::Campaign, "/campaign_id")],
            PublishedKind::Ad => {
                &[(PublishedKind::AdSet, "/adset_id"), (PublishedKind::Creative, "/creative/creative_id")]
            }
            _ => &[],
        };
        for (kind, place) in needs {
            let Some(named) = object.pointer_mut(place) else { continue };
            let is_named = |item: &&Item| item.kind == *kind && named == item.key.as_str();
            let Some(needed) = self.items.iter().find(is_named) else { continue };
            match &needed.object_id {
                Some(id) => *named = json!(id),
                None => return Err(missing(needed)),
            }
        }
        Ok(object)
    }

    /// The job was called off, and with it the publication.
    async fn call_off(&self) -> Result<(), JobError> {
        let (mut tx, _) = self.open_held().await?;
        publications::request_cancel(&mut tx, self.id, self.publishing.clock.now()).await?;
        tx.commit().await?;
        self.finish(None).await.map(drop)
    }

    /// Nothing is left to do; what was not asked for will not be, for this reason if there is one.
    async fn finish(&self, problem: Option<&ItemProblem>) -> Result<PublicationState, JobError> {
        let (mut tx, is_called_off) = self.open_held().await?;
        let state = self.publishing.end(&mut tx, self.id, &self.product, is_called_off, problem).await?;
        tx.commit().await?;
        Ok(state)
    }
}

/// Why a thing is not asked for that needs this one.
fn missing(needed: &Item) -> ItemProblem {
    let cause = needed.problem.as_ref();
    let why = cause.map(|cause| format!(": {}", cause.detail)).unwrap_or_default();
    let what = needed.kind.as_str().replace('_', " ");
    ItemProblem {
        code: "needs_another".to_owned(),
        detail: format!("it needs the {what} `{}`, which is not there{why}", needed.key),
        meta: cause.and_then(|cause| cause.meta.clone()),
    }
}
