//! From a shared event and its person to Meta's event.

use acd_meta::conversions::{
    ActionSource, Content, ContentType, CustomData, Event, EventName, PlainKey, UserData, UserKey, click_id,
};
use acd_platform::events::Event as SharedEvent;
use acd_platform::meta_events::{MetaEventRule, RuleMapping};
use serde_json::{Map, Value};
use url::Url;

use super::app;
use crate::ads::conditions::{Facts, find, number};

/// Meta's event of a shared one. Its id is the browser's where the event has one, else the shared event's own, so that it is
/// the same however often it is made.
pub(super) fn event(rule: &MetaEventRule, shared: &SharedEvent, traits: Option<&Map<String, Value>>) -> Event {
    let facts = Facts::of(shared);
    let text = |path: &str| facts.text(path);
    let app = app::data(shared);
    let url = text("context.page.url").or_else(|| text("properties.url"));
    let agent = text("context.userAgent");
    let mut user = user_data(shared, traits);
    // Meta asks for the browser of what happened on a website; what comes from elsewhere says so.
    let source = match &app {
        Some(_) => ActionSource::App,
        None if url.is_some() && agent.is_some() => ActionSource::Website,
        None => ActionSource::SystemGenerated,
    };
    // Of an app, the referrer is the link that led into it; of a page, the page before.
    let mut links = vec![url];
    if app.is_some() {
        user = app::device(user, facts);
        links.push(text("context.referrer.url"));
    }
    if user.plain_value(PlainKey::ClickId).is_none()
        && let Some(click) = links.into_iter().flatten().find_map(fbclid)
    {
        user = user.click_id(click_id(&click, shared.timestamp));
    }
    let id = text(rule.mapping.event_id.as_deref().unwrap_or("properties.event_id"));
    let mut event = Event::new(EventName::from(rule.meta_event.as_str()), shared.timestamp, source, user);
    event.event_id = Some(id.map_or_else(|| shared.id.to_string(), str::to_owned));
    let of_website = |url: Option<&str>| url.filter(|_| app.is_none()).map(str::to_owned);
    event.event_source_url = of_website(url);
    event.referrer_url = of_website(text("context.page.referrer"));
    event.app_data = app;
    event.custom_data = custom_data(&rule.mapping, facts);
    event
}

/// What the person agreed to when it happened, in Segment's convention.
pub(super) fn agreed(shared: &SharedEvent) -> Option<bool> {
    Facts::of(shared).at("context.consent.categoryPreferences.advertising").and_then(Value::as_bool)
}

fn user_data(shared: &SharedEvent, traits: Option<&Map<String, Value>>) -> UserData {
    let (facts, mut user) = (Facts::of(shared), UserData::new());
    let trait_at = |path: &str| find(traits?, path)?.as_str();
    for (key, paths) in [
        (UserKey::Email, ["email", "email_address"]),
        (UserKey::Phone, ["phone", "phone_number"]),
        (UserKey::FirstName, ["firstName", "first_name"]),
        (UserKey::LastName, ["lastName", "last_name"]),
        (UserKey::Gender, ["gender", "sex"]),
        (UserKey::DateOfBirth, ["birthday", "date_of_birth"]),
        (UserKey::City, ["address.city", "city"]),
        (UserKey::State, ["address.state", "state"]),
        (UserKey::Zip, ["address.postalCode", "postal_code"]),
        (UserKey::Country, ["address.country", "country"]),
    ] {
        if let Some(value) = paths.into_iter().find_map(trait_at) {
            user = user.with(key, value);
        }
    }
    // The same form on every channel: the product's own id, or the visitor's.
    if let Some(id) = shared.user_id.as_deref().or(shared.anonymous_id.as_deref()) {
        user = user.external_id(id);
    }
    let first = |paths: [&str; 2]| paths.into_iter().find_map(|path| facts.at(path).and_then(Value::as_str));
    if let Some(address) = first(["context.ip", "properties.ip"]) {
        user = user.client_ip_address(address);
    }
    if let Some(agent) = first(["context.userAgent", "properties.user_agent"]) {
        user = user.client_user_agent(agent);
    }
    if let Some(browser) = first(["context.fbp", "properties.fbp"]) {
        user = user.browser_id(browser);
    }
    match first(["context.fbc", "properties.fbc"]) {
        Some(click) => user.click_id(click),
        None => user,
    }
}

/// The click id that a landing page's URL carries.
fn fbclid(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    url.query_pairs().find(|(name, value)| name == "fbclid" && !value.is_empty()).map(|(_, value)| value.into_owned())
}

fn custom_data(mapping: &RuleMapping, facts: Facts<'_>) -> Option<CustomData> {
    let value = match mapping.value.as_deref() {
        Some(path) => facts.at(path),
        None => facts.at("properties.revenue").or_else(|| facts.at("properties.value")),
    };
    let value = value.and_then(number);
    let currency = facts
        .text(mapping.currency.as_deref().unwrap_or("properties.currency"))
        .or(mapping.default_currency.as_deref());
    let mut data = match (value, currency) {
        (Some(value), Some(currency)) => CustomData::worth(value, currency),
        (value, _) => CustomData { value, ..CustomData::new() },
    };
    data.order_id = facts.at(mapping.order_id.as_deref().unwrap_or("properties.order_id")).and_then(plain);
    let products = facts.at(mapping.contents.as_deref().unwrap_or("properties.products")).and_then(Value::as_array);
    data.contents = products.into_iter().flatten().filter_map(content).collect();
    data.content_ids = data.contents.iter().filter_map(|content| content.id.clone()).collect();
    if !data.contents.is_empty() {
        data.content_type = Some(ContentType::Product);
        data.num_items =
            Some(data.contents.iter().map(|content| content.quantity.unwrap_or(1)).fold(0, u64::saturating_add));
    }
    (data != CustomData::new()).then_some(data)
}

/// A product as Segment's specification has it, or its id alone.
fn content(product: &Value) -> Option<Content> {
    let text = |name: &str| product.get(name).and_then(plain);
    let id = ["product_id", "id", "sku"].into_iter().find_map(text).or_else(|| plain(product));
    let quantity = product.get("quantity").and_then(number).filter(|number| (1.0..1e9).contains(number));
    let price = product.get("price").and_then(number).filter(|price| *price >= 0.0);
    Some(Content {
        id: Some(id?),
        quantity: quantity.map(|number| number as u64),
        item_price: price,
        title: text("name"),
        brand: text("brand"),
        category: text("category"),
        ..Content::default()
    })
}

/// A text, or a number as one.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
