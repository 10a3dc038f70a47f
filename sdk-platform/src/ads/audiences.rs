//! Audiences: people of a product, chosen by what it knows of them and by what they agreed to, as custom audiences at Meta.
//!
//! Nothing of anybody leaves the server while the product's switch is off, which it is until somebody turns it on, nor of
//! whom the product has not the consent `advertising`. Addresses and telephone numbers leave hashed, and each renewal puts
//! those who are chosen now in the place of all who were.

use acd_core::{Client, Operation};
use acd_meta::audiences::CodedStatus;
use acd_meta::{AdAccountId, AudienceId};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::entitlements::Plan;
use crate::named::named;
use crate::page::paged;
use crate::whole::{whole, whole_option};
use crate::{HubAudienceId, Page, Paged, PlatformCall, ProductSlug};

/// `GET /v1/ads/audiences/switch`
pub const GET_SWITCH: Operation =
    Operation::new("platform.ads_audiences.get_switch", Method::GET, "/v1/ads/audiences/switch").safe();
/// `PUT /v1/ads/audiences/switch`
pub const SET_SWITCH: Operation =
    Operation::new("platform.ads_audiences.set_switch", Method::PUT, "/v1/ads/audiences/switch").idempotent();
/// `GET /v1/ads/audiences`
pub const LIST: Operation = Operation::new("platform.ads_audiences.list", Method::GET, "/v1/ads/audiences").safe();
/// `POST /v1/ads/audiences`. The name makes a repeat harmless.
pub const CREATE: Operation =
    Operation::new("platform.ads_audiences.create", Method::POST, "/v1/ads/audiences").idempotent();
/// `GET /v1/ads/audiences/{id}`
pub const GET: Operation = Operation::new("platform.ads_audiences.get", Method::GET, "/v1/ads/audiences/{id}").safe();
/// `DELETE /v1/ads/audiences/{id}`
pub const DELETE: Operation =
    Operation::new("platform.ads_audiences.delete", Method::DELETE, "/v1/ads/audiences/{id}").idempotent();
/// `POST /v1/ads/audiences/{id}/renew`. One that is being renewed already is left to that.
pub const RENEW: Operation =
    Operation::new("platform.ads_audiences.renew", Method::POST, "/v1/ads/audiences/{id}/renew").idempotent();
/// `POST /v1/ads/audiences/{id}/lookalikes`. The name makes a repeat harmless.
pub const CREATE_LOOKALIKE: Operation =
    Operation::new("platform.ads_audiences.create_lookalike", Method::POST, "/v1/ads/audiences/{id}/lookalikes")
        .idempotent();
/// `POST /v1/ads/audiences/{id}/share`
pub const SHARE: Operation =
    Operation::new("platform.ads_audiences.share", Method::POST, "/v1/ads/audiences/{id}/share").idempotent();
/// `POST /v1/ads/audiences/{id}/unshare`
pub const UNSHARE: Operation =
    Operation::new("platform.ads_audiences.unshare", Method::POST, "/v1/ads/audiences/{id}/unshare").idempotent();
/// `GET /v1/ads/audiences/{id}/size`
pub const SIZE: Operation =
    Operation::new("platform.ads_audiences.size", Method::GET, "/v1/ads/audiences/{id}/size").safe();

/// All calls of this module.
pub const OPERATIONS: &[Operation] =
    &[CREATE, CREATE_LOOKALIKE, DELETE, GET, GET_SWITCH, LIST, RENEW, SET_SWITCH, SHARE, SIZE, UNSHARE];

named!(
    /// Of whom an audience is made.
    HubAudienceKind {
        /// People of the product.
        Segment = "segment",
        /// People like those of another audience.
        Lookalike = "lookalike",
    }
);

/// Whether anything of a product's people may leave for audiences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AudienceSwitch {
    /// The product.
    pub product: ProductSlug,
    /// Off until somebody turns it on.
    pub is_enabled: bool,
    /// When it was last turned; null when it never was.
    pub changed_at: Option<DateTime<Utc>>,
    /// Who turned it: `product` or `admin`.
    pub changed_by: Option<String>,
}

