//! What an app says of the device it runs on, by the names of Segment's context.

use serde_json::{Map, Value};

/// The device ([`context.device`](https://segment.com/docs/connections/spec/common/#context), read 2026-11-23).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Device {
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its model, for example `Pixel 9` or `iPhone17,1`.
    pub model: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What it is: `android` or `ios`.
    pub kind: Option<String>,
}

/// Its connection (`context.network`). What is not known is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Network {
    /// Who carries it.
    pub carrier: Option<String>,
    /// Whether it goes over a mobile network.
    pub cellular: Option<bool>,
    /// Whether it goes over Wi-Fi.
    pub wifi: Option<bool>,
    /// Whether it goes over Bluetooth.
    pub bluetooth: Option<bool>,
}

impl Device {
    pub(super) fn fields(&self) -> Map<String, Value> {
        let texts =
            [("manufacturer", &self.manufacturer), ("model", &self.model), ("name", &self.name), ("type", &self.kind)];
        texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.as_deref()?.into()))).collect()
    }
}

impl Network {
    pub(super) fn fields(&self) -> Map<String, Value> {
        let over = [("cellular", self.cellular), ("wifi", self.wifi), ("bluetooth", self.bluetooth)];
        let over = over.into_iter().filter_map(|(name, is)| Some((name.to_owned(), is?.into())));
        let carrier = self.carrier.as_deref().map(|name| ("carrier".to_owned(), name.into()));
        over.chain(carrier).collect()
    }
}

/// What the person decided about advertising, which is asked apart from whether they may be tracked at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advertising {
    /// Whether they agreed in the app that what they do is passed on to advertisers. Sent as
    /// `context.consent.categoryPreferences.advertising`.
    pub consent: bool,
    /// Whether the system lets the app track them: App Tracking Transparency on iOS, "delete advertising ID" not chosen on
    /// Android. Sent as `context.device.adTrackingEnabled`.
    pub tracking_enabled: bool,
    /// The system's advertising id, IDFA or GAID. Sent as `context.device.advertisingId` where both of the above hold.
    pub id: Option<String>,
}

/// What iOS and Android give in the place of an id that the person refused.
const NO_ID: &str = "00000000-0000-0000-0000-000000000000";

impl Advertising {
    /// The id, where it may be sent.
    pub(super) fn sendable_id(&self) -> Option<&str> {
        self.id.as_deref().filter(|id| self.consent && self.tracking_enabled && !id.is_empty() && *id != NO_ID)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advertising_id_is_sent_where_person_and_system_allow_it() {
        let id = |consent, tracking_enabled, id: &str| {
            Advertising { consent, tracking_enabled, id: Some(id.to_owned()) }.sendable_id().map(str::to_owned)
        };
        assert_eq!(id(true, true, "7a3c").as_deref(), Some("7a3c"));
        for refused in [id(false, true, "7a3c"), id(true, false, "7a3c"), id(true, true, NO_ID), id(true, true, "")] {
            assert_eq!(refused, None);
        }
    }
}
