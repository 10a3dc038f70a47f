//! Ads: a creative in an ad set.

use acd_core::Operation;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::labels::AdLabelRef;
use super::once::labelled;
use super::{EffectiveStatus, ExecutionOption, Issue, Status, StatusOption};
use crate::answers::{Created, Done, List};
use crate::limits::{ads_read, ads_write};
use crate::macros::{node_calls, object, request};
use crate::{AdAccountId, AdId, AdSetId, CampaignId, CreativeId, MetaCall, MetaClient, Timestamp};

/// `POST /act_{account}/ads`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/ads), read 2026-11)
pub const CREATE: Operation = ads_write("meta.ads.create", Method::POST, "/{version}/{account}/ads");
/// `GET /act_{account}/ads`
pub const LIST: Operation = ads_read("meta.ads.list", "/{version}/{account}/ads");
/// `GET /{ad}`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/adgroup), read 2026-11)
pub const GET: Operation = ads_read("meta.ads.get", "/{version}/{id}");
/// `POST /{ad}`
pub const UPDATE: Operation = ads_write("meta.ads.update", Method::POST, "/{version}/{id}").idempotent();
/// `DELETE /{ad}`
pub const DELETE: Operation = ads_write("meta.ads.delete", Method::DELETE, "/{version}/{id}").idempotent();
/// `POST /{ad}/copies`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/adgroup/copies), read 2026-11)
pub const COPY: Operation = ads_write("meta.ads.copy", Method::POST, "/{version}/{id}/copies");

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, LIST, GET, UPDATE, DELETE, COPY];

/// A creative as an ad names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CreativeRef {
    /// The creative.
    pub creative_id: CreativeId,
}

impl From<CreativeId> for CreativeRef {
    fn from(creative_id: CreativeId) -> Self {
        Self { creative_id }
    }
}

impl From<&str> for CreativeRef {
    fn from(id: &str) -> Self {
        Self { creative_id: id.into() }
    }
}

request! {
    /// The body of [`CREATE`].
    CreateAd {
        /// The name.
        name: String,
        /// The ad set that it is in.
        adset_id: AdSetId,
        /// What it shows.
        creative: CreativeRef,
        ..
        /// `ACTIVE`, which is Meta's default, or `PAUSED`.
        status: Status,
        /// What is measured, such as the conversions of a pixel.
        tracking_specs: Vec<Map<String, Value>>,
        /// The domain on which conversions happen, without subdomain.
        conversion_domain: String,
        /// When it begins, within its ad set's time.
        ad_schedule_start_time: Timestamp,
        /// When it ends.
        ad_schedule_end_time: Timestamp,
        /// Labels; `create_once` adds its own.
        adlabels: Vec<AdLabelRef>,
        /// How the call is carried out; see [`AdsClient::validate`].
        execution_options: Vec<ExecutionOption>,
    }
}

request! {
    /// The body of [`UPDATE`]: what shall be different. Another creative sends the ad back to review.
    UpdateAd {
        ..
        /// The name.
        name: String,
        /// Whether it shall run.
        status: Status,
        /// What it shows.
        creative: CreativeRef,
        /// What is measured.
        tracking_specs: Vec<Map<String, Value>>,
        /// The domain on which conversions happen.
        conversion_domain: String,
        /// Labels, in the place of those it has.
        adlabels: Vec<AdLabelRef>,
    }
}