/// The query of [`GET_SWITCH`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetAudienceSwitch {
    /// Whose. A product's own key may leave it out; an administrator must name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// The body of [`SET_SWITCH`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAudienceSwitch {
    /// Whose. A product's own key may leave it out; an administrator must name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// On or off.
    pub is_enabled: bool,
}

/// Which people of a product are chosen. Of those, the ones count who agreed to `advertising` and of whom the product knows
/// an e-mail address or a telephone number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum AudienceSource {
    /// Who did something.
    Event {
        /// The `event` of `track` calls, 1 to 512 bytes.
        #[schemars(length(min = 1, max = 512))]
        event: String,
        /// In so many days until now, 1 to 180.
        #[serde(deserialize_with = "whole")]
        #[schemars(range(min = 1, max = 180))]
        within_days: u16,
        /// At least so often, 1 to 1,000,000.
        #[serde(deserialize_with = "whole")]
        #[schemars(range(min = 1, max = 1_000_000))]
        at_least: u32,
    },
    /// Users with an entitlement to the product that grants something now.
    Entitled {
        /// To one of these plans; to any when there is none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(length(max = 10))]
        plans: Vec<Plan>,
    },
    /// These people.
    People {
        /// 1 to 10,000.
        #[schemars(length(min = 1, max = 10_000))]
        people: Vec<AudiencePerson>,
    },
}

/// A person by one id of the product's, or by an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AudiencePerson {
    /// The product's id of the user, 1 to 512 bytes.
    UserId(#[schemars(length(min = 1, max = 512))] String),
    /// The id of a visitor, 1 to 512 bytes.
    AnonymousId(#[schemars(length(min = 1, max = 512))] String),
    /// The address, 1 to 512 bytes.
    Email(#[schemars(length(min = 1, max = 512))] String),
}

/// An audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HubAudience {
    /// Its id.
    pub id: HubAudienceId,
    /// Whose it is.
    pub product: ProductSlug,
    /// The ad account that it is made in.
    pub account: AdAccountId,
    /// What its owner calls it.
    pub name: String,
    /// Of whom it is made.
    pub kind: HubAudienceKind,
    /// Which people are chosen; null for lookalikes.
    pub source: Option<AudienceSource>,
    /// The audience whose people are the model; null but for lookalikes.
    pub seed_id: Option<HubAudienceId>,
    /// Of which country, for lookalikes: two letters of ISO 3166-1.
    pub country: Option<String>,
    /// How large a part of the country's people, for lookalikes, in percent.
    pub ratio_percent: Option<u32>,
    /// How often it is renewed, in hours; null for lookalikes, which Meta renews.
    pub renew_hours: Option<u32>,
    /// Meta's id of it; null until it was made there, and while nobody is in it.
    pub audience_id: Option<AudienceId>,
    /// How many people were sent at the last renewal; null before the first.
    pub people: Option<u64>,
    /// When it was last renewed.
    pub renewed_at: Option<DateTime<Utc>>,
    /// Why the last try did not renew it; null once one did.
    pub last_error: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// The body of [`CREATE`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateHubAudience {
    /// Whose. A product's own key may leave it out; an administrator must name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// The ad account; may be left out where the product has one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AdAccountId>,
    /// What to call it, 1 to 100 characters; no two audiences of a product share a name.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Which people are chosen.
    pub source: AudienceSource,
    /// How often it is renewed, in hours, 1 to 720; 24 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "whole_option")]
    #[schemars(range(min = 1, max = 720))]
    pub renew_hours: Option<u32>,
}

impl CreateHubAudience {
    /// An audience of these people in the product's only ad account, renewed each day.
    pub fn new(name: impl Into<String>, source: AudienceSource) -> Self {
        Self { product: None, account: None, name: name.into(), source, renew_hours: None }
    }
}

/// The body of [`CREATE_LOOKALIKE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateHubLookalike {
    /// What to call it, 1 to 100 characters; no two audiences of a product share a name.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Of which country: two capital letters of ISO 3166-1.
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    pub country: String,
    /// How large a part of the country's people, 1 to 20 percent.
    #[serde(deserialize_with = "whole")]
    #[schemars(range(min = 1, max = 20))]
    pub ratio_percent: u32,
}

