//! Parameters of calls.

use serde::Serialize;
use serde_json::Value;

use super::{SPECIFICATION, strangers};
use crate::ads::ad_sets::{CopyAdSet, CreateAdSet, UpdateAdSet};
use crate::ads::ads::{CopyAd, CreateAd, UpdateAd};
use crate::ads::budget_schedules::BudgetSchedule;
use crate::ads::campaigns::{CopyCampaign, CreateCampaign, ListCampaigns, UpdateCampaign};
use crate::ads::creatives::{CreateCreative, UpdateCreative};
use crate::ads::request_sets::CreateAdRequestSet;
use crate::audiences::{CreateAudience, UpdateAudience};
use crate::insights::{InsightsQuery, TimeIncrement};
use crate::instagram::{Carousel, CreateContainer, ImagePost, Reel, Story, UserTag};
use crate::macros::Named;
use crate::{Filter, FilterOperator, TimeRange};

/// What every list takes, and the specification leaves unsaid.
const PAGING: &[&str] = &["fields", "limit", "after"];

/// Calls of the specification, what we send to them, and what we send although it is not there.
fn table() -> Vec<(&'static [&'static str], &'static [&'static str], &'static [&'static str])> {
    vec![
        (&["AdAccount.create_campaign"], CreateCampaign::NAMES, &[]),
        (&["Campaign.api_update"], UpdateCampaign::NAMES, &[]),
        (&["Campaign.create_copy"], CopyCampaign::NAMES, &[]),
        (&["AdAccount.create_ad_set"], CreateAdSet::NAMES, &[]),
        (&["AdSet.api_update"], UpdateAdSet::NAMES, &[]),
        (&["AdSet.create_copy"], CopyAdSet::NAMES, &[]),
        (&["AdAccount.create_ad_creative"], CreateCreative::NAMES, &[]),
        (&["AdCreative.api_update"], UpdateCreative::NAMES, &[]),
        (&["AdAccount.create_ad"], CreateAd::NAMES, &[]),
        (&["Ad.api_update"], UpdateAd::NAMES, &[]),
        (&["Ad.create_copy"], CopyAd::NAMES, &[]),
        (&["AdAccount.create_custom_audience"], CreateAudience::NAMES, &[]),
        (&["CustomAudience.api_update"], UpdateAudience::NAMES, &[]),
        (&["AdAccount.create_ad_label"], &["name"], &[]),
        (&["AdAccount.create_async_ad_request_set"], CreateAdRequestSet::NAMES, &[]),
        (&["Campaign.create_budget_schedule"], BudgetSchedule::NAMES, &[]),
        (&["AdSet.create_budget_schedule"], BudgetSchedule::NAMES, &[]),
        (&["HighDemandPeriod.api_update"], BudgetSchedule::NAMES, &[]),
        (&["Campaign.get_budget_schedules"], &["time_start", "time_stop"], &[]),
        (&["AdAsyncRequestSet.get_requests"], &["statuses"], &[]),
        (&["AdAccount.get_delivery_estimate"], &["optimization_goal", "targeting_spec", "promoted_object"], &[]),
        (&["AdAccount.get_reach_estimate"], &["targeting_spec"], &[]),
        (&["AdAccount.get_generate_previews"], &["creative", "ad_format"], &[]),
    ]
}

#[test]
fn every_parameter_of_a_call_is_in_the_specification() {
    for (calls, ours, except) in table() {
        let unknown = strangers(&SPECIFICATION.parameters, calls, ours, except);
        assert!(unknown.is_empty(), "{calls:?}: {unknown:?}");
    }
}

/// The names that are written when everything is said.
fn written(all: &impl Serialize) -> Vec<String> {
    let Value::Object(written) = serde_json::to_value(all).unwrap() else { panic!("not an object") };
    written.keys().cloned().collect()
}

fn check(call: &str, written: &[String], except: &[&str]) {
    let ours: Vec<&str> = written.iter().map(String::as_str).collect();
    let unknown = strangers(&SPECIFICATION.parameters, &[call], &ours, except);
    assert!(unknown.is_empty(), "{call}: {unknown:?}");
}

#[test]
fn every_parameter_of_a_report_is_in_the_specification() {
    let range = TimeRange { since: chrono::NaiveDate::MIN, until: chrono::NaiveDate::MAX };
    let everything = InsightsQuery {
        fields: crate::insights::InsightsFields::default(),
        level: Some("ad".into()),
        date_preset: Some("today".into()),
        time_range: Some(range),
        time_ranges: vec![range],
        time_increment: Some(TimeIncrement::Monthly),
        breakdowns: vec!["age".into()],
        action_breakdowns: vec!["action_type".into()],
        action_attribution_windows: vec!["7d_click".into()],
        filtering: vec![Filter::new("ad.impressions", FilterOperator::GreaterThan, 0)],
        sort: vec!["spend_descending".to_owned()],
        use_account_attribution_setting: Some(true),
        limit: Some(1),
        after: Some("a".to_owned()),
    };
    // The SDK's cursor adds it.
    check("AdAccount.get_insights", &written(&everything), &["after"]);
}

#[test]
fn every_parameter_of_a_list_is_in_the_specification() {
    let everything = ListCampaigns {
        effective_status: vec!["ACTIVE".into()],
        filtering: vec![Filter::new("name", FilterOperator::Contain, "a")],
        after: Some("a".to_owned()),
        ..ListCampaigns::default().limit(1)
    };
    // The specification lacks `filtering` for these edges; Meta's pages have it.
    let except = [PAGING, &["filtering"]].concat();
    for call in ["get_campaigns", "get_ad_sets", "get_ads"] {
        check(&format!("AdAccount.{call}"), &written(&everything), &except);
    }
}

#[test]
fn every_parameter_of_a_container_is_in_the_specification() {
    let text = || Some("t".to_owned());
    let tags = || vec![UserTag { username: "u".to_owned(), x: Some(0.5), y: Some(0.5) }];
    let image =
        ImagePost { caption: text(), alt_text: text(), user_tags: tags(), location_id: text(), ..ImagePost::new("u") };
    let reel = Reel {
        caption: text(),
        share_to_feed: Some(true),
        cover_url: text(),
        thumb_offset: Some(1),
        audio_name: text(),
        user_tags: tags(),
        ..Reel::new("u")
    };
    let carousel = Carousel { children: vec!["1".into()], caption: text(), collaborators: vec!["c".to_owned()] };
    for container in [
        CreateContainer::image(image),
        CreateContainer::reel(reel),
        CreateContainer::story(Story::Video("u".to_owned())),
        CreateContainer::carousel(carousel),
        CreateContainer::image(ImagePost::new("u")).as_carousel_item().unwrap(),
    ] {
        check("IGUser.create_media", &written(&container), &[]);
    }
}
