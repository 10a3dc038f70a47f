//! Attribution: which campaign a conversion came from, across products.
//!
//! The server derives *touches* from events that carry UTM parameters or a click id, and *conversions* from events that a
//! product's [rules] count. The [report] credits each conversion to a touch of the same person, whichever
//! product either was in.

use acd_core::{Client, Operation};
use http::Method;

use crate::page::paged;
use crate::{ConversionRuleId, Page, Paged, PersonId, PlatformCall};

pub mod path;
pub mod report;
pub mod rules;

pub use path::{ListPath, PathConversion, PathEntry, PathTouch, PersonPath};
pub use report::{
    AttributionModel, AttributionReport, AttributionRow, Cohort, Credit, GetLifetimeValue, GetReport, GroupBy,
    LifetimeValue, MoneySum, Origin, Window,
};
pub use rules::{ConversionRule, CreateConversionRule, Effect, ListConversionRules, ValueUnit};

/// `GET /v1/attribution/report`
pub const REPORT: Operation =
    Operation::new("platform.attribution.report", Method::GET, "/v1/attribution/report").safe();
/// `GET /v1/attribution/lifetime-value`
pub const LIFETIME_VALUE: Operation =
    Operation::new("platform.attribution.lifetime_value", Method::GET, "/v1/attribution/lifetime-value").safe();
/// `GET /v1/attribution/rules`
pub const LIST_RULES: Operation =
    Operation::new("platform.attribution.rules.list", Method::GET, "/v1/attribution/rules").safe();
/// `POST /v1/attribution/rules`
pub const CREATE_RULE: Operation =
    Operation::new("platform.attribution.rules.create", Method::POST, "/v1/attribution/rules").keyed();
/// `DELETE /v1/attribution/rules/{id}`
pub const DELETE_RULE: Operation =
    Operation::new("platform.attribution.rules.delete", Method::DELETE, "/v1/attribution/rules/{id}").idempotent();
/// `GET /v1/persons/{id}/path`
pub const PATH: Operation = Operation::new("platform.attribution.path", Method::GET, "/v1/persons/{id}/path").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE_RULE, DELETE_RULE, LIFETIME_VALUE, LIST_RULES, PATH, REPORT];

/// Conversions, and where they came from.
#[derive(Clone, Copy, Debug)]
pub struct AttributionClient<'c> {
    http: &'c Client,
}

impl<'c> AttributionClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Conversions by where they came from. A product gets its own conversions, credited to touches in any product.
    pub fn report(&self, query: &GetReport) -> PlatformCall<'c, AttributionReport> {
        PlatformCall::json(self.http, &REPORT).query(query)
    }

    /// What customers were worth by where they first came from and when.
    pub fn lifetime_value(&self, query: &GetLifetimeValue) -> PlatformCall<'c, LifetimeValue> {
        PlatformCall::json(self.http, &LIFETIME_VALUE).query(query)
    }

    /// A person's touches and conversions in order: a product's own, an administrator gets all.
    pub fn path(&self, person: PersonId, query: &ListPath) -> PlatformCall<'c, PersonPath> {
        PlatformCall::json(self.http, &PATH).id(person).query(query)
    }

    /// Lists what counts as a conversion, oldest rule first.
    pub fn rules(&self, query: &ListConversionRules) -> PlatformCall<'c, Page<ConversionRule>> {
        PlatformCall::json(self.http, &LIST_RULES).query(query)
    }

    /// Every rule from the query's cursor on.
    pub fn rules_all(&self, query: ListConversionRules) -> Paged<ConversionRule> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListConversionRules { cursor, limit, ..query.clone() });
            async move { AttributionClient::new(&http).rules(&query).await }
        })
    }

    /// Says what counts from now on. Events stored before are counted within minutes.
    pub fn create_rule(&self, rule: &CreateConversionRule) -> PlatformCall<'c, ConversionRule> {
        PlatformCall::json(self.http, &CREATE_RULE).body(rule)
    }

    /// Ends a rule. What it counted counts no more.
    pub fn delete_rule(&self, id: ConversionRuleId) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &DELETE_RULE).id(id)
    }
}
