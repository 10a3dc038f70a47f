//! Advertising on Meta through the hub: several products share ad accounts, and none of them notices a limit.
//!
//! What is sent and answered is Meta's own, as [`acd_meta`] declares it.

pub mod accounts;
pub mod ad_sets;
#[allow(clippy::module_inception, reason = "an ad is what Meta calls one object of its ads")]
pub mod ads;
pub mod asset_insights;
pub mod audiences;
pub mod campaigns;
pub mod changes;
pub mod creatives;
pub mod daily;
pub mod insights;
pub mod leads;
pub mod limits;
pub mod notifications;
pub mod publications;
pub mod sources;
pub mod templates;
pub mod winners;

mod object;

use acd_core::{Client, Operation};

pub use object::{ListObjects, NewObject};

/// All calls of this module.
pub fn operations() -> impl Iterator<Item = Operation> {
    let modules = [
        accounts::OPERATIONS,
        ad_sets::OPERATIONS,
        ads::OPERATIONS,
        asset_insights::OPERATIONS,
        audiences::OPERATIONS,
        campaigns::OPERATIONS,
        changes::OPERATIONS,
        notifications::OPERATIONS,
        creatives::OPERATIONS,
        daily::OPERATIONS,
        insights::OPERATIONS,
        leads::OPERATIONS,
        limits::OPERATIONS,
        publications::OPERATIONS,
        templates::OPERATIONS,
        winners::OPERATIONS,
        sources::OPERATIONS,
    ];
    modules.into_iter().flatten().copied()
}

/// Advertising through the hub.
#[derive(Clone, Copy, Debug)]
pub struct AdsHubClient<'c> {
    http: &'c Client,
}

impl<'c> AdsHubClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Which products may use which ad accounts.
    pub fn accounts(&self) -> accounts::AdAccountUsesClient<'c> {
        accounts::AdAccountUsesClient::new(self.http)
    }

    /// Campaigns.
    pub fn campaigns(&self) -> campaigns::HubCampaignsClient<'c> {
        campaigns::HubCampaignsClient::new(self.http)
    }

    /// Ad sets.
    pub fn ad_sets(&self) -> ad_sets::HubAdSetsClient<'c> {
        ad_sets::HubAdSetsClient::new(self.http)
    }

    /// Creatives.
    pub fn creatives(&self) -> creatives::HubCreativesClient<'c> {
        creatives::HubCreativesClient::new(self.http)
    }

    /// Ads.
    pub fn ads(&self) -> ads::HubAdsClient<'c> {
        ads::HubAdsClient::new(self.http)
    }

    /// Reports on what ads did.
    pub fn insights(&self) -> insights::HubInsightsClient<'c> {
        insights::HubInsightsClient::new(self.http)
    }

    /// What ads did, day by day.
    pub fn daily(&self) -> daily::DailyInsightsClient<'c> {
        daily::DailyInsightsClient::new(self.http)
    }

    /// What images and videos did in ads.
    pub fn asset_insights(&self) -> asset_insights::AssetInsightsClient<'c> {
        asset_insights::AssetInsightsClient::new(self.http)
    }

    /// Which ads do better than the others.
    pub fn winners(&self) -> winners::WinnersClient<'c> {
        winners::WinnersClient::new(self.http)
    }

    /// What was changed at Meta past the server.
    pub fn changes(&self) -> changes::AdChangesClient<'c> {
        changes::AdChangesClient::new(self.http)
    }

    /// How much of Meta's limits is used, and by whom.
    pub fn limits(&self) -> limits::AdsLimitsClient<'c> {
        limits::AdsLimitsClient::new(self.http)
    }

    /// Campaigns with all that is in them, made as one job.
    pub fn publications(&self) -> publications::PublicationsClient<'c> {
        publications::PublicationsClient::new(self.http)
    }

    /// Templates of publications.
    pub fn templates(&self) -> templates::AdTemplatesClient<'c> {
        templates::AdTemplatesClient::new(self.http)
    }

    /// People of a product as audiences.
    pub fn audiences(&self) -> audiences::HubAudiencesClient<'c> {
        audiences::HubAudiencesClient::new(self.http)
    }

    /// Leads.
    pub fn leads(&self) -> leads::HubLeadsClient<'c> {
        leads::HubLeadsClient::new(self.http)
    }

    /// Which pages, forms and Instagram accounts are a product's.
    pub fn sources(&self) -> sources::MetaSourcesClient<'c> {
        sources::MetaSourcesClient::new(self.http)
    }

    /// What Meta told of pages, Instagram accounts and ads.
    pub fn notifications(&self) -> notifications::MetaNotificationsClient<'c> {
        notifications::MetaNotificationsClient::new(self.http)
    }
}
