//! The rules of publications: asking for them, looking at them, calling them off, going on with them.

use acd_meta::AdAccountId;
use acd_platform::ads::publications::{
    CreatePublication, ItemProblem, ListPublications, Publication, PublicationDetails, PublicationItem,
    PublicationState, PublishedKind,
};
use acd_platform::{AdTemplateId, JobId, Page, ProductSlug, PublicationId};
use http::StatusCode;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::plan::{self, Checked};
use super::publisher::{Publish, Publisher};
use super::store::publications::{self, New, PublicationRow};
use super::store::{items, templates};
use super::{media, outcome, template};
use crate::ads::service::Ads;
use crate::ads::store;
use crate::jobs::{self, Jobs, NewJob};
use crate::kernel::clock::Clock;
use crate::kernel::db::Tx;
use crate::kernel::fetch::Fetcher;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;
use crate::kernel::{check, outbox, paging};

/// Publications through the accounts that products share. Cheap to clone.
#[derive(Clone)]
pub struct Publishing {
    pub(super) ads: Ads,
    pub(super) clock: Clock,
    pub(super) fetcher: Fetcher,
    jobs: Jobs,
}

/// What is asked for, beside the things themselves.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) product: &'a ProductSlug,
    pub(super) account: &'a AdAccountId,
    pub(super) name: Option<&'a str>,
    pub(super) template: Option<AdTemplateId>,
    pub(super) source: Option<&'a str>,
    pub(super) key: Option<&'a str>,
    pub(super) hash: &'a [u8],
}

impl Publishing {
    /// Publications over this advertising, carried out by these jobs, with files that this fetches.
    pub fn new(ads: Ads, jobs: Jobs, clock: Clock, fetcher: Fetcher) -> Self {
        Self { ads, clock, fetcher, jobs }
    }

    /// What carries them out.
    pub fn publisher(&self) -> Publisher {
        Publisher::new(self.clone())
    }

    /// Accepts a publication; true when it is new, and not one that this idempotency key made before.
    pub(super) async fn create(
        &self,
        principal: &Principal,
        wanted: CreatePublication,
        key: Option<&str>,
    ) -> Result<(Publication, bool)> {
        self.ads.meta()?;
        let hash = Sha256::digest(serde_json::to_vec(&wanted).map_err(Problem::internal)?);
        let product = Ads::product(principal, wanted.product)?;
        if let Some(name) = &wanted.name {
            check::text("name", name, 1..=200)?;
        }
        let mut tx = self.ads.db.scoped(principal).await?;
        if let Some(made) = repeated(&mut tx, &product, key, &hash).await? {
            return Ok((made, false));
        }
        let account = Ads::account(&mut tx, &product, wanted.account).await?;
        let (plan, template) = match (wanted.plan, wanted.template) {
            (Some(plan), None) => (plan, None),
            (None, Some(using)) => {
                let template = templates::get(&mut tx, using.id.uuid()).await?;
                let template = template.filter(|template| template.product == product.as_str());
                let template = template.ok_or_else(|| Problem::not_found("template"))?.try_into()?;
                (template::expand(&template, &using)?, Some(using.id))
            }
            _ => return Err(check::invalid("plan", "give either a plan or a template")),
        };
        let checked = plan::check(plan)?;
        check_there(&mut tx, &product, &account, &checked).await?;
        let creatives = checked.items.iter().filter(|item| item.kind == PublishedKind::Creative);
        let creatives: Vec<_> = creatives.map(|item| (item.key.as_str(), &item.object)).collect();
        media::check(&mut tx, &product, &creatives).await?;
        let name = wanted.name.as_deref();
        let asked = Asked { product: &product, account: &account, name, template, source: None, key, hash: &hash };
        self.accept(tx, asked, &checked, &principal.request_id).await
    }