request! {
    /// The body of [`COPY`].
    CopyAd {
        ..
        /// The ad set that the copy is in; that of the original when left out.
        adset_id: AdSetId,
        /// The status of the copy; paused by default.
        status_option: StatusOption,
    }
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CopiedAd {
    /// The copy.
    pub copied_ad_id: AdId,
}

object! {
    /// An ad ([page](https://developers.facebook.com/docs/marketing-api/reference/adgroup), read 2026-11).
    Ad(AdId), AdFields {
        /// The ad account.
        account_id: AdAccountId,
        /// The campaign.
        campaign_id: CampaignId,
        /// The ad set.
        adset_id: AdSetId,
        /// The name.
        name: String,
        /// Whether it shall run.
        status: Status,
        /// Whether it shall run, as it was set.
        configured_status: Status,
        /// Whether it runs.
        effective_status: EffectiveStatus,
        /// What it shows.
        creative: Created<CreativeId>,
        /// What is measured.
        tracking_specs: Vec<Map<String, Value>>,
        /// The domain on which conversions happen.
        conversion_domain: String,
        /// Why it was disapproved, by where.
        ad_review_feedback: Map<String, Value>,
        /// What keeps it from running.
        issues_info: Vec<Issue>,
        /// A link under which others see it.
        preview_shareable_link: String,
        /// When it was created.
        created_time: Timestamp,
        /// When it last changed.
        updated_time: Timestamp,
    }
}

/// The query of [`LIST`].
pub type ListAds = List<AdFields>;

/// Ads.
#[derive(Clone, Copy, Debug)]
pub struct AdsClient<'c> {
    meta: &'c MetaClient,
}

node_calls!(AdsClient { LIST, GET, UPDATE, DELETE } Ad(AdId), AdFields, ListAds, UpdateAd);

impl<'c> AdsClient<'c> {
    /// Creates an ad. Not repeated when its outcome is unknown: [`create_once`](Self::create_once) settles that.
    pub fn create(&self, account: &AdAccountId, ad: &CreateAd) -> MetaCall<'c, Created<AdId>> {
        MetaCall::json(self.meta, &CREATE).account(account).body(ad)
    }

    /// Has Meta check an ad without creating it. Takes the place of a creation in the limits.
    pub fn validate(&self, account: &AdAccountId, ad: &CreateAd) -> MetaCall<'c, Done> {
        let execution_options = Some(vec![ExecutionOption::ValidateOnly]);
        MetaCall::json(self.meta, &CREATE).account(account).body(&CreateAd { execution_options, ..ad.clone() })
    }

    /// Copies an ad. Not repeated when its outcome is unknown: look for the copy in its ad set.
    pub fn copy(&self, id: &AdId, options: &CopyAd) -> MetaCall<'c, CopiedAd> {
        MetaCall::json(self.meta, &COPY).path("id", id).body(options)
    }
}

labelled!(AdsClient, CreateAd, AdId, create, ads);

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;
    use serde_json::json;

    use super::*;
    use crate::testing::{scripted, sent};

    #[test]
    fn an_ad_is_created_checked_changed_copied_and_deleted() {
        let done = || answer(200).body(r#"{"success":true}"#);
        let created = answer(200).body(r#"{"id":"4"}"#);
        let copied = answer(200).body(r#"{"copied_ad_id":"5"}"#);
        let (harness, meta) = scripted([created, done(), done(), copied, done()]);
        let (ads, account, id) = (meta.ads(), "17".into(), "4".into());
        let ad = CreateAd::new("One", "2", "3");
        harness.run(ads.create(&account, &ad).into_future()).unwrap();
        harness.run(ads.validate(&account, &ad).into_future()).unwrap();
        let change = UpdateAd { status: Some(Status::Active), ..UpdateAd::new() };
        assert!(harness.run(ads.update(&id, &change).into_future()).unwrap().success);
        let copy = harness.run(ads.copy(&id, &CopyAd::new()).into_future()).unwrap();
        assert_eq!(copy.copied_ad_id.as_str(), "5");
        harness.run(ads.delete(&id).into_future()).unwrap();
        let body = json!({ "name": "One", "adset_id": "2", "creative": { "creative_id": "3" } });
        let mut checked = body.clone();
        checked["execution_options"] = json!(["validate_only"]);
        let expected = [
            ("POST /v26.0/act_17/ads", body),
            ("POST /v26.0/act_17/ads", checked),
            ("POST /v26.0/4", json!({ "status": "ACTIVE" })),
            ("POST /v26.0/4/copies", json!({})),
            ("DELETE /v26.0/4", Value::Null),
        ];
        assert_eq!(sent(&harness), expected.map(|(line, body)| (line.to_owned(), body)));
    }
}
