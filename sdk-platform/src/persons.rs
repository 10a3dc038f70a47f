//! Persons: who is behind the ids of the products, and everything they did.

use acd_core::{Client, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::events::Event;
use crate::page::paged;
use crate::{Page, Paged, PersonId, PlatformCall, ProductSlug};

/// `GET /v1/persons/lookup`
pub const LOOKUP: Operation = Operation::new("platform.persons.lookup", Method::GET, "/v1/persons/lookup").safe();
/// `GET /v1/persons/{id}`
pub const GET: Operation = Operation::new("platform.persons.get", Method::GET, "/v1/persons/{id}").safe();
/// `GET /v1/persons/{id}/events`
pub const TIMELINE: Operation =
    Operation::new("platform.persons.timeline", Method::GET, "/v1/persons/{id}/events").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[GET, LOOKUP, TIMELINE];

/// A person. A product sees its own ids and traits of the person, an administrator all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// Its id. After a merge the ids of both persons lead to the survivor.
    pub id: PersonId,
    /// The ids that belong to the person.
    pub links: Vec<IdentityLink>,
    /// What each product learnt, by product.
    pub traits: Map<String, Value>,
    /// When the person was first seen.
    pub created_at: DateTime<Utc>,
}

/// An id that belongs to a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IdentityLink {
    /// `user` or `anonymous` for a product's own ids; `email` and others mean the same in every product.
    pub provider: String,
    /// The product, for `user` and `anonymous`.
    pub product: Option<ProductSlug>,
    /// The id.
    pub external_id: String,
}

/// The query of [`LOOKUP`]: exactly one of the three.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupPerson {
    /// The product's id of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The id of a visitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// The e-mail address. A product finds the persons that it has an id of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whose ids are meant; for administrators, others ask about their own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// The query of [`TIMELINE`]. Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTimeline {
    /// Most events in one page, 1 to 1,000; 100 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
}

/// The humans behind the products' ids.
#[derive(Clone, Copy, Debug)]
pub struct PersonsClient<'c> {
    http: &'c Client,
}

impl<'c> PersonsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Finds the person that an id belongs to.
    pub fn lookup(&self, query: &LookupPerson) -> PlatformCall<'c, Person> {
        PlatformCall::json(self.http, &LOOKUP).query(query)
    }

    /// Gets a person; the id of one that was merged gives the survivor.
    pub fn get(&self, id: PersonId) -> PlatformCall<'c, Person> {
        PlatformCall::json(self.http, &GET).id(id)
    }

    /// Lists what a person did, newest first.
    pub fn timeline(&self, id: PersonId, query: &ListTimeline) -> PlatformCall<'c, Page<Event>> {
        PlatformCall::json(self.http, &TIMELINE).id(id).query(query)
    }

    /// Everything a person did, from the query's cursor on.
    pub fn timeline_all(&self, id: PersonId, query: ListTimeline) -> Paged<Event> {
        let http = self.http.clone();
        paged(query.cursor, query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListTimeline { cursor, limit });
            async move { PersonsClient::new(&http).timeline(id, &query).await }
        })
    }
}
