//! The app and the device of an event that happened on a phone.

use acd_meta::conversions::{AppData, DeviceInfo, PlainKey, UserData};
use acd_platform::events::Event as SharedEvent;

use super::mapping::{agreed, plain};
use crate::ads::conditions::Facts;

/// What Meta asks of events of an app; none for an event of anything but a phone. Segment's libraries for phones say in
/// `context.device.type` what they run on.
pub(super) fn data(shared: &SharedEvent) -> Option<AppData> {
    let facts = Facts::of(shared);
    let text = |path: &str| facts.at(path).and_then(plain).unwrap_or_default();
    let (version, build) = (text("context.app.version"), text("context.app.build"));
    let kind = facts.text("context.device.type")?.to_ascii_lowercase();
    // Meta's own libraries give the build number as the short version on Android, and as the long one on iOS.
    let (extinfo_version, short_version, long_version) = match kind.as_str() {
        "android" => ("a2", build, version),
        "ios" => ("i2", version, build),
        _ => return None,
    };
    let extinfo = DeviceInfo {
        version: extinfo_version.to_owned(),
        package: text("context.app.namespace"),
        short_version,
        long_version,
        os_version: text("context.os.version"),
        model: text("context.device.model"),
        locale: text("context.locale").replace('-', "_"),
        carrier: text("context.network.carrier"),
        screen_width: text("context.screen.width"),
        screen_height: text("context.screen.height"),
        screen_density: text("context.screen.density"),
        time_zone: text("context.timezone"),
        ..DeviceInfo::default()
    };
    // Without the person's consent nothing is sent: what goes out was allowed in the app.
    let mut app = AppData::new(extinfo, tracks(facts), agreed(shared) != Some(false));
    app.install_referrer = facts.text("properties.install_referrer").map(str::to_owned);
    Some(app)
}

/// The same person with the ids of the device: its advertising id where it lets apps use it, and that of the installation.
pub(super) fn device(user: UserData, facts: Facts<'_>) -> UserData {
    let advertising = facts.text("context.device.advertisingId").filter(|_| tracks(facts));
    let ids = [(PlainKey::MobileAdvertiserId, advertising), (PlainKey::AnonymousId, facts.text("context.device.id"))];
    let known = ids.into_iter().filter_map(|(key, id)| Some((key, id?)));
    known.fold(user, |user, (key, id)| user.plain(key, id))
}

fn tracks(facts: Facts<'_>) -> bool {
    facts.at("context.device.adTrackingEnabled").and_then(serde_json::Value::as_bool).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shared(context: Value) -> SharedEvent {
        let event = json!({
            "id": "evt_00000000000000000000000000000001", "product": "pct", "type": "track", "event": "Application Opened",
            "message_id": "m", "user_id": "ann", "timestamp": "2031-05-19T00:00:00Z", "received_at": "2031-05-19T00:00:00Z",
            "properties": { "install_referrer": "utm_source=a" }, "context": context,
        });
        serde_json::from_value(event).unwrap()
    }

    fn phone(kind: &str) -> Value {
        json!({
            "device": { "type": kind, "id": "install-1", "advertisingId": "7A3CBEA0-BDF5-11E4-8DFC-AA07A5B093DB",
                "adTrackingEnabled": true, "manufacturer": "Acme", "model": "Phone 7" },
            "os": { "name": "OS", "version": "18.1" },
            "app": { "name": "Shop", "version": "1.2.3", "build": "456", "namespace": "com.example.shop" },
            "network": { "carrier": "Carrier" }, "locale": "en-US", "timezone": "Europe/Berlin",
            "screen": { "width": 1080, "height": 2400, "density": 2.625 },
        })
    }

    #[test]
    fn a_phone_is_sixteen_texts_in_metas_order() {
        let texts = |kind: &str| serde_json::to_value(data(&shared(phone(kind))).unwrap().extinfo).unwrap();
        let rest = ["18.1", "Phone 7", "en_US", "", "Carrier", "1080", "2400", "2.625", "", "", "", "Europe/Berlin"];
        let expected = |first: [&str; 4]| json!([&first[..], &rest[..]].concat());
        assert_eq!(texts("ios"), expected(["i2", "com.example.shop", "1.2.3", "456"]));
        assert_eq!(texts("Android"), expected(["a2", "com.example.shop", "456", "1.2.3"]));
        let bare = data(&shared(json!({ "device": { "type": "ios" } }))).unwrap();
        assert_eq!(bare.extinfo, DeviceInfo::ios(""));
        for other in [json!({}), phone("tv"), json!({ "device": { "type": 7 } }), json!({ "device": "ios" })] {
            assert!(data(&shared(other)).is_none());
        }
    }

    #[test]
    fn what_the_device_and_the_person_allowed_is_told() {
        let allowed = |change: fn(&mut Value)| {
            let mut context = phone("ios");
            change(&mut context);
            let shared = shared(context);
            let app = data(&shared).unwrap();
            let user = device(UserData::new(), Facts::of(&shared));
            let keys: Vec<_> = user.keys().collect();
            ((app.advertiser_tracking_enabled, app.application_tracking_enabled), keys.join(" "))
        };
        assert_eq!(allowed(|_| {}), ((true, true), "madid anon_id".to_owned()));
        assert_eq!(allowed(|context| context["device"]["adTrackingEnabled"] = json!(false)).0, (false, true));
        assert_eq!(allowed(|context| context["device"]["adTrackingEnabled"] = json!("yes")).1, "anon_id");
        let refused =
            |context: &mut Value| context["consent"] = json!({ "categoryPreferences": { "advertising": false } });
        assert_eq!(allowed(refused).0, (true, false));
        let nobody = |context: &mut Value| {
            context["device"]["advertisingId"] = json!("00000000-0000-0000-0000-000000000000");
        };
        assert_eq!(allowed(nobody).1, "anon_id");
    }
}
