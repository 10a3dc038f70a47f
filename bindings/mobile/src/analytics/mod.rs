//! Events that survive the process.

mod config;
mod event;
mod lane;
mod lifecycle;

use std::sync::Arc;

use acd_analytics::app::{AppClient, AppIds};
use acd_analytics::wire::MessageType;
use acd_analytics::{AnalyticsClient, DurableQueue, JsonEvent, Stats};

pub use config::{Advertising, AnalyticsConfig, AppInfo, DeviceInfo, Network, Platform, ScreenInfo};
pub use event::{ScreenView, TrackedEvent};
pub use lifecycle::{InstallAttribution, Opening, OpeningKind};

use crate::error::MobileError;
use crate::executor::{executor, run};
use lane::Lane;

/// Tells the platform what the person who uses the app does. Make one for the life of the process; it may be used from any
/// thread.
///
/// `track` and `screen` put an event into a queue and return within microseconds. A background task writes it to disk within
/// about a millisecond, sends it in batches, and repeats what failed for as long as it takes. Events that a killed process left
/// on disk are sent by the next one under the same ids, so the server stores each once.
///
/// Each event carries a random id of the installation and one of the visitor, and, from `identify` to `reset`, the user's.
/// They are remembered between processes, made when the person agrees to be tracked, and forgotten when they no longer do.
#[derive(Debug, uniffi::Object)]
pub struct Analytics {
    client: Arc<AppClient>,
    lane: Lane,
}

#[uniffi::export]
impl Analytics {
    /// Opens what is in `config.folder`, and starts to send what an earlier process left there.
    ///
    /// # Errors
    /// `Setting` for a value that cannot work, `Storage` when the folder cannot be used or another object has it open.
    #[uniffi::constructor]
    pub fn open(config: AnalyticsConfig) -> Result<Arc<Self>, MobileError> {
        // The background task is spawned on whatever runtime is entered.
        let _entered = executor()?.enter();
        let (context, device) = config::surroundings(config.app, config.device);
        let mut queue = DurableQueue::new("");
        if let Some(bytes) = config.max_disk_bytes {
            queue = queue.max_bytes(bytes);
        }
        let mut builder =
            AnalyticsClient::builder(config.write_key, config.server_url).consent(config.consent).context(context);
        if let Some(timeout) = config.shutdown_timeout {
            builder = builder.shutdown_timeout(timeout);
        }
        let advertising = config.advertising.map(Into::into);
        let client = Arc::new(AppClient::open_with(builder, queue, config.folder.into(), device, advertising)?);
        let lane = Lane::open(&client);
        Ok(Arc::new(Self { client, lane }))
    }

    /// Queues something the person did.
    ///
    /// # Errors
    /// `Event` when it cannot be stored as it is, `ConsentWithheld`, `QueueFull`, or `Closed`.
    pub fn track(&self, event: TrackedEvent) -> Result<(), MobileError> {
        let mut track = JsonEvent::new(MessageType::Track);
        track.event = Some(&event.event);
        track.facts = event.properties_json.as_deref();
        track.message_id = event.message_id.as_deref();
        self.client.enqueue_json(track)?;
        Ok(())
    }

    /// Queues a screen that was shown.
    ///
    /// # Errors
    /// As `track`.
    pub fn screen(&self, view: ScreenView) -> Result<(), MobileError> {
        let mut screen = JsonEvent::new(MessageType::Screen);
        screen.name = Some(&view.name);
        screen.category = view.category.as_deref();
        screen.facts = view.properties_json.as_deref();
        self.client.enqueue_json(screen)?;
        Ok(())
    }

    /// Queues who the user is by the product's id of them, with facts such as `email` as a JSON object, ties to them what this
    /// visitor did before, and remembers them for the events to come. Writes a small file.
    ///
    /// # Errors
    /// As `track`; `Storage` when the event was queued and the user could not be remembered.
    pub fn identify(&self, user_id: String, traits_json: Option<String>) -> Result<(), MobileError> {
        self.client.identify_json(&user_id, traits_json.as_deref())?;
        Ok(())
    }

    /// Forgets the user, and begins a new visitor. Call it when they sign out. Writes a small file.
    ///
    /// # Errors
    /// `Storage`: the user is still remembered then.
    pub fn reset(&self) -> Result<(), MobileError> {
        Ok(self.client.reset()?)
    }

