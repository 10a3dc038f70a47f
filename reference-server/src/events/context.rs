//! What an event says of where it came from, and from which address.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::row::Attribution;
use crate::ads::attribution::{Hints, Signal};

/// The context with the address of the browser or phone that sent the event, where it says none itself.
///
/// Browsers and phones say what they are, in `userAgent` or `device`; a server that uses such a key does not, and its own address
/// is nobody's. What the address is used for is finding the person at Meta, so it is not kept of who refused that.
pub(super) fn with_address<'a>(
    context: Option<Cow<'a, RawValue>>,
    caller: Option<IpAddr>,
) -> Option<Cow<'a, RawValue>> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Told {
        #[serde(deserialize_with = "is_there")]
        ip: bool,
        #[serde(rename = "userAgent", deserialize_with = "is_there")]
        user_agent: bool,
        #[serde(deserialize_with = "is_there")]
        device: bool,
        consent: Value,
    }
    let (context, caller) = match (context, caller) {
        (Some(context), Some(caller)) => (context, caller),
        (context, _) => return context,
    };
    let told: Told = serde_json::from_str(context.get()).unwrap_or_default();
    let has_refused = told.consent.pointer("/categoryPreferences/advertising") == Some(&Value::Bool(false));
    let fields =
        context.get().strip_prefix('{').filter(|_| !told.ip && (told.user_agent || told.device) && !has_refused);
    // There is another field already, and so a comma fits.
    let filled = fields.and_then(|fields| RawValue::from_string(format!("{{\"ip\":\"{caller}\",{fields}")).ok());
    Some(filled.map_or(context, Cow::Owned))
}

/// What an event says of where the visitor came from, and whether that was just now. `track` is the name of a `track` call. A field
/// of another type than Segment's counts as absent.
pub(super) fn attribution(
    track: Option<&str>,
    context: Option<&RawValue>,
    properties: Option<&RawValue>,
) -> (Attribution, Option<Box<Signal>>) {
    let context: Context<'_> = read(context);
    let campaign: Campaign = read(context.campaign);
    let page: Page = read(context.page);
    let attribution = Attribution {
        source: campaign.source.0,
        medium: campaign.medium.0,
        campaign: campaign.name.0,
        term: campaign.term.0,
        content: campaign.content.0,
        referrer: page.referrer.0,
        url: page.url.0,
    };
    // Segment's page calls and deep links have the address in their properties.
    let own = match (&attribution.url, properties) {
        (None, Some(raw)) if raw.get().contains("\"url\"") => read::<Page>(Some(raw)).url.0,
        _ => None,
    };
    let hints = Hints {
        source: attribution.source.as_deref(),
        medium: attribution.medium.as_deref(),
        campaign: attribution.campaign.as_deref(),
        term: attribution.term.as_deref(),
        content: attribution.content.as_deref(),
        campaign_id: campaign.campaign_id.0.as_deref(),
        adset_id: campaign.adset_id.0.as_deref(),
        ad_id: campaign.ad_id.0.as_deref(),
        url: attribution.url.as_deref().or(own.as_deref()),
        fbc: context.fbc.0.as_deref(),
        fbp: context.fbp.0.as_deref(),
    };
    let signal = Signal::read(&hints).or_else(|| of_app(track?, hints, context.referrer, properties));
    (attribution, signal)
}

/// What only the calls of [Segment's mobile specification](https://segment.com/docs/connections/spec/mobile/) tell: the campaign that
/// a provider credits with the installation, the address that led into the app, and what the shop says of the link that led to
/// it. Elsewhere `context.referrer` is of another page, and a campaign in the properties is what the call is about.
fn of_app(
    track: &str,
    hints: Hints<'_>,
    referrer: Option<&RawValue>,
    properties: Option<&RawValue>,
) -> Option<Box<Signal>> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Installation<'a> {
        #[serde(borrow)]
        campaign: Option<&'a RawValue>,
        install_referrer: Lenient,
    }
    let is_attributed = track == "Install Attributed";
    if !is_attributed && !matches!(track, "Application Installed" | "Application Opened" | "Deep Link Opened") {
        return None;
    }
    let Installation { campaign, install_referrer } = read(properties);
    let campaign: Campaign = read(campaign.filter(|_| is_attributed));
    let address: Page = read(referrer);
    let hints = Hints {
        source: campaign.source.0.as_deref(),
        medium: campaign.medium.0.as_deref(),
        campaign: campaign.name.0.as_deref(),
        content: campaign.content.0.as_deref().or(campaign.ad_creative.0.as_deref()),
        campaign_id: campaign.campaign_id.0.as_deref(),
        adset_id: campaign.adset_id.0.as_deref(),
        ad_id: campaign.ad_id.0.as_deref(),
        url: address.url.0.as_deref(),
        ..hints
    };
    Signal::read(&hints).or_else(|| Signal::of_installation(install_referrer.0.as_deref()?))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Context<'a> {
    #[serde(borrow)]
    campaign: Option<&'a RawValue>,
    #[serde(borrow)]
    page: Option<&'a RawValue>,
    #[serde(borrow)]
    referrer: Option<&'a RawValue>,
    fbc: Lenient,
    fbp: Lenient,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Campaign {
    source: Lenient,
    medium: Lenient,
    name: Lenient,
    term: Lenient,
    content: Lenient,
    ad_creative: Lenient,
    campaign_id: Lenient,
    adset_id: Lenient,
    ad_id: Lenient,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Page {
    url: Lenient,
    referrer: Lenient,
}

/// A text, or nothing where something else stands.
#[derive(Default)]
struct Lenient(Option<String>);

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str(raw.get()).ok()))
    }
}

