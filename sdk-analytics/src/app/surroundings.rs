//! The part of the context that an app learns or changes while it runs.

use serde_json::{Map, Value, json};

use super::device::{Advertising, Device, Network};
use crate::context::Context;

/// What is known at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    pub(super) device: Device,
    pub(super) network: Option<Network>,
    pub(super) advertising: Option<Advertising>,
}

impl Surroundings {
    /// The fields of the context, by name; what would be empty is left out.
    pub(super) fn fields(&self, device_id: Option<&str>) -> Map<String, Value> {
        let mut device = self.device.fields();
        if let Some(id) = device_id {
            device.insert("id".to_owned(), id.into());
        }
        let mut fields = Map::new();
        if let Some(advertising) = &self.advertising {
            device.insert("adTrackingEnabled".to_owned(), advertising.tracking_enabled.into());
            if let Some(id) = advertising.sendable_id() {
                device.insert("advertisingId".to_owned(), id.into());
            }
            let preferences = json!({ "categoryPreferences": { "advertising": advertising.consent } });
            fields.insert("consent".to_owned(), preferences);
        }
        let network = self.network.as_ref().map(Network::fields).unwrap_or_default();
        for (name, object) in [("device", device), ("network", network)] {
            if !object.is_empty() {
                fields.insert(name.to_owned(), object.into());
            }
        }
        fields
    }
}

/// What an event has to carry itself, since the batch's context says otherwise. None where it says all.
pub(super) fn beyond(batch: &Map<String, Value>, now: Map<String, Value>) -> Option<Context> {
    // A field that is gone is sent empty: left out, the batch's would show through.
    let gone = batch.keys().filter(|name| !now.contains_key(*name)).cloned();
    let gone: Vec<_> = gone.map(|name| (name, Value::Object(Map::new()))).collect();
    let other: Map<String, Value> =
        now.into_iter().filter(|(name, value)| batch.get(name) != Some(value)).chain(gone).collect();
    (!other.is_empty()).then(|| Context { other, ..Context::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings() -> Surroundings {
        Surroundings {
            device: Device { model: Some("Pixel 9".to_owned()), kind: Some("android".to_owned()), ..Device::default() },
            network: Some(Network { wifi: Some(true), carrier: Some("Tele".to_owned()), ..Network::default() }),
            advertising: Some(Advertising { consent: true, tracking_enabled: true, id: Some("7a3c".to_owned()) }),
        }
    }

    #[test]
    fn everything_has_the_names_of_segments_context() {
        let expected = json!({
            "device": { "id": "d", "model": "Pixel 9", "type": "android", "adTrackingEnabled": true,
                        "advertisingId": "7a3c" },
            "network": { "wifi": true, "carrier": "Tele" },
            "consent": { "categoryPreferences": { "advertising": true } },
        });
        assert_eq!(Value::Object(surroundings().fields(Some("d"))), expected);
        assert!(Surroundings::default().fields(None).is_empty());
    }

    #[test]
    fn an_event_carries_what_differs_from_its_batch() {
        let batch = surroundings().fields(Some("d"));
        assert_eq!(beyond(&batch, batch.clone()), None);
        let offline = Surroundings { network: None, ..surroundings() };
        let own = beyond(&batch, offline.fields(Some("d"))).unwrap();
        assert_eq!(serde_json::to_value(own).unwrap(), json!({ "network": {} }));
        let own = beyond(&Map::new(), offline.fields(None)).unwrap();
        assert_eq!(own.other.keys().collect::<Vec<_>>(), ["consent", "device"]);
    }
}
