//! Publications: a campaign with its ad sets, creatives and ads, made at Meta as one job.
//!
//! A publication is accepted at once and carried out in the background, under the limits that products share. Each thing that it
//! makes is made once, whatever crashes; what Meta refuses is told ad by ad, and the rest is made.

mod client;
mod plan;
mod publication;
mod request;

use acd_core::{Operation, TimeoutClass};
use http::Method;

pub use client::PublicationsClient;
pub use plan::{Planned, PublicationPlan};
pub use publication::{
    ItemProblem, ItemState, Publication, PublicationCounts, PublicationDetails, PublicationItem, PublicationState,
    PublishedKind,
};
pub use request::{CloneCampaign, CreatePublication, ListPublications, TemplateUse};

/// `GET /v1/ads/publications`
pub const LIST: Operation =
    Operation::new("platform.ads_publications.list", Method::GET, "/v1/ads/publications").safe();
/// `POST /v1/ads/publications`
pub const CREATE: Operation =
    Operation::new("platform.ads_publications.create", Method::POST, "/v1/ads/publications").keyed();
/// `GET /v1/ads/publications/{id}`
pub const GET: Operation =
    Operation::new("platform.ads_publications.get", Method::GET, "/v1/ads/publications/{id}").safe();
/// `POST /v1/ads/publications/{id}/cancel`. A second one changes nothing.
pub const CANCEL: Operation =
    Operation::new("platform.ads_publications.cancel", Method::POST, "/v1/ads/publications/{id}/cancel").idempotent();
/// `POST /v1/ads/publications/{id}/retry`. One that goes on already stays as it is.
pub const RETRY: Operation =
    Operation::new("platform.ads_publications.retry", Method::POST, "/v1/ads/publications/{id}/retry").idempotent();
/// `POST /v1/ads/campaigns/{id}/clone`. The campaign is read at Meta before the answer.
pub const CLONE: Operation =
    Operation::new("platform.ads_campaigns.clone", Method::POST, "/v1/ads/campaigns/{id}/clone")
        .keyed()
        .timeout(TimeoutClass::Long);

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CANCEL, CLONE, CREATE, GET, LIST, RETRY];