    /// Stores a publication with the job that carries it out.
    pub(super) async fn accept(
        &self,
        mut tx: Tx,
        asked: Asked<'_>,
        checked: &Checked,
        request_id: &RequestId,
    ) -> Result<(Publication, bool)> {
        tx.become_service().await?;
        let Asked { product, account, name, template, source, key, hash } = asked;
        let (id, now) = (Uuid::now_v7(), self.clock.now());
        let new = New { id, product, account, name, template, source, key, hash, now };
        if !publications::insert(&mut tx, new).await? {
            let made = repeated(&mut tx, product, key, hash).await?;
            return made.map(|made| (made, false)).ok_or_else(|| Problem::internal("a taken key has no publication"));
        }
        items::insert(&mut tx, id, product, &checked.items).await?;
        self.enqueue(&mut tx, product, Publish { publication: id, run: 1 }, request_id).await?;
        let payload = json!({ "id": PublicationId::from(id), "account": account, "source_campaign_id": source });
        outbox::push(&mut tx, "ads.publication_created", Some(product), &payload, request_id).await?;
        let made = shown(&mut tx, id).await?;
        tx.commit().await?;
        Ok((made, true))
    }

    async fn enqueue(
        &self,
        tx: &mut Tx,
        product: &ProductSlug,
        what: Publish,
        request_id: &RequestId,
    ) -> Result<JobId> {
        let key = format!("{}:{}", what.publication.simple(), what.run);
        let job = NewJob::of::<Publisher>(&what)?.unique_key(key);
        let job = jobs::enqueue(tx, &self.clock, Some(product), &job, request_id).await?;
        publications::set_job(tx, what.publication, job).await?;
        Ok(job)
    }

    /// Publications, newest first.
    pub(super) async fn list(&self, principal: &Principal, query: ListPublications) -> Result<Page<Publication>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 200)?;
        let below = paging::read_cursor(query.cursor.as_deref())?;
        let mut tx = self.ads.db.scoped(principal).await?;
        let rows = publications::list(&mut tx, product.as_ref(), query.state, below, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, Publication::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// A publication with everything that it makes.
    pub(super) async fn get(&self, principal: &Principal, id: PublicationId) -> Result<PublicationDetails> {
        let mut tx = self.ads.db.scoped(principal).await?;
        let publication = shown(&mut tx, id.uuid()).await?;
        let items = items::list(&mut tx, id.uuid()).await?;
        tx.commit().await?;
        Ok(PublicationDetails { publication, items: items.into_iter().map(PublicationItem::from).collect() })
    }

    /// Calls a publication off: at once when nothing is begun, else before the next thing. One that has ended stays as it is.
    pub(super) async fn cancel(&self, principal: &Principal, id: PublicationId) -> Result<Publication> {
        let (mut tx, locked) = self.lock(principal, id).await?;
        match locked.state {
            PublicationState::Waiting => {
                publications::request_cancel(&mut tx, id.uuid(), self.clock.now()).await?;
                self.end(&mut tx, id.uuid(), &locked.product, true, None).await?;
            }
            PublicationState::Running => publications::request_cancel(&mut tx, id.uuid(), self.clock.now()).await?,
            PublicationState::Cancelled => {}
            ended => {
                let detail = format!("the publication has ended already: it {}", told(ended));
                return Err(Problem::new(StatusCode::CONFLICT, "publication_ended", detail));
            }
        }
        let publication = shown(&mut tx, id.uuid()).await?;
        tx.commit().await?;
        if locked.state == PublicationState::Running {
            self.hurry(publication.job_id, &principal.as_service()).await?;
        }
        Ok(publication)
    }

    /// Goes on with a publication that ended before everything was made, or that waits.
    pub(super) async fn retry(&self, principal: &Principal, id: PublicationId) -> Result<Publication> {
        let (mut tx, locked) = self.lock(principal, id).await?;
        let run = match locked.state {
            PublicationState::Succeeded => {
                let detail = "everything that the publication makes is there; ask for another one to make it again";
                return Err(Problem::new(StatusCode::CONFLICT, "publication_ended", detail));
            }
            PublicationState::Waiting | PublicationState::Running => locked.run,
            _ => {
                items::reopen(&mut tx, id.uuid()).await?;
                publications::reopen(&mut tx, id.uuid()).await?
            }
        };
        let what = Publish { publication: id.uuid(), run };
        let job = self.enqueue(&mut tx, &locked.product, what, &principal.request_id).await?;
        let publication = shown(&mut tx, id.uuid()).await?;
        tx.commit().await?;
        self.hurry(job, &principal.as_service()).await?;
        Ok(publication)
    }

    /// Ends a publication with what is there, in the caller's transaction.
    pub(super) async fn end(
        &self,
        tx: &mut Tx,
        id: Uuid,
        product: &ProductSlug,
        is_called_off: bool,
        problem: Option<&ItemProblem>,
    ) -> Result<PublicationState> {
        items::give_up(tx, id, problem).await?;
        let state = outcome::state(&items::list(tx, id).await?, is_called_off);
        publications::finish(tx, id, state, self.clock.now()).await?;
        let payload = json!({ "id": PublicationId::from(id), "state": state });
        outbox::push(tx, "ads.publication_ended", Some(product), &payload, &RequestId::new()).await?;
        Ok(state)
    }

    /// Lets a job that waits for its time start now. One that runs or has ended needs none of it.
    async fn hurry(&self, job: JobId, service: &Principal) -> Result<()> {
        match self.jobs.retry(service, job).await {
            Err(problem) if !matches!(problem.status, StatusCode::CONFLICT | StatusCode::NOT_FOUND) => Err(problem),
            _ => Ok(()),
        }
    }

    /// Locks a publication of the caller's, and goes on as the service.
    async fn lock(&self, principal: &Principal, id: PublicationId) -> Result<(Tx, Locked)> {
        let mut tx = self.ads.db.scoped(principal).await?;
        shown(&mut tx, id.uuid()).await?;
        tx.become_service().await?;
        let row = publications::lock(&mut tx, id.uuid()).await?.ok_or_else(no_publication)?;
        let product = row.product.parse().map_err(Problem::internal)?;
        Ok((tx, Locked { product, state: row.state.parse().map_err(Problem::internal)?, run: row.run }))
    }
}

