//! Fetching a lead, and making it a person and an event. Whatever is repeated after a crash leads to the same.

use std::time::Duration;

use acd_core::limits::{OnLimit, Priority};
use acd_meta::LeadId;
use acd_meta::ads::url_tags::Utm;
use acd_meta::leads::{Lead, LeadFields};
use acd_platform::ads::leads::EVENT;
use acd_platform::{HubLeadId, PersonId, ProductSlug};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::contact::{self, Contact};
use super::service::{Leads, is_meta_id};
use super::store::{self, Captured, PendingLead};
use crate::ads::problem;
use crate::identity::LeadClaim;
use crate::jobs::{Handler, JobContext, JobError, Policy};
use crate::kernel::outbox;
use crate::kernel::principal::Principal;
use crate::kernel::request_id::RequestId;

/// For how long a call waits for its turn: the job holds nothing meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);

/// Fetches leads.
pub(crate) struct CaptureLead {
    leads: Leads,
}

/// Which lead.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeadToCapture {
    pub(super) id: Uuid,
}

impl CaptureLead {
    /// Fetches these leads.
    pub(crate) fn new(leads: Leads) -> Self {
        Self { leads }
    }
}

impl Handler for CaptureLead {
    const KIND: &'static str = "acd.ads.capture_lead";
    /// Meta keeps a lead for 90 days: a token that lost its permission is to be noticed and mended before the job gives up.
    const POLICY: Policy = Policy { max_attempts: 30, backoff: Duration::from_secs(5), ..Policy::DEFAULT };
    type Payload = LeadToCapture;

    async fn run(&self, context: &JobContext, LeadToCapture { id }: LeadToCapture) -> Result<Option<Value>, JobError> {
        let product = context.product.as_ref().ok_or_else(|| JobError::permanent("a lead is fetched for a product"))?;
        let service = Principal::service(RequestId::new());
        let result = self.leads.capture(product, id, &service).await;
        if let Err(error) = &result {
            let mut tx = self.leads.db.scoped(&service).await?;
            store::failed(&mut tx, id, &error.to_string()).await?;
            tx.commit().await?;
        }
        result
    }
}

impl Leads {
    /// Captures a lead of this product, unless it is already.
    async fn capture(&self, product: &ProductSlug, id: Uuid, service: &Principal) -> Result<Option<Value>, JobError> {
        let mut tx = self.db.scoped(service).await?;
        let pending = store::pending(&mut tx, id, product).await?;
        tx.commit().await?;
        let Some(pending) = pending else { return Ok(None) };
        let lead = self.fetched(product, &pending).await?;

        let contact = Contact::of(&lead);
        let anonymous_id = format!("meta_lead_{}", pending.lead_id);
        let claim = LeadClaim {
            product,
            lead_id: &pending.lead_id,
            anonymous_id: &anonymous_id,
            email: contact.email.as_deref(),
            phone: contact.phone.as_deref(),
            traits: &contact.traits,
        };
        let person = self.persons.of_lead(&claim, &service.request_id).await?;
        let captured = Captured {
            campaign_id: lead.campaign_id.as_ref().map(|id| id.as_str()).filter(|id| is_meta_id(id)),
            adset_id: lead.adset_id.as_ref().map(|id| id.as_str()).filter(|id| is_meta_id(id)),
            ad_id: lead.ad_id.as_ref().map(|id| id.as_str()).filter(|id| is_meta_id(id)),
            is_organic: lead.is_organic,
            platform: lead.platform.as_deref().filter(|platform| is_name(platform)),
            answers: contact::answers(&lead),
            person,
            anonymous_id: &anonymous_id,
            filled_in_at: lead.created_time.map(|time| time.0.to_utc()),
        };
        // Before the lead is noted as captured: its message id makes a repeat harmless, and without it there would be none.
        self.writer.record(product, &event(&pending, &captured, self.clock.now()), &service.request_id).await?;

        let mut tx = self.db.scoped(service).await?;
        if store::captured(&mut tx, id, &captured, self.clock.now()).await? {
            let payload = json!({
                "id": HubLeadId::from(id), "lead_id": pending.lead_id, "form_id": pending.form_id,
                "page_id": pending.page_id, "campaign_id": captured.campaign_id, "adset_id": captured.adset_id,
                "ad_id": captured.ad_id, "person_id": PersonId::from(person), "anonymous_id": anonymous_id,
            });
            outbox::push(&mut tx, "ads.lead_captured", Some(product), &payload, &service.request_id).await?;
        }
        tx.commit().await?;
        Ok(Some(json!({ "person_id": PersonId::from(person) })))
    }

    async fn fetched(&self, product: &ProductSlug, pending: &PendingLead) -> Result<Lead, JobError> {
        let meta = self.ads.meta()?.for_product(product).with_priority(Priority::Background);
        let call = meta.leads().get(&LeadId::from(pending.lead_id.as_str()), &LeadFields::all());
        call.http(|call| call.on_limit(OnLimit::Wait(PATIENCE))).await.map_err(|error| {
            let wait = error.retry_after();
            let problem = problem::of(error);
            match wait {
                Some(wait) => JobError::retry_after(problem, wait),
                None => problem.into(),
            }
        })
    }
}

fn is_name(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The shared event of a lead. What people answered is not in it: events are read by many.
fn event(pending: &PendingLead, lead: &Captured<'_>, now: chrono::DateTime<chrono::Utc>) -> Value {
    let mut context = Map::new();
    if let Some(campaign_id) = lead.campaign_id {
        // As a click on the ad would tell it by the parameters that the hub puts into links.
        let utm = Utm::default();
        let campaign = json!({
            "source": utm.source, "medium": utm.medium, "name": campaign_id, "term": lead.adset_id, "content": lead.ad_id,
            "campaign_id": campaign_id, "adset_id": lead.adset_id, "ad_id": lead.ad_id,
        });
        context.insert("campaign".to_owned(), campaign);
    }
    json!({
        "type": "track", "event": EVENT, "messageId": lead.anonymous_id, "anonymousId": lead.anonymous_id,
        "timestamp": lead.filled_in_at.or(pending.filled_in_at).unwrap_or(now).to_rfc3339(),
        "properties": {
            "lead_id": pending.lead_id, "form_id": pending.form_id, "page_id": pending.page_id,
            "campaign_id": lead.campaign_id, "adset_id": lead.adset_id, "ad_id": lead.ad_id,
            "is_organic": lead.is_organic, "platform": lead.platform,
        },
        "context": context,
    })
}
