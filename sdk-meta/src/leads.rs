//! Leads: forms on ads and pages, and what people answered.

use acd_core::Operation;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answers::{Created, List};
use crate::limits::LEADGEN;
use crate::macros::{object, open_enum};
use crate::page::list_all;
use crate::{AdId, AdSetId, CampaignId, LeadFormId, LeadId, MetaCall, MetaClient, Page, PageId, Timestamp};

/// `GET /{lead}`
/// ([page](https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving), read 2026-11)
pub const GET: Operation = Operation::new("meta.leads.get", Method::GET, "/{version}/{id}").safe().pool(LEADGEN);
/// `GET /{form}/leads`
pub const OF_FORM: Operation =
    Operation::new("meta.leads.of_form", Method::GET, "/{version}/{id}/leads").safe().pool(LEADGEN);
/// `GET /{ad}/leads`
pub const OF_AD: Operation =
    Operation::new("meta.leads.of_ad", Method::GET, "/{version}/{id}/leads").safe().pool(LEADGEN);
/// `POST /{form}/test_leads`
pub const CREATE_TEST: Operation =
    Operation::new("meta.leads.create_test", Method::POST, "/{version}/{id}/test_leads").pool(LEADGEN);
/// `GET /{page}/leadgen_forms`
/// ([page](https://developers.facebook.com/docs/graph-api/reference/page/leadgen_forms), read 2026-11)
pub const FORMS: Operation =
    Operation::new("meta.leads.forms", Method::GET, "/{version}/{page}/leadgen_forms").safe().pool(LEADGEN);

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[GET, OF_FORM, OF_AD, CREATE_TEST, FORMS];

/// The answers to one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct LeadAnswer {
    /// The question, such as `email`, `full_name` or a name of the form's own.
    pub name: String,
    /// The answers; more than one where several could be chosen.
    pub values: Vec<String>,
}

object! {
    /// What one person answered ([page](https://developers.facebook.com/docs/marketing-api/reference/user-leadgen-info),
    /// read 2026-11). Meta keeps it for 90 days.
    Lead(LeadId), LeadFields {
        /// When.
        created_time: Timestamp,
        /// The ad; none when no ad led to the form.
        ad_id: AdId,
        /// Its name.
        ad_name: String,
        /// The ad set.
        adset_id: AdSetId,
        /// Its name.
        adset_name: String,
        /// The campaign.
        campaign_id: CampaignId,
        /// Its name.
        campaign_name: String,
        /// The form.
        form_id: LeadFormId,
        /// Whether no ad led to the form.
        is_organic: bool,
        /// Where, such as `fb` or `ig`.
        platform: String,
        /// The answers.
        field_data: Vec<LeadAnswer>,
    }
}

impl Lead {
    /// The first answer to a question, such as `email`.
    #[must_use]
    pub fn answer(&self, name: &str) -> Option<&str> {
        let answer = self.field_data.iter().flatten().find(|answer| answer.name == name)?;
        answer.values.first().map(String::as_str)
    }
}

open_enum! {
    /// Whether a form is in use.
    LeadFormStatus {
        Active = "ACTIVE",
        Archived = "ARCHIVED",
        Deleted = "DELETED",
        Draft = "DRAFT",
    }
}

object! {
    /// A form ([page](https://developers.facebook.com/docs/marketing-api/reference/leadgen-form), read 2026-11).
    LeadForm(LeadFormId), LeadFormFields {
        /// The name.
        name: String,
        /// Whether it is in use.
        status: LeadFormStatus,
        /// Its language, such as `en_US`.
        locale: String,
        /// How many leads it brought.
        leads_count: u64,
        /// When it was created.
        created_time: Timestamp,
    }
}

/// The query of [`OF_FORM`] and [`OF_AD`]. Filter by `time_created` for what is new.
pub type ListLeads = List<LeadFields>;
/// The query of [`FORMS`].
pub type ListLeadForms = List<LeadFormFields>;

