//! Where the examples of Meta send their calls.

use std::error::Error as StdError;
use std::{env, fmt};

use acd_sdk::meta::ads::ad_sets::{BillingEvent, CreateAdSet, OptimizationGoal};
use acd_sdk::meta::ads::ads::CreateAd;
use acd_sdk::meta::ads::campaigns::{CreateCampaign, Objective};
use acd_sdk::meta::ads::creatives::{CreateCreative, LinkData, ObjectStorySpec, StoryContent};
use acd_sdk::meta::ads::targeting::{GeoLocations, Targeting};
use acd_sdk::meta::{AdAccountId, IgUserId, LeadFormId, MetaClient, MinorUnits, PageId, PixelId};
use acd_testing::MetaSimulator;

/// A client of Meta and the ids that the examples work on: Meta's own with `META_ACCESS_TOKEN`, else a simulator's that
/// ends with this.
pub struct Meta {
    /// The client.
    pub client: MetaClient,
    /// The ad account: `META_AD_ACCOUNT`.
    pub ad_account: AdAccountId,
    /// The page that ads and posts are made for: `META_PAGE`.
    pub page: PageId,
    /// The pixel or dataset: `META_PIXEL`.
    pub pixel: PixelId,
    /// The page's Instagram account: `META_INSTAGRAM_USER`.
    pub instagram_user: IgUserId,
    /// The page's lead form: `META_LEAD_FORM`.
    pub lead_form: LeadFormId,
    /// What stands for Meta when there is no token.
    pub simulator: Option<MetaSimulator>,
}

impl Meta {
    /// Reads the environment, or starts a simulator.
    ///
    /// # Errors
    /// When there is a token and one of the other variables is not set.
    pub async fn from_env() -> Result<Self, Box<dyn StdError>> {
        let Ok(token) = env::var("META_ACCESS_TOKEN") else { return Self::simulated().await };
        let needed = |name| env::var(name).map_err(|_| format!("set {name} too, or unset META_ACCESS_TOKEN"));
        let builder = MetaClient::builder(token);
        let builder = match env::var("META_APP_SECRET") {
            Ok(secret) => builder.app_secret(secret),
            Err(_) => builder,
        };
        Ok(Self {
            client: builder.build()?,
            ad_account: needed("META_AD_ACCOUNT")?.into(),
            page: needed("META_PAGE")?.into(),
            pixel: needed("META_PIXEL")?.into(),
            instagram_user: needed("META_INSTAGRAM_USER")?.into(),
            lead_form: needed("META_LEAD_FORM")?.into(),
            simulator: None,
        })
    }

    async fn simulated() -> Result<Self, Box<dyn StdError>> {
        let simulator = MetaSimulator::start().await?;
        let world = simulator.world().clone();
        println!("Without META_ACCESS_TOKEN this runs against a simulator, {}/__sim/", simulator.url());
        let client = MetaClient::builder(world.access_token).app_secret(world.app_secret).base_url(simulator.url());
        Ok(Self {
            client: client.build()?,
            ad_account: world.ad_account.into(),
            page: world.page.into(),
            pixel: world.pixel.into(),
            instagram_user: world.instagram_user.into(),
            lead_form: world.lead_form.into(),
            simulator: Some(simulator),
        })
    }

    /// Puts an ad into a simulated account, which begins empty; one of Meta's keeps what it has.
    ///
    /// # Errors
    /// Those of the calls.
    pub async fn with_an_ad(self) -> Result<Self, Box<dyn StdError>> {
        if self.simulator.is_none() {
            return Ok(self);
        }
        let (meta, account) = (&self.client, &self.ad_account);
        let campaign = CreateCampaign {
            is_adset_budget_sharing_enabled: Some(false),
            ..CreateCampaign::new("Spring", Objective::Traffic, [])
        };
        let campaign = meta.campaigns().create(account, &campaign).await?.id;
        let targeting = Targeting { geo_locations: GeoLocations::countries(["US"]), ..Targeting::default() };
        let (goal, billing) = (OptimizationGoal::LinkClicks, BillingEvent::Impressions);
        let ad_set = CreateAdSet {
            daily_budget: Some(MinorUnits(5000)),
            ..CreateAdSet::new("US", campaign, goal, billing, targeting)
        };
        let ad_set = meta.ad_sets().create(account, &ad_set).await?.id;
        let link = LinkData { link: "https://shop.example/spring".to_owned(), ..LinkData::default() };
        let (page_id, content) = (self.page.clone(), StoryContent::LinkData(link));
        let story = ObjectStorySpec { page_id, instagram_user_id: None, content };
        let creative = CreateCreative { object_story_spec: Some(story), ..CreateCreative::new() };
        let creative = meta.creatives().create(account, &creative).await?.id;
        meta.ads().create(account, &CreateAd::new("Tulips", ad_set, creative)).await?;
        Ok(self)
    }
}

impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta").field("ad_account", &self.ad_account).finish_non_exhaustive()
    }
}
