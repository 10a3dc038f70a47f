//! The app and the device of an event.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The app that an event happened in
/// ([app data](https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/app-data)). `Debug` shows what was
/// allowed and nothing of the device.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct AppData {
    /// Whether the person allowed tracking on the device.
    #[serde(serialize_with = "as_number", deserialize_with = "from_number")]
    #[cfg_attr(feature = "schemars", schemars(with = "u8", range(max = 1)))]
    pub advertiser_tracking_enabled: bool,
    /// Whether the person allowed tracking in the app.
    #[serde(serialize_with = "as_number", deserialize_with = "from_number")]
    #[cfg_attr(feature = "schemars", schemars(with = "u8", range(max = 1)))]
    pub application_tracking_enabled: bool,
    /// The device.
    pub extinfo: DeviceInfo,
    /// Campaigns that led to an installation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign_ids: Option<String>,
    /// Whether views count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consider_views: Option<bool>,
    /// Whether the time spent counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_dwell_data: Option<bool>,
    /// Whether videos count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_video_data: Option<bool>,
    /// The referrer that Android's shop gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_referrer: Option<String>,
    /// The package that installed the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installer_package: Option<String>,
    /// The receipt of a purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_data: Option<String>,
    /// The schemes that open the app.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub url_schemes: Vec<String>,
    /// The id of an attribution on Windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows_attribution_id: Option<String>,
}

impl AppData {
    /// An app on a device whose owner did or did not allow tracking, on the device and in the app.
    pub fn new(extinfo: DeviceInfo, device_tracking: bool, app_tracking: bool) -> Self {
        Self {
            advertiser_tracking_enabled: device_tracking,
            application_tracking_enabled: app_tracking,
            extinfo,
            campaign_ids: None,
            consider_views: None,
            include_dwell_data: None,
            include_video_data: None,
            install_referrer: None,
            installer_package: None,
            receipt_data: None,
            url_schemes: Vec::new(),
            windows_attribution_id: None,
        }
    }
}

impl fmt::Debug for AppData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppData")
            .field("advertiser_tracking_enabled", &self.advertiser_tracking_enabled)
            .field("application_tracking_enabled", &self.application_tracking_enabled)
            .finish_non_exhaustive()
    }
}

/// Meta takes and gives 0 and 1.
fn as_number<S: Serializer>(value: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(u8::from(*value))
}

fn from_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected 0, 1, false or true")]
    enum Flag {
        Number(u8),
        Bool(bool),
    }
    match Flag::deserialize(deserializer)? {
        Flag::Number(0) | Flag::Bool(false) => Ok(false),
        Flag::Number(1) | Flag::Bool(true) => Ok(true),
        Flag::Number(_) => Err(D::Error::custom("expected 0 or 1")),
    }
}

/// A device, on the wire sixteen texts in this order. What is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceInfo {
    /// `i2` for iOS, `a2` for Android. Required.
    pub version: String,
    /// The app's package or bundle.
    pub package: String,
    /// The app's version, short.
    pub short_version: String,
    /// The app's version, long.
    pub long_version: String,
    /// The operating system's version. Required.
    pub os_version: String,
    /// The device's model.
    pub model: String,
    /// The locale, such as `en_US`.
    pub locale: String,
    /// The time zone's abbreviation, such as `PST`.
    pub time_zone_abbreviation: String,
    /// The carrier.
    pub carrier: String,
    /// The screen's width.
    pub screen_width: String,
    /// The screen's height.
    pub screen_height: String,
    /// The screen's density.
    pub screen_density: String,
    /// The processor's cores.
    pub cpu_cores: String,
    /// The storage in GB.
    pub storage_gb: String,
    /// The free storage in GB.
    pub free_gb: String,
    /// The time zone, such as `America/Los_Angeles`.
    pub time_zone: String,
}

impl DeviceInfo {
    /// A device with iOS of this version.
    pub fn ios(os_version: impl Into<String>) -> Self {
        Self { version: "i2".to_owned(), os_version: os_version.into(), ..Self::default() }
    }

    /// A device with Android of this version.
    pub fn android(os_version: impl Into<String>) -> Self {
        Self { version: "a2".to_owned(), os_version: os_version.into(), ..Self::default() }
    }

    fn texts(&self) -> [&str; 16] {
        [
            &self.version,
            &self.package,
            &self.short_version,
            &self.long_version,
            &self.os_version,
            &self.model,
            &self.locale,
            &self.time_zone_abbreviation,
            &self.carrier,
            &self.screen_width,
            &self.screen_height,
            &self.screen_density,
            &self.cpu_cores,
            &self.storage_gb,
            &self.free_gb,
            &self.time_zone,
        ]
    }
}

impl Serialize for DeviceInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.texts().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DeviceInfo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let [
            version,
            package,
            short_version,
            long_version,
            os_version,
            model,
            locale,
            time_zone_abbreviation,
            carrier,
            screen_width,
            screen_height,
            screen_density,
            cpu_cores,
            storage_gb,
            free_gb,
            time_zone,
        ] = <[String; 16]>::deserialize(deserializer)?;
        Ok(Self {
            version,
            package,
            short_version,
            long_version,
            os_version,
            model,
            locale,
            time_zone_abbreviation,
            carrier,
            screen_width,
            screen_height,
            screen_density,
            cpu_cores,
            storage_gb,
            free_gb,
            time_zone,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_device_is_sixteen_texts() {
        let device = DeviceInfo { time_zone: "Europe/Berlin".to_owned(), ..DeviceInfo::android("16") };
        let written = serde_json::to_value(&device).unwrap();
        let expected = json!(["a2", "", "", "", "16", "", "", "", "", "", "", "", "", "", "", "Europe/Berlin"]);
        assert_eq!(written, expected);
        assert_eq!(serde_json::from_value::<DeviceInfo>(written).unwrap(), device);
        assert!(serde_json::from_value::<DeviceInfo>(json!(["a2"])).is_err());
    }

    #[test]
    fn consent_is_written_as_a_number() {
        let app = AppData::new(DeviceInfo::ios("18.1"), true, false);
        let written = serde_json::to_value(&app).unwrap();
        assert_eq!(written["advertiser_tracking_enabled"], 1);
        assert_eq!(written["application_tracking_enabled"], 0);
        assert_eq!(serde_json::from_value::<AppData>(written).unwrap(), app);
        assert!(!format!("{app:?}").contains("18.1"));
    }
}