/// Leads. The token is that of the page or of a system user, with `leads_retrieval`.
#[derive(Clone, Copy, Debug)]
pub struct LeadsClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> LeadsClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Reads a lead, as a webhook named it. Safe to repeat.
    pub fn get(&self, id: &LeadId, fields: &LeadFields) -> MetaCall<'c, Lead> {
        MetaCall::json(self.meta, &GET).path("id", id).param("fields", fields)
    }

    /// Lists a form's leads, the newest first. Safe to repeat.
    pub fn of_form(&self, form: &LeadFormId, query: &ListLeads) -> MetaCall<'c, Page<Lead>> {
        MetaCall::json(self.meta, &OF_FORM).path("id", form).query(query)
    }

    list_all! {
        /// Every lead of a form from the query's cursor on.
        LeadsClient: all_of_form, of_form(form: LeadFormId), ListLeads => Lead
    }

    /// Lists an ad's leads, the newest first. Safe to repeat.
    pub fn of_ad(&self, ad: &AdId, query: &ListLeads) -> MetaCall<'c, Page<Lead>> {
        MetaCall::json(self.meta, &OF_AD).path("id", ad).query(query)
    }

    list_all! {
        /// Every lead of an ad from the query's cursor on.
        LeadsClient: all_of_ad, of_ad(ad: AdId), ListLeads => Lead
    }

    /// Creates a lead for a test, which is delivered like a real one. A form has one at a time. Not repeated by itself.
    pub fn create_test(&self, form: &LeadFormId, answers: &[LeadAnswer]) -> MetaCall<'c, Created<LeadId>> {
        MetaCall::json(self.meta, &CREATE_TEST).path("id", form).body(&json!({ "field_data": answers }))
    }

    /// Lists a page's forms. Safe to repeat.
    pub fn forms(&self, page: &PageId, query: &ListLeadForms) -> MetaCall<'c, Page<LeadForm>> {
        MetaCall::json(self.meta, &FORMS).path("page", page).query(query)
    }

    list_all! {
        /// Every form of a page from the query's cursor on.
        LeadsClient: all_forms, forms(page: PageId), ListLeadForms => LeadForm
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;

    use super::*;
    use crate::testing::{scripted, sent};
    use crate::{Filter, FilterOperator};

    #[test]
    fn a_lead_is_read_by_its_questions() {
        let body = r#"{"id":"1","created_time":"2026-01-05T10:00:00+0000","is_organic":true,
            "field_data":[{"name":"email","values":["ada@example.com"]},{"name":"colour","values":["red","blue"]}]}"#;
        let (harness, meta) = scripted([answer(200).body(body)]);
        let fields = LeadFields::new().field_data().is_organic();
        let lead = harness.run(meta.leads().get(&"1".into(), &fields).into_future()).unwrap();
        assert_eq!((lead.answer("email"), lead.answer("phone_number")), (Some("ada@example.com"), None));
        assert_eq!(sent(&harness)[0].0, "GET /v26.0/1?fields=id%2Cfield_data%2Cis_organic");
    }

    #[test]
    fn new_leads_are_asked_for_by_time_and_a_test_is_made() {
        let (harness, meta) = scripted([answer(200).body(r#"{"data":[]}"#), answer(200).body(r#"{"id":"2"}"#)]);
        let filter = Filter::new("time_created", FilterOperator::GreaterThan, 1_767_607_200);
        let query = ListLeads { filtering: vec![filter], ..ListLeads::of(LeadFields::new()) };
        harness.run(meta.leads().of_form(&"8".into(), &query).into_future()).unwrap();
        let answers = [LeadAnswer { name: "email".to_owned(), values: vec!["t@example.com".to_owned()] }];
        harness.run(meta.leads().create_test(&"8".into(), &answers).into_future()).unwrap();
        let sent = sent(&harness);
        assert!(sent[0].0.contains("%22operator%22%3A%22GREATER_THAN%22%2C%22value%22%3A1767607200"), "{}", sent[0].0);
        assert_eq!(sent[1].1, json!({ "field_data": [{ "name": "email", "values": ["t@example.com"] }] }));
        crate::macros::check_enum::<LeadFormStatus>();
    }
}
