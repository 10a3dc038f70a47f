use acd_meta::{AdAccountId, CampaignId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::named::named;
use crate::{AdTemplateId, JobId, ProductSlug, PublicationId};

named! {
    /// Where a publication stands.
    PublicationState {
        /// Nothing is begun yet.
        Waiting = "waiting",
        /// Things are being made, or it waits to go on: `problem` says why.
        Running = "running",
        /// Everything is made.
        Succeeded = "succeeded",
        /// Some ads are made; the others were refused, or need what was.
        Partial = "partial",
        /// No ad is made.
        Failed = "failed",
        /// Called off before everything was made. What is made stays.
        Cancelled = "cancelled",
    }
}

named! {
    /// What kind of thing an item is.
    PublishedKind {
        /// The campaign.
        Campaign = "campaign",
        /// An ad set.
        AdSet = "ad_set",
        /// A creative.
        Creative = "creative",
        /// An ad.
        Ad = "ad",
    }
}

named! {
    /// Where a thing of a publication stands.
    ItemState {
        /// Its turn has not come.
        Waiting = "waiting",
        /// Meta is asked for it.
        Creating = "creating",
        /// Meta was asked and nobody heard the answer: it is looked up before it is asked for again.
        Unsettled = "unsettled",
        /// It is there.
        Created = "created",
        /// Meta refused it.
        Failed = "failed",
        /// It was not asked for: the publication was called off, or something that it needs was refused.
        NotTried = "not_tried",
    }
}

/// Why something was not made, or not yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ItemProblem {
    /// A stable name of the cause, such as `meta_rejected`.
    pub code: String,
    /// Cause and remedy in words.
    pub detail: String,
    /// What Meta said: `code`, `subcode`, `class`, `message`, `user_title`, `user_message`, `blame`, `trace_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Value>,
}

/// The ads of a publication by where they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicationCounts {
    /// All of them.
    pub ads: u32,
    /// Those that are there.
    pub created: u32,
    /// Those that Meta refused.
    pub failed: u32,
    /// Those that were not asked for, and will not be.
    pub not_tried: u32,
    /// The others.
    pub waiting: u32,
}

/// A publication.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Publication {
    /// Its id.
    pub id: PublicationId,
    /// The product that it belongs to.
    pub product: ProductSlug,
    /// The ad account that everything is made in.
    pub account: AdAccountId,
    /// What the product calls it.
    pub name: Option<String>,
    /// The template that it was made from, unless that is deleted.
    pub template_id: Option<AdTemplateId>,
    /// The campaign that it copies.
    pub source_campaign_id: Option<CampaignId>,
    /// Where it stands.
    pub state: PublicationState,
    /// Its ads by where they stand.
    pub counts: PublicationCounts,
    /// Its campaign, once that is there.
    pub campaign_id: Option<CampaignId>,
    /// Why it does not go on at the moment.
    pub problem: Option<ItemProblem>,
    /// The job that carries it out, or did last.
    pub job_id: JobId,
    /// When it was called off.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When nothing was left to do.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A thing that a publication makes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PublicationItem {
    /// What kind of thing.
    pub kind: PublishedKind,
    /// What the plan calls it.
    pub key: String,
    /// Where it stands.
    pub state: ItemState,
    /// Its id at Meta, once it is there.
    pub object_id: Option<String>,
    /// Why it was not made.
    pub problem: Option<ItemProblem>,
}

/// A publication with everything that it makes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PublicationDetails {
    /// The publication.
    #[serde(flatten)]
    pub publication: Publication,
    /// What it makes, in the order in which that is made.
    pub items: Vec<PublicationItem>,
}
