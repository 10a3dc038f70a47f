//! What an ad would reach, and how it would look, before there is one.

use acd_core::Operation;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::ads::PromotedObject;
use crate::ads::ad_sets::OptimizationGoal;
use crate::ads::creatives::CreateCreative;
use crate::ads::targeting::Targeting;
use crate::limits::ads_read;
use crate::macros::open_enum;
use crate::{AdAccountId, AdId, AdSetId, CreativeId, MetaCall, MetaClient, Page};

/// `GET /act_{account}/delivery_estimate`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/delivery_estimate), read 2026-11)
pub const DELIVERY: Operation = ads_read("meta.estimates.delivery", "/{version}/{account}/delivery_estimate");
/// `GET /{ad set}/delivery_estimate`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-campaign/delivery_estimate), read 2026-11)
pub const DELIVERY_OF: Operation = ads_read("meta.estimates.delivery_of", "/{version}/{id}/delivery_estimate");
/// `GET /act_{account}/reachestimate`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/reachestimate), read 2026-11)
pub const REACH: Operation = ads_read("meta.estimates.reach", "/{version}/{account}/reachestimate");
/// `GET /act_{account}/generatepreviews`
/// ([page](https://developers.facebook.com/docs/marketing-api/generatepreview), read 2026-11)
pub const PREVIEW_NEW: Operation = ads_read("meta.previews.new", "/{version}/{account}/generatepreviews");
/// `GET /{ad or creative}/previews`
pub const PREVIEW: Operation = ads_read("meta.previews.get", "/{version}/{id}/previews");

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[DELIVERY, DELIVERY_OF, REACH, PREVIEW_NEW, PREVIEW];

/// How many people an ad set may reach in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DeliveryEstimate {
    /// At least so many.
    pub estimate_mau_lower_bound: i64,
    /// At most so many.
    pub estimate_mau_upper_bound: i64,
    /// Whether the numbers mean something yet.
    pub estimate_ready: bool,
}

/// How many people a targeting reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReachEstimate {
    /// At least so many.
    pub users_lower_bound: i64,
    /// At most so many.
    pub users_upper_bound: i64,
    /// Whether the numbers mean something yet.
    pub estimate_ready: bool,
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

open_enum! {
    /// Where an ad is looked at. Meta knows about seventy; these are the common ones.
    AdFormat {
        DesktopFeedStandard = "DESKTOP_FEED_STANDARD",
        MobileFeedStandard = "MOBILE_FEED_STANDARD",
        FacebookStoryMobile = "FACEBOOK_STORY_MOBILE",
        FacebookReelsMobile = "FACEBOOK_REELS_MOBILE",
        InstagramStandard = "INSTAGRAM_STANDARD",
        InstagramStory = "INSTAGRAM_STORY",
        InstagramReels = "INSTAGRAM_REELS",
        RightColumnStandard = "RIGHT_COLUMN_STANDARD",
        MarketplaceMobile = "MARKETPLACE_MOBILE",
        WhatsappStatusMedia = "WHATSAPP_STATUS_MEDIA",
    }
}

/// How an ad looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AdPreview {
    /// HTML of a frame that shows it for 24 hours. Meta's text: put it on a page of one's own with care.
    pub body: String,
}

