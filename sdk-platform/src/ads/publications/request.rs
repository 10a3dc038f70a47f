use std::collections::BTreeMap;

use acd_meta::ads::Status;
use acd_meta::{AdAccountId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PublicationPlan, PublicationState};
use crate::{AdTemplateId, ProductSlug};

/// A template and what takes the place of its variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateUse {
    /// The template.
    pub id: AdTemplateId,
    /// Values of variables by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// With rows, at most 100, the template's creatives and ads are made once for each: with the row's values over `values`, and
    /// with `-1`, `-2` and so on after their keys. Campaign and ad sets are made once, with `values` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub rows: Vec<BTreeMap<String, String>>,
}

impl TemplateUse {
    /// A template without any values.
    #[must_use]
    pub fn new(id: AdTemplateId) -> Self {
        Self { id, values: BTreeMap::new(), rows: Vec::new() }
    }

    /// Sets the value of a variable.
    #[must_use]
    pub fn value(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    /// Adds a row of values.
    #[must_use]
    pub fn row<N: Into<String>, V: Into<String>>(mut self, values: impl IntoIterator<Item = (N, V)>) -> Self {
        self.rows.push(values.into_iter().map(|(name, value)| (name.into(), value.into())).collect());
        self
    }
}

/// The body of [`CREATE`](super::CREATE): either a plan or a template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePublication {
    /// The product that it is for. Only an administrator names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// The ad account that everything is made in, as `act_17`. A product with one account may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AdAccountId>,
    /// What to call it, 1 to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub name: Option<String>,
    /// What is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PublicationPlan>,
    /// The template to make it from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateUse>,
}

impl CreatePublication {
    /// What a plan says, in the product's only account.
    #[must_use]
    pub fn of(plan: PublicationPlan) -> Self {
        Self { plan: Some(plan), ..Self::default() }
    }

    /// What a template says, in the product's only account.
    #[must_use]
    pub fn from_template(template: TemplateUse) -> Self {
        Self { template: Some(template), ..Self::default() }
    }
}

/// The query of [`LIST`](super::LIST). Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPublications {
    /// Most in one page, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only those that stand here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PublicationState>,
    /// Only this product's; a product sees its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// The body of [`CLONE`](super::CLONE).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloneCampaign {
    /// The name of the copy, 1 to 400 characters; that of the original when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 400))]
    pub name: Option<String>,
    /// The status of the copied campaign; paused when left out. Its ad sets and ads have those of the originals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// When the copied ad sets begin; at once when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// When the copied ad sets end; when the originals do if left out, where that lies ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
}
