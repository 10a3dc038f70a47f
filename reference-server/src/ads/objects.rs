//! Making, reading, changing and deleting what products have at Meta.

use acd_meta::{AdAccountId, Done, Error, ErrorKind, MetaClient};
use acd_platform::ads::{ListObjects, NewObject};
use acd_platform::{Page, ProductSlug};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::kind::Kind;
use super::problem;
use super::service::Ads;
use super::store::{self, Intent};
use crate::kernel::db::Tx;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{outbox, paging};

/// For how long nobody else goes on with an intent: longer than a creation takes that waits for its limit.
const BUSY_SECONDS: i32 = 330;
/// The longest id of Meta's, in digits.
const LONGEST_DIGITS: usize = 25;

/// Where an object is.
pub(super) struct Place {
    pub(super) kind: String,
    pub(super) product: ProductSlug,
    pub(super) account: AdAccountId,
    pub(super) meta: MetaClient,
}

/// What came of claiming an intent.
enum Claim {
    /// It is ours to carry out, under this label.
    Ours(Uuid),
    /// It was carried out.
    Done(String),
}

impl Ads {
    /// Makes an object once: the same key again gives the one that is there, also after a crash in between.
    pub(super) async fn create<K: Kind>(
        &self,
        principal: &Principal,
        new: NewObject<K::Create>,
        key: Option<&str>,
    ) -> Result<String> {
        let meta = self.meta()?;
        let product = Self::product(principal, new.product)?;
        let mut object = new.object;
        let body = serde_json::to_vec(&object).map_err(Problem::internal)?;
        let hash = Sha256::digest(&body);
        K::complete(&mut object);
        let random = Uuid::now_v7().to_string();
        let mut tx = self.db.scoped(principal).await?;
        let account = Self::account(&mut tx, &product, new.account).await?;
        tx.become_service().await?;
        let text = account.to_string();
        let intent =
            Intent { product: &product, kind: K::NAME, account: &text, key: key.unwrap_or(&random), hash: &hash };
        let claim = claim(&mut tx, &intent).await?;
        tx.commit().await?;
        let id = match claim {
            Claim::Done(object) => return Ok(object),
            Claim::Ours(id) => id,
        };
        let (ads, service) = (self.clone(), principal.as_service());
        let meta = meta.on_behalf(&product, &account);
        // A task of its own: whoever asked may go away, and what is begun is to be known.
        let work = async move {
            let label = format!("acd-{}", id.simple());
            let result = K::create_once(&meta, &account, &label, &object).await;
            ads.note::<K>(&service, id, &Place { kind: K::NAME.to_owned(), product, account, meta }, result).await
        };
        tokio::spawn(work).await.map_err(Problem::internal)?
    }

    /// Notes what came of an intent.
    async fn note<K: Kind>(
        &self,
        service: &Principal,
        id: Uuid,
        place: &Place,
        result: Result<String, Error>,
    ) -> Result<String> {
        let mut tx = self.db.scoped(service).await?;
        match &result {
            Ok(made) => {
                store::made(&mut tx, id, made).await?;
                let payload = json!({ "id": made, "account": place.account });
                outbox::push(&mut tx, K::TOPICS[0], Some(&place.product), &payload, &service.request_id).await?;
            }
            // What Meta refused was not made: the key is free for a request that is right.
            Err(error) if is_refusal(error) => store::give_up(&mut tx, id).await?,
            // The same key may come again, and finds by the label what was made perhaps.
            Err(_) => store::hold(&mut tx, id, 0).await?,
        }
        tx.commit().await?;
        result.map_err(problem::of)
    }

    /// Objects of an account that the product made.
    pub(super) async fn list<K: Kind>(&self, principal: &Principal, query: ListObjects) -> Result<Page<K::Object>> {
        let meta = self.meta()?;
        let product = Self::product(principal, query.product)?;
        let limit = paging::limit(query.limit, 50, 200)?;
        let mut tx = self.db.scoped(principal).await?;
        let account = Self::account(&mut tx, &product, query.account).await?;
        tx.commit().await?;
        let meta = meta.on_behalf(&product, &account);
        let limit = u32::try_from(limit).map_err(Problem::internal)?;
        let page = K::list(&meta, &account, limit, query.cursor).await.map_err(problem::of)?;
        let ids: Vec<String> = page.data.iter().map(|object| K::id_of(object).to_owned()).collect();
        let mut tx = self.db.scoped(principal).await?;
        let owned = store::owned(&mut tx, &product, &ids).await?;
        tx.commit().await?;
        let next_cursor = page.next_cursor().map(std::borrow::Cow::into_owned);
        let is_owned = |object: &K::Object| owned.iter().any(|id| id == K::id_of(object));
        Ok(Page { data: page.data.into_iter().filter(is_owned).collect(), next_cursor })
    }

