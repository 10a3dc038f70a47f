use acd_meta::ads::ad_sets::CreateAdSet;
use acd_meta::ads::ads::CreateAd;
use acd_meta::ads::campaigns::CreateCampaign;
use acd_meta::ads::creatives::CreateCreative;
use acd_meta::ads::url_tags::Utm;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that a publication makes, under a name of the plan's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Planned{T}")]
pub struct Planned<T> {
    /// What the plan and its outcome call it: a lower-case letter, then up to 99 of those, digits, `_` or `-`. Unique among the
    /// plan's things of this kind.
    #[schemars(regex(pattern = "^[a-z][a-z0-9_-]{0,99}$"))]
    pub key: String,
    /// What is made, as Meta takes it.
    pub object: T,
}

impl<T> Planned<T> {
    /// Something under this name.
    pub fn new(key: impl Into<String>, object: T) -> Self {
        Self { key: key.into(), object }
    }
}

/// What a publication makes.
///
/// Where Meta wants the id of something that is not there yet, the plan says its key instead: in `campaign_id` of an ad set
/// [`CAMPAIGN`](Self::CAMPAIGN), in `adset_id` of an ad the key of an ad set, in `creative.creative_id` that of a creative. Ids of
/// what the product has at Meta go as well. Where a creative wants Meta's `image_hash`, or the `hash` of an image in
/// `asset_feed_spec`, it may say the id of an image among the product's assets: that is uploaded to the ad account the first time it
/// is used there.
///
/// ```
/// use acd_meta::ads::ads::CreateAd;
/// use acd_meta::ads::creatives::CreateCreative;
/// use acd_platform::ads::publications::{Planned, PublicationPlan};
///
/// // One more ad with a creative of its own, in an ad set that is there.
/// let creative = CreateCreative { object_story_id: Some("4_17".into()), ..CreateCreative::new() };
/// let plan = PublicationPlan {
///     creatives: vec![Planned::new("post", creative)],
///     ads: vec![Planned::new("ad", CreateAd::new("Ad", "120200000000000002", "post"))],
///     ..PublicationPlan::default()
/// };
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicationPlan {
    /// The campaign, when there is to be a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CreateCampaign>,
    /// Ad sets, at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub ad_sets: Vec<Planned<CreateAdSet>>,
    /// Creatives, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub creatives: Vec<Planned<CreateCreative>>,
    /// Ads, 1 to 100.
    #[schemars(length(min = 1, max = 100))]
    pub ads: Vec<Planned<CreateAd>>,
    /// The UTM parameters that the links of the creatives get; Meta's ids of campaign, ad set and ad when left out. What a
    /// creative says in its own `url_tags` stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utm: Option<Utm>,
}

impl PublicationPlan {
    /// What stands for the plan's own campaign in `campaign_id` of an ad set.
    pub const CAMPAIGN: &'static str = "campaign";
}
