//! Fields of objects: those that are asked for, and those of objects that are sent within others.

use super::{SPECIFICATION, strangers};
use crate::accounts::{AdAccountFields, PageFields, PixelFields};
use crate::ads::PromotedObject;
use crate::ads::ad_sets::{AdSetFields, Attribution, BidConstraints, DayPart, FrequencyControl};
use crate::ads::ads::AdFields;
use crate::ads::budget_schedules::HighDemandPeriodFields;
use crate::ads::campaigns::CampaignFields;
use crate::ads::creatives::{
    CallToAction, CallToActionValue, CreativeFields, LinkCard, LinkData, ObjectStorySpec, PhotoData, VideoData,
};
use crate::ads::labels::AdLabelFields;
use crate::ads::request_sets::{AdRequestFields, AdRequestSetFields};
use crate::ads::targeting::{Circle, GeoLocations, PlaceKey, Targeting, TargetingAutomation};
use crate::audiences::{AudienceFields, LookalikeSpec, SavedAudienceFields};
use crate::insights::InsightsFields;
use crate::instagram::IgMediaFields;
use crate::leads::{LeadFields, LeadFormFields};
use crate::macros::wire_name;
use crate::media::AdVideoFields;

fn check(object: &str, ours: &[&str], except: &[&str]) {
    let unknown = strangers(&SPECIFICATION.fields, &[object], ours, except);
    assert!(unknown.is_empty(), "{object}: {unknown:?}");
}

#[test]
fn every_field_that_is_asked_for_is_in_the_specification() {
    let asked: &[(&str, String, &[&str])] = &[
        ("Campaign", CampaignFields::all().to_string(), &[]),
        ("AdSet", AdSetFields::all().to_string(), &[]),
        ("AdCreative", CreativeFields::all().to_string(), &[]),
        ("Ad", AdFields::all().to_string(), &[]),
        ("AdAsyncRequest", AdRequestFields::all().to_string(), &[]),
        ("AdAsyncRequestSet", AdRequestSetFields::all().to_string(), &[]),
        ("AdLabel", AdLabelFields::all().to_string(), &[]),
        ("HighDemandPeriod", HighDemandPeriodFields::all().to_string(), &[]),
        ("AdAccount", AdAccountFields::all().to_string(), &[]),
        ("Page", PageFields::all().to_string(), &[]),
        ("AdsPixel", PixelFields::all().to_string(), &[]),
        ("CustomAudience", AudienceFields::all().to_string(), &[]),
        ("SavedAudience", SavedAudienceFields::all().to_string(), &[]),
        ("AdVideo", AdVideoFields::all().to_string(), &[]),
        ("IGMedia", IgMediaFields::all().to_string(), &[]),
        ("Lead", LeadFields::all().to_string(), &[]),
        ("LeadgenForm", LeadFormFields::all().to_string(), &[]),
        ("AdsInsights", InsightsFields::default().to_string(), &[]),
    ];
    for (object, fields, except) in asked {
        check(object, &fields.split(',').collect::<Vec<_>>(), except);
    }
}

/// The names of a struct's members. It is taken apart whole, so that none can be forgotten here.
macro_rules! members {
    ($kind:ident { $($field:ident $(= $wire:literal)?),+ $(; $rest:ident)? }) => {{
        fn _whole(value: $kind) {
            let $kind { $($field: _,)+ $($rest: _,)? } = value;
        }
        &[$(wire_name!($field $($wire)?)),+]
    }};
}

#[test]
fn every_member_of_what_is_sent_within_others_is_in_the_specification() {
    check(
        "AdPromotedObject",
        members!(PromotedObject {
            page_id, pixel_id, custom_event_type, application_id, object_store_url, product_catalog_id, product_set_id; other
        }),
        &[],
    );
    check("AttributionSpec", members!(Attribution { event_type, window_days }), &[]);
    check("AdCampaignBidConstraint", members!(BidConstraints { roas_average_floor }), &[]);
    check("DayPart", members!(DayPart { start_minute, end_minute, days, timezone_type }), &[]);
    check("AdCampaignFrequencyControlSpecs", members!(FrequencyControl { event, interval_days, max_frequency }), &[]);
    check("AdCreativeLinkDataCallToAction", members!(CallToAction { kind = "type", value }), &[]);
    check(
        "AdCreativeLinkDataCallToActionValue",
        members!(CallToActionValue { link, app_link, lead_gen_form_id; other }),
        &[],
    );
    let story: &[&str] = members!(ObjectStorySpec { page_id, instagram_user_id, content });
    let content = ["link_data", "video_data", "photo_data", "template_data"];
    let story: Vec<&str> = story.iter().copied().filter(|name| *name != "content").chain(content).collect();
    check("AdCreativeObjectStorySpec", &story, &[]);
    check(
        "AdCreativeLinkData",
        members!(LinkData {
            link, message, name, description, caption, image_hash, picture, call_to_action, child_attachments; other
        }),
        &[],
    );
    check(
        "AdCreativeLinkDataChildAttachment",
        members!(LinkCard { link, name, description, image_hash, video_id, call_to_action; other }),
        &[],
    );
    check(
        "AdCreativeVideoData",
        members!(VideoData {
            video_id, image_url, image_hash, title, message, link_description, call_to_action; other
        }),
        &[],
    );
    check("AdCreativePhotoData", members!(PhotoData { image_hash, url, caption }), &[]);
    // Places and seeds are given so when it is made, and read in other ways.
    check(
        "LookalikeSpec",
        members!(LookalikeSpec {
            kind = "type", ratio, starting_ratio, country, location_spec, allow_international_seeds; other
        }),
        &["allow_international_seeds", "location_spec"],
    );
}

#[test]
fn every_member_of_a_targeting_is_in_the_specification() {
    check(
        "Targeting",
        members!(Targeting {
            geo_locations, excluded_geo_locations, age_min, age_max, genders, locales, interests, behaviors,
            custom_audiences, excluded_custom_audiences, flexible_spec, exclusions, publisher_platforms,
            facebook_positions, instagram_positions, device_platforms, targeting_automation; other
        }),
        &[],
    );
    check("TargetingAutomation", members!(TargetingAutomation { advantage_audience; other }), &[]);
    check(
        "TargetingGeoLocation",
        members!(GeoLocations { countries, country_groups, regions, cities, zips, custom_locations; other }),
        &[],
    );
    check("TargetingGeoLocationCity", members!(PlaceKey { key, radius, distance_unit; other }), &[]);
    check("TargetingGeoLocationCustomLocation", members!(Circle { latitude, longitude, radius, distance_unit }), &[]);
}
