//! The rules of consents.

use acd_platform::ProductSlug;
use acd_platform::consents::{Consents, GetConsents, Purpose, PutConsents};
use chrono::TimeDelta;
use serde_json::json;

use super::store::{self, Decision, Subject};
use super::verdict::{ConsentSubject, Verdict};
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{check, outbox};

/// How far ahead of the server a device's clock may be.
const SKEW: TimeDelta = TimeDelta::minutes(5);

/// Records and gives what people have agreed to. Cheap to clone.
#[derive(Clone)]
pub struct ConsentService {
    db: Db,
    clock: Clock,
}

impl ConsentService {
    /// Consents in this database.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// What a person has decided.
    pub async fn get(&self, principal: &Principal, query: GetConsents) -> Result<Consents> {
        let product = product(principal, query.product)?;
        let subject = subject(query.user_id, query.anonymous_id, query.email)?;
        // Ids of a person are the service's to join.
        let mut tx = self.db.scoped(&principal.as_service()).await?;
        let found = store::current(&mut tx, &product, &subject).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// What many subjects have decided on a purpose, in their order: one round trip, in a transaction of the service.
    pub(crate) async fn of_each(
        &self,
        tx: &mut Tx,
        subjects: &[ConsentSubject<'_>],
        purpose: Purpose,
    ) -> Result<Vec<Verdict>, sqlx::Error> {
        if subjects.is_empty() {
            return Ok(Vec::new());
        }
        store::of_each(tx, subjects, purpose).await
    }

    /// Records decisions. One that is the same as what counts is not recorded again.
    pub async fn put(&self, principal: &Principal, decisions: PutConsents) -> Result<Consents> {
        let product = product(principal, decisions.product)?;
        let subject = subject(decisions.user_id, decisions.anonymous_id, decisions.email)?;
        if decisions.purposes.is_empty() {
            return Err(check::invalid("purposes", "name at least one purpose"));
        }
        if let Some(version) = &decisions.policy_version {
            check::text("policy_version", version, 1..=100)?;
        }
        let now = self.clock.now();
        let decided_at = decisions.decided_at.unwrap_or(now);
        if decided_at > now + SKEW {
            return Err(check::invalid("decided_at", "is in the future"));
        }
        let mut tx = self.db.scoped(&principal.as_service()).await?;
        store::lock(&mut tx, &product, &subject).await?;
        let before = store::current(&mut tx, &product, &subject).await?;
        // Without a moment of its own, what is as it was is a repeat; with one, the table knows what it has.
        let is_new = |(purpose, granted): &(Purpose, bool)| {
            decisions.decided_at.is_some()
                || before.purposes.get(purpose).is_none_or(|consent| {
                    (consent.granted, &consent.policy_version) != (*granted, &decisions.policy_version)
                })
        };
        let new: Vec<(Purpose, bool)> = decisions.purposes.into_iter().filter(is_new).collect();
        if new.is_empty() {
            tx.commit().await?;
            return Ok(before);
        }
        let decision =
            Decision { decided_at, source: decisions.source, policy_version: decisions.policy_version.as_deref() };
        store::insert(&mut tx, &product, &subject, &new, &decision).await?;
        let after = store::current(&mut tx, &product, &subject).await?;
        let changed: Vec<Purpose> = new
            .iter()
            .map(|(purpose, _)| *purpose)
            .filter(|purpose| before.allow(*purpose) != after.allow(*purpose))
            .collect();
        if !changed.is_empty() {
            let purposes: serde_json::Map<_, _> =
                changed.iter().map(|purpose| (purpose.to_string(), after.allow(*purpose).into())).collect();
            let payload = json!({
                "provider": subject.provider, "external_id": subject.external_id, "purposes": purposes,
                "decided_at": decided_at,
            });
            outbox::push(&mut tx, "consent.changed", Some(&product), &payload, &principal.request_id).await?;
        }
        tx.commit().await?;
        Ok(after)
    }
}

fn product(principal: &Principal, named: Option<ProductSlug>) -> Result<ProductSlug> {
    principal
        .pick_product(named)?
        .ok_or_else(|| Problem::bad_request("product_required", "product: say in which product this was decided"))
}

fn subject(user_id: Option<String>, anonymous_id: Option<String>, email: Option<String>) -> Result<Subject> {
    let (provider, field, external_id) = match (user_id, anonymous_id, email) {
        (Some(id), None, None) => ("user", "user_id", id),
        (None, Some(id), None) => ("anonymous", "anonymous_id", id),
        (None, None, Some(email)) => ("email", "email", email.trim().to_lowercase()),
        _ => {
            return Err(Problem::bad_request("invalid_subject", "give exactly one of user_id, anonymous_id and email"));
        }
    };
    check::text(field, &external_id, 1..=512)?;
    Ok(Subject { provider, external_id })
}
