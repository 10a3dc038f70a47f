//! The life of an app, as [Segment's mobile specification](https://segment.com/docs/connections/spec/mobile/) (read
//! 2026-11-23) names its events.

use serde::Serialize;

use super::client::AppClient;
use super::error::AppError;
use super::memory::Release;
use crate::error::EnqueueError;
use crate::event::{MessageId, Track};

/// How an app came to the front.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opening {
    /// Whether it ran in the background before.
    pub from_background: bool,
    /// The link that opened it. The server reads the campaign from its parameters (`utm_…`, `fbclid`, `gclid`, `ttclid`).
    pub url: Option<String>,
    /// The app that opened it.
    pub referring_application: Option<String>,
    /// The text that Google Play's
    /// [Install Referrer](https://developer.android.com/google/play/installreferrer) gives, as it is. Sent with the first
    /// opening of the installation alone.
    pub install_referrer: Option<String>,
}

/// Which opening it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpeningKind {
    /// The first one of the installation.
    First,
    /// The first one of another release than before.
    Updated,
    /// Any other.
    Again,
}

/// Who brought an installation about, as a shop or a network of advertising tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InstallAttribution {
    /// Who says so, for example the name of an attribution service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The campaign.
    pub campaign: Campaign,
}

/// A campaign of [`InstallAttribution`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Campaign {
    /// The network, for example `facebook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The campaign's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which kind of link, for example `cpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    /// What it showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The ad's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad_creative: Option<String>,
    /// The name of the ad's group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad_group: Option<String>,
    /// The campaign's id at the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<String>,
    /// The ad set's id at the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adset_id: Option<String>,
    /// The ad's id at the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad_id: Option<String>,
}

#[derive(Serialize)]
struct Installed<'a> {
    #[serde(flatten)]
    release: &'a Release,
    #[serde(skip_serializing_if = "Option::is_none")]
    install_referrer: Option<&'a str>,
}

#[derive(Serialize)]
struct Opened<'a> {
    #[serde(flatten)]
    release: &'a Release,
    from_background: bool,
    #[serde(flatten)]
    link: &'a Link<'a>,
}

#[derive(Serialize)]
struct Updated<'a> {
    #[serde(flatten)]
    release: &'a Release,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_build: Option<&'a str>,
}

/// What opened the app.
#[derive(Serialize)]
struct Link<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referring_application: Option<&'a str>,
}

impl AppClient {
    /// Queues that the app came to the front: `Application Installed` the first time, `Application Updated` when the version or
    /// build in the context's `app` is another than last time, `Application Opened` each time, `Deep Link Opened` with a link.
    ///
    /// The first two are on disk when this completes, and counted once each: an installation that was queued twice, since the
    /// process was killed in between, has the same id both times.
    ///
    /// # Errors
    /// [`AppError`]. What was not queued counts as not having happened, so that the next call queues it.
    pub async fn opened(&self, opening: &Opening) -> Result<OpeningKind, AppError> {
        let kind = match self.previous_release() {
            None => {
                let id = self.ids().device_id.map(|device| format!("installed-{device}"));
                let properties =
                    Installed { release: &self.release, install_referrer: opening.install_referrer.as_deref() };
                let event = Track::new("Application Installed").properties(properties);
                self.track(id.iter().fold(event, |event, id| event.message_id(id)))?;
                OpeningKind::First
            }
            Some(previous) if previous != self.release => {
                let properties = Updated {
                    release: &self.release,
                    previous_version: previous.version.as_deref(),
                    previous_build: previous.build.as_deref(),
                };
                self.track(Track::new("Application Updated").properties(properties))?;
                OpeningKind::Updated
            }
            Some(_) => OpeningKind::Again,
        };
        if kind != OpeningKind::Again {
            self.client().persist().await?;
            self.remember_release()?;
        }
        let link =
            Link { url: opening.url.as_deref(), referring_application: opening.referring_application.as_deref() };
        let properties = Opened { release: &self.release, from_background: opening.from_background, link: &link };
        self.track(Track::new("Application Opened").properties(properties))?;
        if link.url.is_some() {
            self.track(Track::new("Deep Link Opened").properties(link))?;
        }
        Ok(kind)
    }

    /// Queues who brought the installation about, as `Install Attributed`. Stored once an installation, however often it is said.
    ///
    /// # Errors
    /// As [`AnalyticsClient::track`](crate::AnalyticsClient::track).
    pub fn install_attributed(&self, attribution: &InstallAttribution) -> Result<MessageId, EnqueueError> {
        let id = self.ids().device_id.map(|device| format!("attributed-{device}"));
        let event = Track::new("Install Attributed").properties(attribution);
        self.track(id.iter().fold(event, |event, id| event.message_id(id)))
    }

    /// Queues that the app went to the background, and completes once everything queued is on disk: the system may end the
    /// process from then on.
    ///
    /// # Errors
    /// [`AppError::Event`], or [`AppError::Queue`] when the disk refuses.
    pub async fn backgrounded(&self) -> Result<(), AppError> {
        self.track(Track::new("Application Backgrounded"))?;
        Ok(self.client().persist().await?)
    }
}