/// Estimates and previews.
#[derive(Clone, Copy, Debug)]
pub struct EstimatesClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> EstimatesClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Estimates how many people an ad set with this goal and targeting may reach in a month. Safe to repeat.
    pub fn delivery(
        &self,
        account: &AdAccountId,
        goal: &OptimizationGoal,
        targeting: &Targeting,
        promoted: Option<&PromotedObject>,
    ) -> MetaCall<'c, Page<DeliveryEstimate>> {
        let query = json!({ "optimization_goal": goal, "targeting_spec": targeting, "promoted_object": promoted });
        MetaCall::json(self.meta, &DELIVERY).account(account).query(&query)
    }

    /// Estimates how many people an ad set may reach in a month with its own goal and targeting. Safe to repeat.
    pub fn delivery_of(&self, ad_set: &AdSetId) -> MetaCall<'c, Page<DeliveryEstimate>> {
        MetaCall::json(self.meta, &DELIVERY_OF).path("id", ad_set)
    }

    /// Estimates how many people a targeting reaches. Safe to repeat.
    pub fn reach(&self, account: &AdAccountId, targeting: &Targeting) -> MetaCall<'c, ReachEstimate> {
        let call = MetaCall::reading(self.meta, &REACH, |response| {
            Box::pin(async move { response.json::<Data<ReachEstimate>>().await.map(|answer| answer.data) })
        });
        call.account(account).query(&json!({ "targeting_spec": targeting }))
    }

    /// Shows how a creative would look that is not there yet. Safe to repeat.
    pub fn preview_new(
        &self,
        account: &AdAccountId,
        creative: &CreateCreative,
        format: &AdFormat,
    ) -> MetaCall<'c, Page<AdPreview>> {
        let query = json!({ "creative": creative, "ad_format": format });
        MetaCall::json(self.meta, &PREVIEW_NEW).account(account).query(&query)
    }

    /// Shows how an ad looks. Safe to repeat.
    pub fn preview_ad(&self, ad: &AdId, format: &AdFormat) -> MetaCall<'c, Page<AdPreview>> {
        MetaCall::json(self.meta, &PREVIEW).path("id", ad).param("ad_format", format)
    }

    /// Shows how a creative looks. Safe to repeat.
    pub fn preview_creative(&self, creative: &CreativeId, format: &AdFormat) -> MetaCall<'c, Page<AdPreview>> {
        MetaCall::json(self.meta, &PREVIEW).path("id", creative).param("ad_format", format)
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;

    use super::*;
    use crate::ads::targeting::GeoLocations;
    use crate::testing::{scripted, sent};

    #[test]
    fn estimates_and_previews_are_asked_for_as_metas_pages_have_it() {
        let (harness, meta) = scripted([
            answer(200).body(
                r#"{"data":[{"estimate_mau_lower_bound":1000,"estimate_mau_upper_bound":2000,"estimate_ready":true}]}"#,
            ),
            answer(200).body(r#"{"data":{"users_lower_bound":-1,"users_upper_bound":-1,"estimate_ready":false}}"#),
            answer(200).body(r#"{"data":[{"body":"<iframe></iframe>"}]}"#),
        ]);
        let (estimates, account) = (meta.estimates(), "17".into());
        let targeting = Targeting { geo_locations: GeoLocations::countries(["US"]), ..Targeting::default() };
        let call = estimates.delivery(&account, &OptimizationGoal::Reach, &targeting, None);
        assert_eq!(harness.run(call.into_future()).unwrap().data[0].estimate_mau_lower_bound, 1000);
        assert!(!harness.run(estimates.reach(&account, &targeting).into_future()).unwrap().estimate_ready);
        let creative = CreateCreative { object_story_id: Some("9_1".to_owned()), ..CreateCreative::new() };
        let call = estimates.preview_new(&account, &creative, &AdFormat::InstagramReels);
        assert!(harness.run(call.into_future()).unwrap().data[0].body.starts_with("<iframe"));
        let spec = "targeting_spec=%7B%22geo_locations%22%3A%7B%22countries%22%3A%5B%22US%22%5D%7D%7D";
        let lines: Vec<_> = sent(&harness).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines[0], format!("GET /v26.0/act_17/delivery_estimate?optimization_goal=REACH&{spec}"));
        assert_eq!(lines[1], format!("GET /v26.0/act_17/reachestimate?{spec}"));
        assert!(lines[2].contains("ad_format=INSTAGRAM_REELS&creative=%7B%22object_story_id"), "{}", lines[2]);
        crate::macros::check_enum::<AdFormat>();
    }
}
