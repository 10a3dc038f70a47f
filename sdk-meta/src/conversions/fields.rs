//! The lists of fields in the official specification, beside what an event with everything is written as.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use serde_json::Value;

use super::*;

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn everyone() -> UserData {
    let value = |key| match key {
        UserKey::Email => "mary@example.com",
        UserKey::Gender => "f",
        UserKey::DateOfBirth => "1990-12-31",
        UserKey::Country => "de",
        UserKey::BirthYear => "1990",
        UserKey::BirthDay | UserKey::BirthMonth | UserKey::Phone => "12",
        _ => "mary",
    };
    let user = UserKey::ALL.iter().fold(UserData::new(), |user, key| user.with(*key, value(*key)));
    let plain = |key| match key {
        PlainKey::ClientIpAddress => "198.51.100.7",
        PlainKey::ClickId | PlainKey::BrowserId => "fb.1.1554763741205.AbC",
        _ => "7",
    };
    PlainKey::ALL.iter().fold(user, |user, key| user.plain(*key, plain(*key)))
}

pub(super) fn everything() -> Event {
    let content = Content {
        id: some("sku"),
        quantity: Some(2),
        item_price: Some(4.5),
        title: some("Shirt"),
        description: some("Blue"),
        brand: some("Acme"),
        category: some("Shirts"),
        delivery_category: Some(DeliveryCategory::InStore),
    };
    let custom = CustomData {
        content_ids: vec!["sku".to_owned()],
        contents: vec![content],
        content_type: Some(ContentType::Product),
        content_name: some("Shirt"),
        content_category: some("Shirts"),
        num_items: Some(2),
        order_id: some("o1"),
        search_string: some("blue"),
        status: some("done"),
        predicted_ltv: Some(90.0),
        net_revenue: Some(3.0),
        delivery_category: Some(DeliveryCategory::HomeDelivery),
        item_number: some("1"),
        customer_segmentation: Some(CustomerSegmentation::NewToBusiness),
        ..CustomData::worth(9.0, "EUR")
    };
    let app = AppData {
        campaign_ids: some("1,2"),
        consider_views: Some(true),
        include_dwell_data: Some(true),
        include_video_data: Some(true),
        install_referrer: some("r"),
        installer_package: some("p"),
        receipt_data: some("d"),
        url_schemes: vec!["acme".to_owned()],
        windows_attribution_id: some("w"),
        ..AppData::new(DeviceInfo::ios("18.1"), true, true)
    };
    let time = DateTime::from_timestamp(1_767_225_600, 0);
    let attribution = AttributionData {
        scope: some("click"),
        visit_time: time,
        ad_id: some("1"),
        adset_id: some("2"),
        campaign_id: some("3"),
        attribution_share: Some(0.5),
        attribution_model: Some(AttributionModel::Linear),
        attr_window: Some(7),
        attribution_value: Some(4.5),
        attribution_source: some("s"),
        touchpoint_type: some("click"),
        touchpoint_ts: time,
        touchpoint_id: some("t"),
        attribution_method: Some(AttributionMethod::Srn),
        decline_reason: Some(DeclineReason::Duplicated),
        auditing_token: some("a"),
        linkage_key: some("l"),
        total_credit: Some(1.0),
        partner_client_id: some("p"),
        attribution_setting: Some(AttributionSetting {
            inactivity_window_hours: Some(24),
            reattribution_window_hours: Some(48),
        }),
    };
    let original = OriginalEvent {
        event_name: Some(EventName::Purchase),
        event_time: time,
        order_id: some("o1"),
        event_id: some("e0"),
    };
    let url = "https://shop.test/";
    Event {
        referrer_url: some(url),
        opt_out: Some(false),
        messaging_channel: Some(MessagingChannel::Whatsapp),
        original_event_data: Some(original),
        attribution_data: Some(attribution),
        advanced_measurement_table: some("t"),
        ..Event::website(EventName::Purchase, time.unwrap(), url, everyone())
    }
    .id("e1")
    .custom_data(custom)
    .app_data(app)
    .data_processing(DataProcessing::limited_in_california())
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn every_field_of_the_specification_is_written_and_no_other() {
    let lists: BTreeMap<String, BTreeSet<String>> =
        serde_json::from_str(include_str!("../../tests/vectors/capi_fields.json")).unwrap();
    let list = |name: &str| lists[name].iter().map(String::as_str).collect::<BTreeSet<_>>();
    let event = everything();
    assert_eq!(event.user_data.dropped(), []);
    let written = serde_json::to_value(&event).unwrap();
    assert_eq!(keys(&written), list("event"));
    for name in ["user_data", "custom_data", "app_data", "attribution_data", "original_event_data"] {
        assert_eq!(keys(&written[name]), list(name), "{name}");
    }
    assert_eq!(keys(&written["custom_data"]["contents"][0]), list("contents"));
    assert_eq!(keys(&written["attribution_data"]["attribution_setting"]), list("attribution_setting"));
    assert_eq!(CustomData::KEYS.iter().copied().collect::<BTreeSet<_>>(), list("custom_data"));
    assert_eq!(serde_json::from_value::<Event>(written).unwrap(), event);
}

#[test]
fn every_named_value_is_one_of_the_specifications() {
    let lists: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("../../tests/vectors/capi_fields.json")).unwrap();
    let check = |name: &str, values: BTreeSet<&str>| {
        let list: BTreeSet<&str> =
            lists[name].as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect();
        assert_eq!(values, list, "{name}");
    };
    check("event_name", EventName::ALL.iter().map(EventName::as_str).collect());
    check("action_source", ActionSource::ALL.iter().map(ActionSource::as_str).collect());
    check("delivery_category", DeliveryCategory::ALL.iter().map(DeliveryCategory::as_str).collect());
    check("attribution_model", AttributionModel::ALL.iter().map(AttributionModel::as_str).collect());
    check("attribution_method", AttributionMethod::ALL.iter().map(AttributionMethod::as_str).collect());
}