/// The body of [`SHARE`] and [`UNSHARE`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareHubAudience {
    /// With which product.
    pub product: ProductSlug,
    /// In which of its ad accounts; may be left out where it has one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AdAccountId>,
}

/// How large an audience is, as Meta tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HubAudienceSize {
    /// At least so many people; null while Meta does not know.
    pub at_least: Option<u64>,
    /// At most so many people; null while Meta does not know.
    pub at_most: Option<u64>,
    /// Whether ads can be shown to it: 200, or 300 when it is too small.
    pub delivery: Option<CodedStatus>,
    /// What goes on with it: 200 when nothing does.
    pub operation: Option<CodedStatus>,
}

/// The query of [`LIST`]. Oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListHubAudiences {
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
}

/// Audiences. A product sees its own.
#[derive(Clone, Copy, Debug)]
pub struct HubAudiencesClient<'c> {
    http: &'c Client,
}

impl<'c> HubAudiencesClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Whether anything of the product's people may leave for audiences.
    pub fn switch(&self, query: &GetAudienceSwitch) -> PlatformCall<'c, AudienceSwitch> {
        PlatformCall::json(self.http, &GET_SWITCH).query(query)
    }

    /// Turns that on or off. What is at Meta already stays there; delete audiences to have their people removed.
    pub fn set_switch(&self, switch: &SetAudienceSwitch) -> PlatformCall<'c, AudienceSwitch> {
        PlatformCall::json(self.http, &SET_SWITCH).body(switch)
    }

    /// Lists audiences, oldest first.
    pub fn list(&self, query: &ListHubAudiences) -> PlatformCall<'c, Page<HubAudience>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// Every audience from the query's cursor on.
    pub fn list_all(&self, query: ListHubAudiences) -> Paged<HubAudience> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListHubAudiences { cursor, limit, ..query.clone() });
            async move { HubAudiencesClient::new(&http).list(&query).await }
        })
    }

    /// Creates an audience, which is filled by a job. The same again returns the one that is there.
    pub fn create(&self, new: &CreateHubAudience) -> PlatformCall<'c, HubAudience> {
        PlatformCall::json(self.http, &CREATE).body(new)
    }

    /// Gets an audience.
    pub fn get(&self, id: HubAudienceId) -> PlatformCall<'c, HubAudience> {
        PlatformCall::json(self.http, &GET).id(id)
    }

    /// Deletes an audience, at Meta too, where ads lose it.
    pub fn delete(&self, id: HubAudienceId) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &DELETE).id(id)
    }

    /// Renews an audience now, by a job.
    pub fn renew(&self, id: HubAudienceId) -> PlatformCall<'c, HubAudience> {
        PlatformCall::json(self.http, &RENEW).id(id)
    }

    /// Creates an audience of people like those of this one. It needs 100 people in the country; Meta fills it within hours.
    pub fn create_lookalike(&self, seed: HubAudienceId, new: &CreateHubLookalike) -> PlatformCall<'c, HubAudience> {
        PlatformCall::json(self.http, &CREATE_LOOKALIKE).id(seed).body(new)
    }

    /// Lets another product use an audience in its own ad account, without seeing who is in it.
    pub fn share(&self, id: HubAudienceId, with: &ShareHubAudience) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &SHARE).id(id).body(with)
    }

    /// Ends that.
    pub fn unshare(&self, id: HubAudienceId, with: &ShareHubAudience) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &UNSHARE).id(id).body(with)
    }

    /// Asks Meta how large an audience is.
    pub fn size(&self, id: HubAudienceId) -> PlatformCall<'c, HubAudienceSize> {
        PlatformCall::json(self.http, &SIZE).id(id)
    }
}