    /// Whose events are sent at present.
    pub fn ids(&self) -> AnalyticsIds {
        let AppIds { device_id, anonymous_id, user_id, .. } = self.client.ids();
        AnalyticsIds { device_id, anonymous_id, user_id }
    }

    /// Says whether the person agrees to be tracked. While not, nothing is queued or sent; what is held when they no longer do
    /// is forgotten, on disk too, and so are the ids. Writes a small file.
    ///
    /// # Errors
    /// `Storage` when the file could not be written. A refusal holds all the same, an agreement does not.
    pub fn set_consent(&self, granted: bool) -> Result<(), MobileError> {
        Ok(self.client.set_consent(granted)?)
    }

    /// Says what the person decided about advertising, for the events to come; none while they were not asked.
    pub fn set_advertising(&self, advertising: Option<Advertising>) {
        self.client.set_advertising(advertising.map(Into::into));
    }

    /// Says how the device is connected, for the events to come.
    pub fn set_network(&self, network: Option<Network>) {
        self.client.set_network(network.map(Into::into));
    }

    /// Queues that the app came to the front: `Application Installed` the first time, `Application Updated` when version or
    /// build changed, `Application Opened` each time, `Deep Link Opened` with a link
    /// ([Segment's mobile specification](https://segment.com/docs/connections/spec/mobile/)). Says which it was. The first call of a
    /// release writes a small file.
    ///
    /// # Errors
    /// As `track`; `Storage` when the disk refuses. What was not queued is queued by the next call.
    pub async fn opened(&self, opening: Opening) -> Result<OpeningKind, MobileError> {
        let client = self.client.clone();
        run(async move { Ok(client.opened(&opening.into()).await?.into()) }).await
    }

    /// Queues that the app went to the background, and completes once everything queued is on disk: the system may end the
    /// process from then on.
    ///
    /// # Errors
    /// As `track`; `Storage` when the disk refuses.
    pub async fn backgrounded(&self) -> Result<(), MobileError> {
        let client = self.client.clone();
        run(async move { Ok(client.backgrounded().await?) }).await
    }

    /// Queues who brought the installation about, as a service of attribution tells it. Stored once an installation.
    ///
    /// # Errors
    /// As `track`.
    pub fn install_attributed(&self, attribution: InstallAttribution) -> Result<(), MobileError> {
        self.client.install_attributed(&attribution.into())?;
        Ok(())
    }

    /// The number by which the Kotlin of this package finds its short way for `track`. Of no use to an app.
    pub fn lane(&self) -> u64 {
        self.lane.number()
    }

    /// What happened so far.
    pub fn stats(&self) -> AnalyticsStats {
        self.client.client().stats().into()
    }

    /// Sends everything queued until now and completes once the server has it, or refused it for good.
    ///
    /// # Errors
    /// What the first attempt failed with, for example `Network`. The events stay queued and are tried again.
    pub async fn flush(&self) -> Result<(), MobileError> {
        let client = self.client.client().clone();
        run(async move { Ok(client.flush().await?) }).await
    }

    /// Completes once everything queued until now is on disk.
    ///
    /// # Errors
    /// `Storage` or `QueueFull`; the events stay in memory and the write is tried again.
    pub async fn persist(&self) -> Result<(), MobileError> {
        let client = self.client.client().clone();
        run(async move { Ok(client.persist().await?) }).await
    }

    /// Takes no more events, sends for as long as `config.shutdown_timeout` says, and gives how many are left on disk for the
    /// next process. The folder may be opened again afterwards.
    ///
    /// # Errors
    /// `Internal` when the process is at its end.
    pub async fn shutdown(&self) -> Result<u64, MobileError> {
        let client = self.client.client().clone();
        run(async move { Ok(client.shutdown().await.on_disk) }).await
    }
}

/// Whose events an [`Analytics`] sends.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AnalyticsIds {
    /// The random id of the installation; none before the person agrees to be tracked.
    pub device_id: Option<String>,
    /// The random id of the visitor; none before the person agrees to be tracked.
    pub anonymous_id: Option<String>,
    /// The product's id of the user who was identified last.
    pub user_id: Option<String>,
}

