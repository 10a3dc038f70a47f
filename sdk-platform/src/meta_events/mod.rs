//! Conversions for Meta: events that the server hashes, stores, and sends to the Conversions API.
//!
//! Nothing is sent until the product's [switch](ConversionSwitch) is on, and nothing of a person who did not agree to
//! advertising ([`consents`](crate::consents)).

mod outcome;
mod rule;
mod send;
mod switch;

use acd_core::{Client, Operation};
use http::Method;
use serde::Serialize;

pub use outcome::{Conversion, ConversionOrigin, ConversionState, ListConversions};
pub use rule::{CreateMetaEventRule, ListMetaEventRules, MetaEventRule, RuleMapping};
pub use send::{MAX_META_EVENTS, MetaEvent, MetaEventOutcome, MetaEventResult, MetaEvents, MetaEventsReply};
pub use switch::{
    ConversionSwitch, GetConversionSwitch, LimitedDataUse, ListSwitchChanges, PutConversionSwitch, SwitchChange,
};

use crate::page::paged;
use crate::{ConversionId, MetaEventRuleId, Page, Paged, PlatformCall};

/// `POST /v1/meta/event`. A repeat of the same event is a duplicate.
pub const SEND: Operation = Operation::new("platform.meta.events.send", Method::POST, "/v1/meta/event").idempotent();
/// `POST /v1/meta/events`. Repeats of the same events are duplicates.
pub const SEND_MANY: Operation =
    Operation::new("platform.meta.events.send_many", Method::POST, "/v1/meta/events").idempotent();
/// `GET /v1/meta/events`
pub const LIST: Operation = Operation::new("platform.meta.events.list", Method::GET, "/v1/meta/events").safe();
/// `GET /v1/meta/events/{id}`
pub const GET: Operation = Operation::new("platform.meta.events.get", Method::GET, "/v1/meta/events/{id}").safe();
/// `GET /v1/meta/conversions`
pub const SWITCH: Operation =
    Operation::new("platform.meta.conversions.get", Method::GET, "/v1/meta/conversions").safe();
/// `PUT /v1/meta/conversions`. A repeat changes nothing.
pub const PUT_SWITCH: Operation =
    Operation::new("platform.meta.conversions.put", Method::PUT, "/v1/meta/conversions").idempotent();
/// `GET /v1/meta/conversions/changes`
pub const CHANGES: Operation =
    Operation::new("platform.meta.conversions.changes", Method::GET, "/v1/meta/conversions/changes").safe();
/// `GET /v1/meta/rules`
pub const LIST_RULES: Operation = Operation::new("platform.meta.rules.list", Method::GET, "/v1/meta/rules").safe();
/// `POST /v1/meta/rules`
pub const CREATE_RULE: Operation = Operation::new("platform.meta.rules.create", Method::POST, "/v1/meta/rules").keyed();
/// `DELETE /v1/meta/rules/{id}`
pub const DELETE_RULE: Operation =
    Operation::new("platform.meta.rules.delete", Method::DELETE, "/v1/meta/rules/{id}").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] =
    &[CHANGES, CREATE_RULE, DELETE_RULE, GET, LIST, LIST_RULES, PUT_SWITCH, SEND, SEND_MANY, SWITCH];

/// Conversions for Meta.
#[derive(Clone, Copy, Debug)]
pub struct MetaEventsClient<'c> {
    http: &'c Client,
}

impl<'c> MetaEventsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Hands over one event. Its answer comes when it is on disk; it is sent to Meta within seconds.
    pub fn send<E: Serialize>(&self, event: &MetaEvent<E>) -> PlatformCall<'c, MetaEventResult> {
        PlatformCall::json(self.http, &SEND).body(event)
    }

    /// Hands over up to [`MAX_META_EVENTS`] events. A bad one does not sink the others.
    pub fn send_many<E: Serialize>(&self, events: &[MetaEvent<E>]) -> PlatformCall<'c, MetaEventsReply> {
        PlatformCall::json(self.http, &SEND_MANY).body(&MetaEvents { events })
    }

    /// Lists conversions and what became of them, newest first.
    pub fn list(&self, query: &ListConversions) -> PlatformCall<'c, Page<Conversion>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// Every conversion from the query's cursor on.
    pub fn list_all(&self, query: ListConversions) -> Paged<Conversion> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListConversions { cursor, limit, ..query.clone() });
            async move { MetaEventsClient::new(&http).list(&query).await }
        })
    }

    /// What became of one conversion.
    pub fn get(&self, id: ConversionId) -> PlatformCall<'c, Conversion> {
        PlatformCall::json(self.http, &GET).id(id)
    }

    /// A product's switch as it stands.
    pub fn switch(&self, query: &GetConversionSwitch) -> PlatformCall<'c, ConversionSwitch> {
        PlatformCall::json(self.http, &SWITCH).query(query)
    }

    /// Sets a product's switch. Every change is kept.
    pub fn put_switch(&self, switch: &PutConversionSwitch) -> PlatformCall<'c, ConversionSwitch> {
        PlatformCall::json(self.http, &PUT_SWITCH).body(switch)
    }

    /// Lists the changes of switches, newest first.
    pub fn switch_changes(&self, query: &ListSwitchChanges) -> PlatformCall<'c, Page<SwitchChange>> {
        PlatformCall::json(self.http, &CHANGES).query(query)
    }

    /// Lists rules, oldest first.
    pub fn rules(&self, query: &ListMetaEventRules) -> PlatformCall<'c, Page<MetaEventRule>> {
        PlatformCall::json(self.http, &LIST_RULES).query(query)
    }

    /// Makes a rule. It sees what is stored from then on.
    pub fn create_rule(&self, rule: &CreateMetaEventRule) -> PlatformCall<'c, MetaEventRule> {
        PlatformCall::json(self.http, &CREATE_RULE).body(rule)
    }

    /// Ends a rule. What it made stays.
    pub fn delete_rule(&self, id: MetaEventRuleId) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &DELETE_RULE).id(id)
    }
}
