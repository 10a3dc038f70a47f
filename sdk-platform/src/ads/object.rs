//! What campaigns, ad sets, creatives and ads have in common.

use acd_meta::AdAccountId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ProductSlug;

/// The body of a creation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "{T}InAccount")]
pub struct NewObject<T> {
    /// The ad account that it is made in, as `act_17`. A product with one account may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AdAccountId>,
    /// The product that it is for. Only an administrator names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// What is made, as Meta takes it.
    pub object: T,
}

impl<T> NewObject<T> {
    /// Something in the product's only account.
    pub fn new(object: T) -> Self {
        Self { account: None, product: None, object }
    }

    /// Names the account.
    #[must_use]
    pub fn account(mut self, account: impl Into<AdAccountId>) -> Self {
        self.account = Some(account.into());
        self
    }
}

/// The query of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListObjects {
    /// The ad account whose objects are listed. A product with one account may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AdAccountId>,
    /// The product whose objects are listed. Only an administrator names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// Most objects of the account that are looked at for one page, 1 to 200; 50 when left out. Those of other products are
    /// left out of it: a page may have fewer, or none, and yet a next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// From the page before. Meta forgets it after a while: do not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Declares the calls of one kind of object.
macro_rules! hub_object {
    ($client:ident, $what:literal, $segment:literal, $id:ty, $object:ty, $create:ty, $update:ty) => {
        use acd_core::{Client, Operation};
        use acd_meta::{Created, Done};
        use http::Method;

        use super::object::{ListObjects, NewObject};
        use crate::page::paged;
        use crate::{Page, Paged, PlatformCall};

        #[doc = concat!("`GET /v1/ads/", $segment, "`")]
        pub const LIST: Operation =
            Operation::new(concat!("platform.ads_", $segment, ".list"), Method::GET, concat!("/v1/ads/", $segment))
                .safe();
        #[doc = concat!("`POST /v1/ads/", $segment, "`")]
        pub const CREATE: Operation =
            Operation::new(concat!("platform.ads_", $segment, ".create"), Method::POST, concat!("/v1/ads/", $segment))
                .keyed()
                .timeout(TimeoutClass::Long);
        #[doc = concat!("`GET /v1/ads/", $segment, "/{id}`")]
        pub const GET: Operation = Operation::new(
            concat!("platform.ads_", $segment, ".get"),
            Method::GET,
            concat!("/v1/ads/", $segment, "/{id}"),
        )
        .safe();
        #[doc = concat!("`PATCH /v1/ads/", $segment, "/{id}`")]
        pub const UPDATE: Operation = Operation::new(
            concat!("platform.ads_", $segment, ".update"),
            Method::PATCH,
            concat!("/v1/ads/", $segment, "/{id}"),
        )
        .idempotent();
        #[doc = concat!("`DELETE /v1/ads/", $segment, "/{id}`")]
        pub const DELETE: Operation = Operation::new(
            concat!("platform.ads_", $segment, ".delete"),
            Method::DELETE,
            concat!("/v1/ads/", $segment, "/{id}"),
        )
        .idempotent();

        /// All calls of this module.
        pub const OPERATIONS: &[Operation] = &[CREATE, DELETE, GET, LIST, UPDATE];

        #[doc = concat!("The product's ", $what, ".")]
        #[derive(Clone, Copy, Debug)]
        pub struct $client<'c> {
            http: &'c Client,
        }

        impl<'c> $client<'c> {
            pub(crate) fn new(http: &'c Client) -> Self {
                Self { http }
            }

            /// Lists what the product made, in Meta's order.
            pub fn list(&self, query: &ListObjects) -> PlatformCall<'c, Page<$object>> {
                PlatformCall::json(self.http, &LIST).query(query)
            }

            /// Everything that the product made, from the query's cursor on.
            pub fn list_all(&self, query: ListObjects) -> Paged<$object> {
                let http = self.http.clone();
                paged(query.cursor.clone(), query.limit, move |cursor, limit| {
                    let (http, query) = (http.clone(), ListObjects { cursor, limit, ..query.clone() });
                    async move { $client::new(&http).list(&query).await }
                })
            }

            /// Makes one. With an idempotency key of the caller's own the same intent never makes two, whatever crashes.
            pub fn create(&self, new: &NewObject<$create>) -> PlatformCall<'c, Created<$id>> {
                PlatformCall::json(self.http, &CREATE).body(new)
            }

            /// Gets one.
            pub fn get(&self, id: &$id) -> PlatformCall<'c, $object> {
                PlatformCall::json(self.http, &GET).id(id)
            }

            /// Changes one.
            pub fn update(&self, id: &$id, change: &$update) -> PlatformCall<'c, Done> {
                PlatformCall::json(self.http, &UPDATE).id(id).body(change)
            }

            /// Deletes one, with all that is in it.
            pub fn delete(&self, id: &$id) -> PlatformCall<'c, ()> {
                PlatformCall::empty(self.http, &DELETE).id(id)
            }
        }
    };
}

pub(crate) use hub_object;

#[cfg(test)]
mod tests {
    use acd_meta::ads::campaigns::{CreateCampaign, Objective};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_made_is_written_as_meta_takes_it_beside_the_account() {
        let new = NewObject::new(CreateCampaign::new("c", Objective::Leads, [])).account("17");
        let body = json!({
            "account": "act_17",
            "object": { "name": "c", "objective": "OUTCOME_LEADS", "special_ad_categories": [] },
        });
        assert_eq!(serde_json::to_value(&new).unwrap(), body);
        assert_eq!(serde_json::from_value::<NewObject<CreateCampaign>>(body).unwrap(), new);
        let misplaced = json!({ "acount": "act_17", "object": {} });
        assert!(serde_json::from_value::<NewObject<CreateCampaign>>(misplaced).is_err());
    }
}
