//! Leads: what people answered in forms on ads and pages, and who they are.

use acd_core::{Client, Operation};
use acd_meta::leads::LeadAnswer;
use acd_meta::{AdId, AdSetId, CampaignId, LeadFormId, LeadId, PageId};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::named::named;
use crate::page::paged;
use crate::{HubLeadId, Page, Paged, PersonId, PlatformCall, ProductSlug};

/// `GET /v1/ads/leads`
pub const LIST: Operation = Operation::new("platform.ads_leads.list", Method::GET, "/v1/ads/leads").safe();
/// `GET /v1/ads/leads/{id}`
pub const GET: Operation = Operation::new("platform.ads_leads.get", Method::GET, "/v1/ads/leads/{id}").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[GET, LIST];

/// The `event` of the `track` call that each lead becomes in its product.
pub const EVENT: &str = "Lead Captured";

named!(
    /// How far a lead is.
    LeadState {
        /// Neither its form nor its page is a product's; it waits for an administrator to say whose.
        Unassigned = "unassigned",
        /// It is being fetched from Meta.
        Pending = "pending",
        /// Its answers are here, and it belongs to a person.
        Captured = "captured",
    }
);

/// A lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HubLead {
    /// Its id.
    pub id: HubLeadId,
    /// Meta's id of it.
    pub lead_id: LeadId,
    /// Whose it is; null while unassigned.
    pub product: Option<ProductSlug>,
    /// How far it is.
    pub state: LeadState,
    /// The page.
    pub page_id: PageId,
    /// The form.
    pub form_id: LeadFormId,
    /// The campaign that led to the form; null when no ad did, and while pending.
    pub campaign_id: Option<CampaignId>,
    /// The ad set.
    pub adset_id: Option<AdSetId>,
    /// The ad.
    pub ad_id: Option<AdId>,
    /// Whether no ad led to the form; null while pending.
    pub is_organic: Option<bool>,
    /// Where, such as `fb` or `ig`.
    pub platform: Option<String>,
    /// What the person answered; empty while pending.
    pub answers: Vec<LeadAnswer>,
    /// Who it is; null while pending. The person may have been merged into another since: look it up.
    pub person_id: Option<PersonId>,
    /// By which the product knows the person: the `anonymousId` of the lead's event.
    pub anonymous_id: Option<String>,
    /// Why it could not be fetched at the last try; null once it was.
    pub last_error: Option<String>,
    /// When the form was filled in, as far as Meta said.
    pub filled_in_at: Option<DateTime<Utc>>,
    /// When the server was told of it.
    pub received_at: DateTime<Utc>,
    /// When its answers came; null while pending.
    pub captured_at: Option<DateTime<Utc>>,
}

/// The query of [`LIST`]. Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListLeads {
    /// Most in one page, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only this product's; for administrators, others see their own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// Only those in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<LeadState>,
    /// Only those of this form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form_id: Option<String>,
}

/// Leads. A product sees its own.
#[derive(Clone, Copy, Debug)]
pub struct HubLeadsClient<'c> {
    http: &'c Client,
}

impl<'c> HubLeadsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists leads, newest first.
    pub fn list(&self, query: &ListLeads) -> PlatformCall<'c, Page<HubLead>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// Every lead from the query's cursor on.
    pub fn list_all(&self, query: ListLeads) -> Paged<HubLead> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListLeads { cursor, limit, ..query.clone() });
            async move { HubLeadsClient::new(&http).list(&query).await }
        })
    }

    /// Gets a lead.
    pub fn get(&self, id: HubLeadId) -> PlatformCall<'c, HubLead> {
        PlatformCall::json(self.http, &GET).id(id)
    }
}