/// What an [`Analytics`] did since it was opened, in events.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AnalyticsStats {
    /// Taken by `track` and its like.
    pub tracked: u64,
    /// Stored by the server, now or before.
    pub delivered: u64,
    /// Of the delivered, those that the server had already.
    pub duplicates: u64,
    /// Refused by the server for good, one by one or with their request.
    pub refused: u64,
    /// Dropped or refused for want of room.
    pub overflowed: u64,
    /// Held at present, in memory and on disk.
    pub held: u64,
}

impl From<Stats> for AnalyticsStats {
    fn from(stats: Stats) -> Self {
        Self {
            tracked: stats.tracked,
            delivered: stats.delivered,
            duplicates: stats.duplicates,
            refused: stats.rejected + stats.failed,
            overflowed: stats.overflowed,
            held: stats.held,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn config(folder: &std::path::Path) -> AnalyticsConfig {
        AnalyticsConfig {
            write_key: "wk_test".to_owned(),
            // The discard port of this machine: nobody listens.
            server_url: "http://127.0.0.1:9".to_owned(),
            folder: folder.to_string_lossy().into_owned(),
            consent: true,
            app: AppInfo { name: "Shop".to_owned(), version: Some("1.0".to_owned()), ..AppInfo::default() },
            device: DeviceInfo {
                platform: Platform::Android,
                os_version: "16".to_owned(),
                manufacturer: None,
                model: None,
                locale: None,
                timezone: None,
                screen: None,
            },
            advertising: None,
            max_disk_bytes: None,
            shutdown_timeout: Some(Duration::ZERO),
        }
    }

    fn event(name: &str) -> TrackedEvent {
        TrackedEvent { event: name.to_owned(), properties_json: None, message_id: None }
    }

    #[test]
    fn what_one_object_left_on_disk_the_next_one_holds() {
        let folder = tempfile::tempdir().unwrap();
        let first = Analytics::open(config(folder.path())).unwrap();
        (0..3).for_each(|_| first.track(event("Opened")).unwrap());
        executor().unwrap().block_on(first.persist()).unwrap();
        let in_use = Analytics::open(config(folder.path())).unwrap_err();
        assert!(matches!(in_use, MobileError::Storage { .. }), "{in_use}");
        assert!(matches!(executor().unwrap().block_on(first.flush()), Err(MobileError::Network { .. })));
        let ids = first.ids();
        assert_eq!(executor().unwrap().block_on(first.shutdown()).unwrap(), 3);
        assert!(matches!(first.track(event("Late")), Err(MobileError::Closed)));
        let second = Analytics::open(config(folder.path())).unwrap();
        assert_eq!((second.stats().held, second.ids()), (3, ids));
        second.set_consent(false).unwrap();
        assert_eq!((second.stats().held, second.ids().device_id), (0, None));
        assert!(matches!(second.track(event("Opened")), Err(MobileError::ConsentWithheld)));
    }

    #[test]
    fn the_life_of_an_app_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let analytics = Analytics::open(config(folder.path())).unwrap();
        let opened = || executor().unwrap().block_on(analytics.opened(Opening::default())).unwrap();
        assert_eq!((opened(), opened()), (OpeningKind::First, OpeningKind::Again));
        analytics.install_attributed(InstallAttribution::default()).unwrap();
        executor().unwrap().block_on(analytics.backgrounded()).unwrap();
        assert_eq!(analytics.stats().tracked, 5);
    }

    #[test]
    fn facts_that_are_not_a_json_object_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let analytics = Analytics::open(config(folder.path())).unwrap();
        for bad in ["", "[1]", "{", "7", r#"{"a":"\u0000"}"#, "[".repeat(1 << 20).as_str()] {
            let refused = analytics.track(TrackedEvent { properties_json: Some(bad.to_owned()), ..event("E") });
            assert!(matches!(refused, Err(MobileError::Event { .. })), "{refused:?}");
        }
    }

    #[test]
    fn a_setting_that_cannot_work_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for broken in [
            AnalyticsConfig { server_url: "no url".to_owned(), ..config(folder.path()) },
            AnalyticsConfig { max_disk_bytes: Some(1), ..config(folder.path()) },
        ] {
            let error = Analytics::open(broken).unwrap_err();
            assert!(matches!(error, MobileError::Setting { .. }), "{error:?}");
        }
    }
}