    /// Reads an object.
    pub(super) async fn get<K: Kind>(&self, principal: &Principal, id: &str) -> Result<K::Object> {
        let place = self.place(principal, id, Some(K::NAME)).await?;
        K::get(&place.meta, id).await.map_err(problem::of)
    }

    /// Changes an object.
    pub(super) async fn update<K: Kind>(&self, principal: &Principal, id: &str, change: &K::Update) -> Result<Done> {
        let place = self.place(principal, id, Some(K::NAME)).await?;
        let fields = serde_json::to_value(change).map_err(Problem::internal)?;
        let own = self.begin_own(principal, id, &fields).await?;
        let result = K::update(&place.meta, id, change).await;
        let mut tx = self.end_own(principal, own, result.as_ref().err()).await?;
        let done = match result {
            Ok(done) => done,
            Err(error) => {
                tx.commit().await?;
                return Err(problem::of(error));
            }
        };
        let payload = json!({ "id": id, "account": place.account });
        outbox::push(&mut tx, K::TOPICS[1], Some(&place.product), &payload, &principal.request_id).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Deletes an object.
    pub(super) async fn delete<K: Kind>(&self, principal: &Principal, id: &str) -> Result<()> {
        let place = self.place(principal, id, Some(K::NAME)).await?;
        let own = self.begin_own(principal, id, &json!({ "status": "DELETED" })).await?;
        let result = K::delete(&place.meta, id).await;
        let mut tx = self.end_own(principal, own, result.as_ref().err()).await?;
        if let Err(error) = result {
            tx.commit().await?;
            return Err(problem::of(error));
        }
        store::forget(&mut tx, id).await?;
        let payload = json!({ "id": id, "account": place.account });
        outbox::push(&mut tx, K::TOPICS[2], Some(&place.product), &payload, &principal.request_id).await?;
        tx.commit().await
    }

    /// Where an object of the caller's is.
    pub(super) async fn place(&self, principal: &Principal, id: &str, kind: Option<&'static str>) -> Result<Place> {
        let what = kind.unwrap_or("object");
        let is_id = !id.is_empty() && id.len() <= LONGEST_DIGITS && id.bytes().all(|b| b.is_ascii_digit());
        if !is_id {
            return Err(Problem::not_found(what));
        }
        let mut tx = self.db.scoped(principal).await?;
        let owner = store::owner(&mut tx, id).await?;
        let owner = owner.filter(|owner| kind.is_none_or(|kind| owner.kind == kind));
        let owner = owner.ok_or_else(|| Problem::not_found(what))?;
        let product: ProductSlug = owner.product.parse().map_err(Problem::internal)?;
        // A product from which an account was taken reaches nothing in it any more.
        let account = Self::account(&mut tx, &product, Some(AdAccountId::from(owner.account.as_str()))).await?;
        tx.commit().await?;
        let meta = self.meta()?.on_behalf(&product, &account);
        Ok(Place { kind: owner.kind, product, account, meta })
    }
}

/// Claims an intent, or finds what came of it.
async fn claim(tx: &mut Tx, intent: &Intent<'_>) -> Result<Claim> {
    if let Some(id) = store::intend(tx, intent, BUSY_SECONDS).await? {
        return Ok(Claim::Ours(id));
    }
    let Some(found) = store::intent(tx, intent).await? else {
        return Err(in_progress());
    };
    if found.request_hash != intent.hash || found.account != intent.account {
        return Err(Problem::new(
            http::StatusCode::CONFLICT,
            "idempotency_key_reused",
            "this Idempotency-Key was used for another request; use a new one",
        ));
    }
    match found.object_id {
        Some(object) => Ok(Claim::Done(object)),
        None if found.is_busy => Err(in_progress()),
        None => {
            store::hold(tx, found.id, BUSY_SECONDS).await?;
            Ok(Claim::Ours(found.id))
        }
    }
}

/// Whether Meta surely made nothing, nor with a call before that one.
fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Rejected | ErrorKind::Request) && !error.may_have_been_sent()
}

fn in_progress() -> Problem {
    let mut problem = Problem::new(
        http::StatusCode::CONFLICT,
        "in_progress",
        "a request with this Idempotency-Key is being carried out; ask again shortly",
    );
    problem.retry_after = Some(2);
    problem
}
