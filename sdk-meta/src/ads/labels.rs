//! Labels on campaigns, ad sets, creatives and ads: a caller's own handle on what was created.

use acd_core::Operation;
use acd_core::runtime::BoxFuture;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::once::once;
use crate::answers::{Created, List};
use crate::error::Result;
use crate::limits::{ads_read, ads_write};
use crate::macros::object;
use crate::page::list_all;
use crate::{AdAccountId, AdId, AdLabelId, AdSetId, CampaignId, CreativeId, MetaCall, MetaClient, Page};

/// `POST /act_{account}/adlabels`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-label), read 2026-11)
pub const CREATE: Operation = ads_write("meta.ad_labels.create", Method::POST, "/{version}/{account}/adlabels");
/// `GET /act_{account}/adlabels`
pub const LIST: Operation = ads_read("meta.ad_labels.list", "/{version}/{account}/adlabels");
/// `GET /act_{account}/campaignsbylabels`
pub const CAMPAIGNS: Operation = ads_read("meta.ad_labels.campaigns", "/{version}/{account}/campaignsbylabels");
/// `GET /act_{account}/adsetsbylabels`
pub const AD_SETS: Operation = ads_read("meta.ad_labels.ad_sets", "/{version}/{account}/adsetsbylabels");
/// `GET /act_{account}/adcreativesbylabels`
pub const CREATIVES: Operation = ads_read("meta.ad_labels.creatives", "/{version}/{account}/adcreativesbylabels");
/// `GET /act_{account}/adsbylabels`
pub const ADS: Operation = ads_read("meta.ad_labels.ads", "/{version}/{account}/adsbylabels");

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, LIST, CAMPAIGNS, AD_SETS, CREATIVES, ADS];

/// Objects that one look-up by label gives. Meta's own 25 would hide some of those that a caller made under one label.
const LOOKED_UP: u32 = 500;

object! {
    /// A label ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-label), read 2026-11).
    AdLabel(AdLabelId), AdLabelFields {
        /// The name, unique within the account.
        name: String,
    }
}

/// The query of [`LIST`].
pub type ListAdLabels = List<AdLabelFields>;

/// A label as it is put on an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct AdLabelRef {
    /// The label.
    pub id: AdLabelId,
}

impl From<AdLabelId> for AdLabelRef {
    fn from(id: AdLabelId) -> Self {
        Self { id }
    }
}

/// Labels on ads.
#[derive(Clone, Copy, Debug)]
pub struct AdLabelsClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> AdLabelsClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Creates a label. Not repeated by itself: [`ensure`](Self::ensure) is.
    pub fn create(&self, account: &AdAccountId, name: &str) -> MetaCall<'c, Created<AdLabelId>> {
        MetaCall::json(self.meta, &CREATE).account(account).body(&json!({ "name": name }))
    }

    /// Lists the account's labels. Safe to repeat.
    pub fn list(&self, account: &AdAccountId, query: &ListAdLabels) -> MetaCall<'c, Page<AdLabel>> {
        MetaCall::json(self.meta, &LIST).account(account).query(query)
    }

    list_all! {
        /// Every label from the query's cursor on.
        AdLabelsClient: list_all, list(account: AdAccountId), ListAdLabels => AdLabel
    }

    /// The label of this name, which is created if there is none.
    ///
    /// # Errors
    /// Those of the calls; it may be called again.
    pub async fn ensure(&self, account: &AdAccountId, name: &str) -> Result<AdLabelId> {
        let client = *self;
        let find = || -> BoxFuture<'_, Result<Option<AdLabelId>>> {
            Box::pin(async move {
                let mut labels = client.list_all(account, ListAdLabels::default().limit(200)).items();
                while let Some(label) = labels.next().await? {
                    if label.name.as_deref() == Some(name) {
                        return Ok(Some(label.id));
                    }
                }
                Ok(None)
            })
        };
        let create = || -> BoxFuture<'_, Result<AdLabelId>> {
            Box::pin(async move { client.create(account, name).await.map(|created| created.id) })
        };
        once(self.meta.http().runtime(), find, create).await
    }

    /// The campaigns with this label, at most 500. Safe to repeat.
    pub fn campaigns(&self, account: &AdAccountId, label: &AdLabelId) -> MetaCall<'c, Page<Created<CampaignId>>> {
        self.labelled(&CAMPAIGNS, account, label)
    }

    /// The ad sets with this label, at most 500. Safe to repeat.
    pub fn ad_sets(&self, account: &AdAccountId, label: &AdLabelId) -> MetaCall<'c, Page<Created<AdSetId>>> {
        self.labelled(&AD_SETS, account, label)
    }

    /// The creatives with this label, at most 500. Safe to repeat.
    pub fn creatives(&self, account: &AdAccountId, label: &AdLabelId) -> MetaCall<'c, Page<Created<CreativeId>>> {
        self.labelled(&CREATIVES, account, label)
    }

    /// The ads with this label, at most 500. Safe to repeat.
    pub fn ads(&self, account: &AdAccountId, label: &AdLabelId) -> MetaCall<'c, Page<Created<AdId>>> {
        self.labelled(&ADS, account, label)
    }

    fn labelled<I>(
        &self,
        operation: &'static Operation,
        account: &AdAccountId,
        label: &AdLabelId,
    ) -> MetaCall<'c, Page<Created<I>>>
    where
        I: serde::de::DeserializeOwned + 'static,
    {
        let query = json!({ "ad_label_ids": [label], "operator": "ALL", "fields": "id", "limit": LOOKED_UP });
        MetaCall::json(self.meta, operation).account(account).query(&query)
    }
}
