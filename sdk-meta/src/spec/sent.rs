//! Parameters of the requests in `tests/vectors/calls.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{SPECIFICATION, strangers};

#[derive(Deserialize)]
struct Vector {
    call: String,
    request: Sent,
}

#[derive(Deserialize)]
struct Sent {
    query: Map<String, Value>,
    #[serde(default)]
    body: Map<String, Value>,
}

/// What every reading call takes, and the specification leaves unsaid.
const READING: [&str; 3] = ["fields", "limit", "after"];

/// Calls with parameters of which the specification knows nothing; Meta's pages have them.
const UNSPECIFIED: &[&str] = &[
    "leads.of_form",
    "targeting_search.category",
    "targeting_search.check_interests",
    "targeting_search.interests",
    "targeting_search.locales",
    "targeting_search.places",
    "targeting_search.related_interests",
    "targeting_search.validate",
    "tokens.extend",
    "tokens.inspect",
];

/// The specification's name of a call, and what is sent although it is not there.
fn specified(call: &str) -> Option<(&'static str, &'static [&'static str])> {
    Some(match call {
        "campaigns.create" | "campaigns.validate" => ("AdAccount.create_campaign", &[]),
        // Meta's pages have it.
        "campaigns.list" => ("AdAccount.get_campaigns", &["filtering"]),
        "campaigns.update" => ("Campaign.api_update", &[]),
        "campaigns.copy" => ("Campaign.create_copy", &[]),
        "ad_sets.create" | "ad_sets.validate" => ("AdAccount.create_ad_set", &[]),
        "ad_sets.update" => ("AdSet.api_update", &[]),
        "ad_sets.copy" => ("AdSet.create_copy", &[]),
        "creatives.create" => ("AdAccount.create_ad_creative", &[]),
        "creatives.update" => ("AdCreative.api_update", &[]),
        "ads.create" | "ads.validate" => ("AdAccount.create_ad", &[]),
        "ads.update" => ("Ad.api_update", &[]),
        "ads.copy" => ("Ad.create_copy", &[]),
        "ad_labels.create" => ("AdAccount.create_ad_label", &[]),
        "ad_labels.campaigns" => ("AdAccount.get_campaigns_by_labels", &[]),
        "ad_labels.ad_sets" => ("AdAccount.get_ad_sets_by_labels", &[]),
        "ad_labels.creatives" => ("AdAccount.get_ad_creatives_by_labels", &[]),
        "ad_labels.ads" => ("AdAccount.get_ads_by_labels", &[]),
        "budget_schedules.create" => ("Campaign.create_budget_schedule", &[]),
        "budget_schedules.list" => ("Campaign.get_budget_schedules", &[]),
        "budget_schedules.update" => ("HighDemandPeriod.api_update", &[]),
        "ad_request_sets.create" => ("AdAccount.create_async_ad_request_set", &[]),
        "ad_request_sets.requests" => ("AdAsyncRequestSet.get_requests", &[]),
        "insights.get" | "insights.start" => ("AdAccount.get_insights", &[]),
        "estimates.delivery" => ("AdAccount.get_delivery_estimate", &[]),
        "estimates.reach" => ("AdAccount.get_reach_estimate", &[]),
        "estimates.preview_new" => ("AdAccount.get_generate_previews", &[]),
        "estimates.preview_ad" => ("Ad.get_previews", &[]),
        "estimates.preview_creative" => ("AdCreative.get_previews", &[]),
        "targeting_search.detailed" => ("AdAccount.get_targeting_search", &[]),
        "targeting_search.browse" => ("AdAccount.get_targeting_browse", &[]),
        "targeting_search.suggest" => ("AdAccount.get_targeting_suggestions", &[]),
        "audiences.create" => ("AdAccount.create_custom_audience", &[]),
        "audiences.update" => ("CustomAudience.api_update", &[]),
        // Meta's pages have the consent.
        "audiences.add_users" => ("CustomAudience.create_user", &["customer_consent"]),
        "audiences.remove_users" => ("CustomAudience.delete_users", &[]),
        "audiences.replace_users" => ("CustomAudience.create_users_replace", &["customer_consent"]),
        "audiences.remove_from_all" => ("AdAccount.delete_users_of_any_audience", &[]),
        "audiences.sessions" => ("CustomAudience.get_sessions", &[]),
        "audiences.share" => ("CustomAudience.create_ad_account", &[]),
        "audiences.unshare" => ("CustomAudience.delete_ad_accounts", &[]),
        "leads.create_test" => ("LeadgenForm.create_test_lead", &[]),
        "pixels.create" => ("AdAccount.create_ads_pixel", &[]),
        "pixels.update" => ("AdsPixel.api_update", &[]),
        "pixels.stats" => ("AdsPixel.get_stats", &[]),
        "ad_images.get" => ("AdAccount.get_ad_images", &[]),
        "ad_images.delete" => ("AdAccount.delete_ad_images", &[]),
        "ad_videos.create" => ("AdAccount.create_ad_video", &[]),
        "instagram.create" => ("IGUser.create_media", &[]),
        "instagram.publish" => ("IGUser.create_media_publish", &[]),
        "instagram.media_insights" => ("IGMedia.get_insights", &[]),
        "instagram.account_insights" => ("IGUser.get_insights", &[]),
        "webhooks.subscribe" => ("Application.create_subscription", &[]),
        "webhooks.unsubscribe" => ("Application.delete_subscriptions", &[]),
        "webhooks.add_page" => ("Page.create_subscribed_app", &[]),
        "webhooks.add_account" => ("AdAccount.create_subscribed_app", &[]),
        "webhooks.remove_account" => ("AdAccount.delete_subscribed_apps", &[]),
        _ => return None,
    })
}

#[test]
fn every_parameter_that_is_sent_is_in_the_specification() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../tests/vectors/calls.json")).unwrap();
    let mut calls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Vector { call, request } in vectors {
        let names = request.query.into_iter().chain(request.body).map(|(name, _)| name);
        calls.entry(call).or_default().extend(names.filter(|name| !READING.contains(&name.as_str())));
    }
    let mut unspecified = Vec::new();
    for (call, names) in &calls {
        let ours: Vec<&str> = names.iter().map(String::as_str).collect();
        match specified(call) {
            Some((of, except)) => {
                let unknown = strangers(&SPECIFICATION.parameters, &[of], &ours, except);
                assert!(unknown.is_empty(), "{call}: {unknown:?}");
            }
            None if names.is_empty() => {}
            None => unspecified.push(call.as_str()),
        }
    }
    assert_eq!(unspecified, UNSPECIFIED);
}