fn read<'a, T: Default + Deserialize<'a>>(raw: Option<&'a RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// True for whatever is there, null too.
fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn raw(value: &Value) -> Box<RawValue> {
        RawValue::from_string(value.to_string()).unwrap()
    }

    fn touch(track: Option<&str>, context: &Value, properties: &Value) -> Option<Box<Signal>> {
        attribution(track, Some(&raw(context)), Some(&raw(properties))).1
    }

    fn of_url(url: &str) -> Option<Box<Signal>> {
        Signal::read(&Hints { url: Some(url), ..Hints::default() })
    }

    #[test]
    fn an_app_that_was_opened_by_a_link_tells_of_its_campaign() {
        let url = "https://shop.test/?utm_source=meta&fbclid=AbC";
        let link = of_url(url);
        assert!(link.is_some());
        for (track, context, properties) in [
            ("Deep Link Opened", json!({}), json!({ "url": url })),
            ("Application Opened", json!({}), json!({ "url": url, "from_background": true })),
            ("Application Opened", json!({ "referrer": { "url": url } }), json!({})),
            ("Application Installed", json!({ "referrer": { "url": url } }), json!({ "version": "1" })),
            ("Deep Link Opened", json!({ "referrer": { "url": url } }), json!({ "url": "shop://cart" })),
        ] {
            assert_eq!(touch(Some(track), &context, &properties), link, "{track} {context} {properties}");
        }
        let elsewhere = json!({ "referrer": { "url": url } });
        assert_eq!(touch(Some("Order Completed"), &elsewhere, &json!({})), None, "that page was another's");
        assert_eq!(touch(None, &elsewhere, &json!({})), None);
    }

    #[test]
    fn an_installation_is_the_campaigns_that_a_provider_credits() {
        let campaign =
            json!({ "source": "Meta", "name": "Spring", "ad_creative": "Red", "ad_id": "140", "ad_group": 7 });
        let properties = json!({ "provider": "Branch", "campaign": campaign });
        let credited = touch(Some("Install Attributed"), &json!({}), &properties);
        let told = Hints {
            source: Some("meta"),
            campaign: Some("Spring"),
            content: Some("Red"),
            ad_id: Some("140"),
            ..Hints::default()
        };
        assert!(credited.is_some());
        assert_eq!(credited, Signal::read(&told));
        assert_eq!(touch(Some("Push Notification Received"), &json!({}), &properties), None);
    }

    #[test]
    fn the_shops_word_counts_where_the_event_has_none_of_its_own() {
        let installed = |context: Value| {
            let properties = json!({ "install_referrer": "utm_source=newsletter&utm_medium=email" });
            touch(Some("Application Installed"), &context, &properties)
        };
        assert_eq!(installed(json!({})), Signal::of_installation("utm_source=newsletter&utm_medium=email"));
        let own = json!({ "campaign": { "source": "meta" } });
        assert_eq!(installed(own), Signal::read(&Hints { source: Some("meta"), ..Hints::default() }));
        assert_eq!(touch(Some("Application Installed"), &json!({}), &json!({ "install_referrer": 7 })), None);
    }

    #[test]
    fn the_address_is_filled_in_where_a_browser_or_phone_says_none() {
        let filled = |context: &Value| {
            let filled = with_address(Some(Cow::Owned(raw(context))), Some([8, 8, 8, 8].into())).unwrap();
            serde_json::from_str::<Value>(filled.get()).unwrap()
        };
        for with in [json!({ "userAgent": "Mozilla/5.0" }), json!({ "device": { "type": "ios" } })] {
            let mut expected = with.clone();
            expected["ip"] = json!("8.8.8.8");
            assert_eq!(filled(&with), expected);
        }
        let consent = |choice: Value| json!({ "userAgent": "x", "consent": { "categoryPreferences": { "advertising": choice } } });
        assert_eq!(filled(&consent(json!(true)))["ip"], "8.8.8.8");
        for kept in [
            json!({}),
            json!({ "library": { "name": "a server's" } }),
            json!({ "userAgent": "x", "ip": "0.0.0.0" }),
            json!({ "userAgent": "x", "ip": "9.9.9.9" }),
            json!({ "userAgent": "x", "ip": null }),
            consent(json!(false)),
        ] {
            assert_eq!(filled(&kept), kept);
        }
        assert!(with_address(None, Some([8, 8, 8, 8].into())).is_none());
        let context = raw(&json!({ "userAgent": "x" }));
        assert_eq!(with_address(Some(Cow::Borrowed(&context)), None).unwrap().get(), context.get());
    }
}
