//! The rules of persons.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use acd_platform::persons::{IdentityLink, ListTimeline, LookupPerson, Person};
use acd_platform::{Page, PersonId, ProductSlug, events::Event};
use moka::sync::Cache;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::store::persons::{self as store, Claim, Contact, EventIds, LeadClaim};
use super::subject::Subject;
use crate::events;
use crate::kernel::db::{Db, Tx};
use crate::kernel::group::StoreError;
use crate::kernel::paging;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

const KNOWN_LINKS: u64 = 1_000_000;

/// Finds, makes and merges persons. Cheap to clone.
#[derive(Clone)]
pub struct Persons {
    db: Db,
    /// The persons of ids that are linked already, by their fingerprint. A link never goes away, and moves only when persons
    /// merge, so the person here is the one of today or was merged into it: no look into the database is needed.
    known: Cache<u64, Uuid>,
    hasher: Arc<RandomState>,
}

impl Persons {
    /// Persons in this database.
    pub fn new(db: Db) -> Self {
        Self { db, known: Cache::new(KNOWN_LINKS), hasher: Arc::default() }
    }

    /// Links what these events say belongs together, before they are stored, and says who each one's person is. Persons that a
    /// later claim merges are named as they were: `merged_into` leads on.
    pub(crate) async fn resolve(&self, claims: &[Claim<'_>], request_id: &RequestId) -> Result<Vec<Uuid>, StoreError> {
        if claims.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.db.bulk(&Principal::service(request_id.clone())).await?;
        let persons = store::resolve(&mut tx, claims).await?;
        tx.commit().await?;
        for (claim, person) in claims.iter().zip(&persons) {
            self.known.insert(self.fingerprint(claim), *person);
        }
        Ok(persons)
    }

    /// The person who filled in a lead form. The same lead again gives the same person, or the one merged with it.
    pub(crate) async fn of_lead(&self, claim: &LeadClaim<'_>, request_id: &RequestId) -> Result<Uuid> {
        let mut tx = self.db.scoped(&Principal::service(request_id.clone())).await?;
        let person = store::resolve_lead(&mut tx, claim).await?;
        tx.commit().await?;
        Ok(person)
    }

    /// How these people can be reached, as far as the product itself was told: each once, and only who can be.
    pub(crate) async fn contacts(tx: &mut Tx, product: &ProductSlug, people: &[Subject]) -> Result<Vec<Contact>> {
        let mut found = store::contacts(tx, product, people).await?;
        found.retain(|contact| contact.email.is_some() || contact.phone.is_some());
        Ok(found)
    }

    /// The person of these ids, where they are linked already and the claim adds nothing else.
    pub(crate) fn known(&self, claim: &Claim<'_>) -> Option<Uuid> {
        if claim.traits.is_some() || claim.previous_id.is_some() {
            return None;
        }
        self.known.get(&self.fingerprint(claim))
    }

    fn fingerprint(&self, claim: &Claim<'_>) -> u64 {
        self.hasher.hash_one((claim.product, claim.user_id, claim.anonymous_id))
    }

    /// What the events' own products were told of the persons behind them, in their order: one round trip, in a transaction
    /// of the service.
    pub(crate) async fn traits_of_each(
        &self,
        tx: &mut Tx,
        ids: &[EventIds<'_>],
    ) -> Result<Vec<Option<Map<String, Value>>>> {
        let mut traits = vec![None; ids.len()];
        for (place, told) in store::traits_of_each(tx, ids).await? {
            if let Some(slot) = usize::try_from(place - 1).ok().and_then(|at| traits.get_mut(at)) {
                *slot = Some(told.0);
            }
        }
        Ok(traits)
    }

    /// The person that an id belongs to.
    pub async fn lookup(&self, principal: &Principal, query: LookupPerson) -> Result<Person> {
        let product = principal.pick_product(query.product)?;
        let (provider, external_id) = match (query.user_id, query.anonymous_id, query.email) {
            (Some(id), None, None) => ("user", id),
            (None, Some(id), None) => ("anonymous", id),
            (None, None, Some(email)) => ("email", email.trim().to_lowercase()),
            _ => {
                return Err(Problem::bad_request(
                    "invalid_query",
                    "give exactly one of user_id, anonymous_id and email",
                ));
            }
        };
        let scope = match (provider, product) {
            ("email", _) => None,
            (_, Some(product)) => Some(product),
            (_, None) => {
                return Err(Problem::bad_request(
                    "product_required",
                    "product: say whose user_id or anonymous_id is meant",
                ));
            }
        };
        let mut tx = self.db.scoped(&principal.as_service()).await?;
        let found = store::by_link(&mut tx, provider, scope.as_ref(), &external_id).await?;
        let person = match found {
            Some(id) => self.visible(&mut tx, principal, id).await?,
            None => None,
        };
        tx.commit().await?;
        person.ok_or_else(|| Problem::not_found("person"))
    }

    /// A person by id.
    pub async fn get(&self, principal: &Principal, id: PersonId) -> Result<Person> {
        let mut tx = self.db.scoped(&principal.as_service()).await?;
        let person = self.visible(&mut tx, principal, id.uuid()).await?;
        tx.commit().await?;
        person.ok_or_else(|| Problem::not_found("person"))
    }

    /// Everything a person did that the caller may see, newest first.
    pub async fn timeline(&self, principal: &Principal, id: PersonId, query: &ListTimeline) -> Result<Page<Event>> {
        let limit = paging::limit(query.limit, 100, 1_000)?;
        let below = paging::read_cursor(query.cursor.as_deref())?;
        let person = self.get(principal, id).await?;
        let ids: Vec<(ProductSlug, bool, String)> = person
            .links
            .into_iter()
            .filter_map(|link| Some((link.product?, link.provider == "user", link.external_id)))
            .collect();
        events::timeline(&self.db, principal, &ids, below, limit).await
    }

    /// What the caller may see of a person: a product its own ids and traits, and nothing of a person it has no id of.
    async fn visible(&self, tx: &mut Tx, principal: &Principal, id: Uuid) -> Result<Option<Person>> {
        let Some(row) = store::person(tx, id).await? else { return Ok(None) };
        let mut links = Vec::new();
        for link in store::links(tx, row.id).await? {
            let product =
                link.product.map(|slug| slug.parse::<ProductSlug>()).transpose().map_err(Problem::internal)?;
            links.push(IdentityLink { provider: link.provider, product, external_id: link.external_id });
        }
        let mut traits = row.traits.0;
        if let Some(own) = principal.product() {
            let is_own = |link: &IdentityLink| link.product.as_ref() == Some(own);
            if !links.iter().any(is_own) {
                return Ok(None);
            }
            let told_email = traits.get(own.as_str()).and_then(|own| own.get("email")).is_some();
            // An address that another product learnt is not this product's to see.
            links.retain(|link| is_own(link) || (link.provider == "email" && told_email));
            let mine = traits.remove(own.as_str());
            traits = mine.map(|mine| Map::from_iter([(own.to_string(), mine)])).unwrap_or_default();
        }
        Ok(Some(Person { id: PersonId::from(row.id), links, traits, created_at: row.created_at }))
    }
}
