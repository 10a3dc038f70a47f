//! The life of an app, as a phone tells it.

use acd_analytics::app as wire;

/// How an app came to the front.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct Opening {
    /// Whether it ran in the background before.
    #[uniffi(default = false)]
    pub from_background: bool,
    /// The link that opened it, with all its parameters: the server reads the campaign from them.
    #[uniffi(default = None)]
    pub url: Option<String>,
    /// The app that opened it.
    #[uniffi(default = None)]
    pub referring_application: Option<String>,
    /// What Google Play's [Install Referrer](https://developer.android.com/google/play/installreferrer) gave, as it is. Sent
    /// with the first opening of the installation alone.
    #[uniffi(default = None)]
    pub install_referrer: Option<String>,
}

/// Which opening it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum OpeningKind {
    /// The first one of the installation.
    First,
    /// The first one of another release than before.
    Updated,
    /// Any other.
    Again,
}

/// Who brought an installation about, as a service of attribution tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct InstallAttribution {
    /// Who says so.
    #[uniffi(default = None)]
    pub provider: Option<String>,
    /// The network, for example `facebook`.
    #[uniffi(default = None)]
    pub source: Option<String>,
    /// Which kind of link, for example `cpc`.
    #[uniffi(default = None)]
    pub medium: Option<String>,
    /// The campaign's name.
    #[uniffi(default = None)]
    pub campaign: Option<String>,
    /// What it showed.
    #[uniffi(default = None)]
    pub content: Option<String>,
    /// The name of the ad's group.
    #[uniffi(default = None)]
    pub ad_group: Option<String>,
    /// The ad's name.
    #[uniffi(default = None)]
    pub ad_creative: Option<String>,
    /// The campaign's id at the network.
    #[uniffi(default = None)]
    pub campaign_id: Option<String>,
    /// The ad set's id at the network.
    #[uniffi(default = None)]
    pub adset_id: Option<String>,
    /// The ad's id at the network.
    #[uniffi(default = None)]
    pub ad_id: Option<String>,
}

impl From<Opening> for wire::Opening {
    fn from(from: Opening) -> Self {
        let mut to = Self::default();
        (to.from_background, to.url) = (from.from_background, from.url);
        (to.referring_application, to.install_referrer) = (from.referring_application, from.install_referrer);
        to
    }
}

impl From<wire::OpeningKind> for OpeningKind {
    fn from(kind: wire::OpeningKind) -> Self {
        match kind {
            wire::OpeningKind::First => Self::First,
            wire::OpeningKind::Updated => Self::Updated,
            _ => Self::Again,
        }
    }
}

impl From<InstallAttribution> for wire::InstallAttribution {
    fn from(from: InstallAttribution) -> Self {
        let mut to = Self::default();
        to.provider = from.provider;
        let campaign = &mut to.campaign;
        (campaign.source, campaign.medium, campaign.name) = (from.source, from.medium, from.campaign);
        (campaign.content, campaign.ad_group, campaign.ad_creative) = (from.content, from.ad_group, from.ad_creative);
        (campaign.campaign_id, campaign.adset_id, campaign.ad_id) = (from.campaign_id, from.adset_id, from.ad_id);
        to
    }
}
