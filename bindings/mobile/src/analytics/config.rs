//! Settings of the events client, and what the app says of itself and its device.

use std::time::Duration;

use acd_analytics::app::{Advertising as AdvertisingChoice, Device, Network as NetworkState};
use acd_analytics::{App, Context, Named};
use serde_json::json;

/// Settings of an `Analytics`.
#[derive(Clone, uniffi::Record)]
pub struct AnalyticsConfig {
    /// The product's key with the scope `events:write` alone, which may be public.
    pub write_key: String,
    /// The server, for example `https://api.example.com`.
    pub server_url: String,
    /// A folder of the app's own for ids and queue; made where it is absent. One object at a time may have it open. Keep it
    /// out of backups: restored on another phone, it would make two phones one.
    pub folder: String,
    /// Whether the person has agreed to be tracked. `set_consent` changes it.
    pub consent: bool,
    /// The app.
    pub app: AppInfo,
    /// The device.
    pub device: DeviceInfo,
    /// What the person decided about advertising; none while they were not asked. `set_advertising` changes it.
    #[uniffi(default = None)]
    pub advertising: Option<Advertising>,
    /// How many bytes the queue may take on disk: 64 MiB when left out, at least 8 MiB.
    #[uniffi(default = None)]
    pub max_disk_bytes: Option<u64>,
    /// For how long `shutdown` sends what is queued: 10 s when left out. Systems give an app in the background a few seconds.
    #[uniffi(default = None)]
    pub shutdown_timeout: Option<Duration>,
}

/// The app and its release. A change of version or build is an update.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct AppInfo {
    /// Its name.
    pub name: String,
    /// Its package or bundle, for example `com.example.shop`.
    #[uniffi(default = None)]
    pub namespace: Option<String>,
    /// Its version as users see it.
    #[uniffi(default = None)]
    pub version: Option<String>,
    /// Its build number.
    #[uniffi(default = None)]
    pub build: Option<String>,
}

/// What the app runs on.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Platform {
    /// Android.
    Android,
    /// iOS or iPadOS.
    Ios,
    /// Anything else. Its events are not an app's to advertisers.
    Other {
        /// Its name.
        name: String,
    },
}

/// The device, sent once a batch as [Segment's context](https://segment.com/docs/connections/spec/common/#context).
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct DeviceInfo {
    /// Its operating system.
    pub platform: Platform,
    /// The operating system's version, for example `16` or `18.1`.
    pub os_version: String,
    /// Who made it.
    #[uniffi(default = None)]
    pub manufacturer: Option<String>,
    /// Its model, for example `Pixel 9`.
    #[uniffi(default = None)]
    pub model: Option<String>,
    /// Language and region, for example `de-DE`.
    #[uniffi(default = None)]
    pub locale: Option<String>,
    /// IANA time zone, for example `Europe/Berlin`.
    #[uniffi(default = None)]
    pub timezone: Option<String>,
    /// Its screen.
    #[uniffi(default = None)]
    pub screen: Option<ScreenInfo>,
}

/// A device's screen.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct ScreenInfo {
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Pixels for one density-independent point.
    pub density: f64,
}

/// What the person decided about advertising. Ask before, and say what they chose each time the app starts.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Advertising {
    /// Whether they agreed in the app that what they do is passed on to advertisers.
    pub consent: bool,
    /// Whether the system lets the app track them: App Tracking Transparency on iOS, the advertising id not deleted on
    /// Android.
    pub tracking_enabled: bool,
    /// The system's advertising id, IDFA or GAID. Sent only where both of the above hold.
    #[uniffi(default = None)]
    pub id: Option<String>,
}

/// How a device is connected. What is not known is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct Network {
    /// Who carries it.
    #[uniffi(default = None)]
    pub carrier: Option<String>,
    /// Whether it goes over a mobile network.
    #[uniffi(default = None)]
    pub cellular: Option<bool>,
    /// Whether it goes over Wi-Fi.
    #[uniffi(default = None)]
    pub wifi: Option<bool>,
}

impl From<Advertising> for AdvertisingChoice {
    fn from(from: Advertising) -> Self {
        let mut choice = Self::default();
        (choice.consent, choice.tracking_enabled, choice.id) = (from.consent, from.tracking_enabled, from.id);
        choice
    }
}

impl From<Network> for NetworkState {
    fn from(from: Network) -> Self {
        let mut state = Self::default();
        (state.carrier, state.cellular, state.wifi) = (from.carrier, from.cellular, from.wifi);
        state
    }
}

/// What of the two is the same for all events of the process, and the device itself.
pub(super) fn surroundings(app: AppInfo, device: DeviceInfo) -> (Context, Device) {
    let (os, kind) = match device.platform {
        Platform::Android => ("Android".to_owned(), Some("android")),
        Platform::Ios => ("iOS".to_owned(), Some("ios")),
        Platform::Other { name } => (name, None),
    };
    let mut context = Context::default();
    context.app = Some(App::default()).map(|mut to| {
        (to.name, to.namespace, to.version, to.build) = (app.name, app.namespace, app.version, app.build);
        to
    });
    context.os = Some(Named::default()).map(|mut to| {
        (to.name, to.version) = (os, Some(device.os_version));
        to
    });
    (context.locale, context.timezone) = (device.locale, device.timezone);
    if let Some(screen) = device.screen {
        let screen = json!({ "width": screen.width, "height": screen.height, "density": screen.density });
        context = context.with("screen", screen);
    }
    let mut hardware = Device::default();
    (hardware.manufacturer, hardware.model) = (device.manufacturer, device.model);
    hardware.kind = kind.map(str::to_owned);
    (context, hardware)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_and_device_are_written_with_the_names_of_segments_context() {
        let app = AppInfo { name: "Shop".to_owned(), build: Some("17".to_owned()), ..AppInfo::default() };
        let device = DeviceInfo {
            platform: Platform::Ios,
            os_version: "18.1".to_owned(),
            manufacturer: None,
            model: Some("iPhone17,1".to_owned()),
            locale: Some("de-DE".to_owned()),
            timezone: Some("Europe/Berlin".to_owned()),
            screen: Some(ScreenInfo { width: 1179, height: 2556, density: 3.0 }),
        };
        let (context, device) = surroundings(app, device);
        let expected = json!({
            "app": { "name": "Shop", "build": "17" },
            "os": { "name": "iOS", "version": "18.1" },
            "screen": { "width": 1179, "height": 2556, "density": 3.0 },
            "locale": "de-DE",
            "timezone": "Europe/Berlin",
        });
        assert_eq!(serde_json::to_value(context).unwrap(), expected);
        assert_eq!((device.model.as_deref(), device.kind.as_deref()), (Some("iPhone17,1"), Some("ios")));
    }
}
