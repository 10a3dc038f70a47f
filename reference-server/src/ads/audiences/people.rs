//! Who is in an audience now: chosen by its source, agreed to advertising, known by an address or a number.

use std::collections::BTreeSet;

use acd_meta::audiences::{AudienceKey, AudienceUsers};
use acd_meta::conversions::UserKey;
use acd_platform::ProductSlug;
use acd_platform::ads::audiences::{AudiencePerson, AudienceSource};
use acd_platform::consents::Purpose;
use chrono::{DateTime, TimeDelta, Utc};

use super::service::Audiences;
use crate::events;
use crate::identity::{Contact, Entitlements, Persons, Subject};
use crate::kernel::db::Tx;
use crate::kernel::problem::Result;
use crate::privacy::ConsentSubject;

/// People looked at in one statement.
const AT_ONCE: usize = 2_000;

impl Audiences {
    /// The rows to send: of each person an address, a number or both, hashed as Meta takes them.
    pub(super) async fn people(
        &self,
        tx: &mut Tx,
        product: &ProductSlug,
        source: &AudienceSource,
        now: DateTime<Utc>,
    ) -> Result<AudienceUsers> {
        let subjects = chosen(tx, product, source, now).await?;
        let mut contacts: BTreeSet<Contact> = BTreeSet::new();
        for some in subjects.chunks(AT_ONCE) {
            let agreed = self.agreed(tx, product, some).await?;
            contacts.extend(Persons::contacts(tx, product, &agreed).await?);
        }
        let rows = contacts.into_iter().map(|contact| [contact.email, contact.phone].map(Option::unwrap_or_default));
        // What could match nobody is left out: it is no reason to keep the others back.
        Ok(AudienceUsers::hash([AudienceKey::Email, AudienceKey::Phone], rows).users.with_consent())
    }

    /// Those who agreed to advertising.
    async fn agreed(&self, tx: &mut Tx, product: &ProductSlug, people: &[Subject]) -> Result<Vec<Subject>> {
        let hash = |address: &str| UserKey::Email.hash(address).ok().map(|hash| hash.to_string());
        let hashes: Vec<Option<String>> = people.iter().map(|one| one.id("email").and_then(hash)).collect();
        let subjects = people.iter().zip(&hashes).map(|(one, hash)| ConsentSubject {
            product,
            user_id: one.id("user"),
            anonymous_id: one.id("anonymous"),
            email_hashes: hash.as_deref(),
        });
        let subjects: Vec<ConsentSubject<'_>> = subjects.collect();
        let verdicts = self.consents.of_each(tx, &subjects, Purpose::Advertising).await?;
        let agreed = people.iter().zip(verdicts).filter(|(_, verdict)| verdict.refusal(None).is_none());
        Ok(agreed.map(|(one, _)| one.clone()).collect())
    }
}

async fn chosen(
    tx: &mut Tx,
    product: &ProductSlug,
    source: &AudienceSource,
    now: DateTime<Utc>,
) -> Result<Vec<Subject>> {
    Ok(match source {
        AudienceSource::Event { event, within_days, at_least } => {
            let since = now - TimeDelta::days((*within_days).into());
            let actors = events::actors(tx, product, event, since, *at_least).await?;
            actors
                .into_iter()
                .map(|(is_user, id)| if is_user { Subject::user(id) } else { Subject::anonymous(id) })
                .collect()
        }
        AudienceSource::Entitled { plans } => {
            Entitlements::emails(tx, product, plans).await?.into_iter().map(Subject::email).collect()
        }
        AudienceSource::People { people } => people
            .iter()
            .filter_map(|person| match person {
                AudiencePerson::UserId(id) => Some(Subject::user(id.clone())),
                AudiencePerson::AnonymousId(id) => Some(Subject::anonymous(id.clone())),
                AudiencePerson::Email(email) => Some(Subject::email(email.trim().to_lowercase())),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    })
}