/// A publication that nobody else changes until the transaction ends.
struct Locked {
    product: ProductSlug,
    state: PublicationState,
    run: i32,
}

/// What this key made before; a conflict when it was another request.
pub(super) async fn repeated(
    tx: &mut Tx,
    product: &ProductSlug,
    key: Option<&str>,
    hash: &[u8],
) -> Result<Option<Publication>> {
    let Some(key) = key else { return Ok(None) };
    match publications::by_key(tx, product, key).await? {
        Some(row) if row.request_hash == hash => Publication::try_from(row).map(Some),
        Some(_) => Err(Problem::new(
            StatusCode::CONFLICT,
            "idempotency_key_reused",
            "this Idempotency-Key was used for another request; use a new one",
        )),
        None => Ok(None),
    }
}

/// Refuses a plan that names something at Meta which is not the product's in this account.
async fn check_there(tx: &mut Tx, product: &ProductSlug, account: &AdAccountId, checked: &Checked) -> Result<()> {
    for (kind, ids) in &checked.there {
        let wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
        let owned = store::owned_in(tx, product, &account.to_string(), kind.as_str(), &wanted).await?;
        if owned.len() < wanted.len() {
            return Err(Problem::not_found(match kind {
                PublishedKind::Campaign => "campaign",
                PublishedKind::AdSet => "ad set",
                _ => "creative",
            }));
        }
    }
    Ok(())
}

async fn shown(tx: &mut Tx, id: Uuid) -> Result<Publication> {
    let row: Option<PublicationRow> = publications::get(tx, id).await?;
    row.ok_or_else(no_publication)?.try_into()
}

fn told(state: PublicationState) -> &'static str {
    match state {
        PublicationState::Succeeded => "made everything",
        PublicationState::Partial => "made some ads, and Meta refused the others",
        _ => "made no ad",
    }
}

fn no_publication() -> Problem {
    Problem::not_found("publication")
}

impl std::fmt::Debug for Publishing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Publishing")
    }
}
