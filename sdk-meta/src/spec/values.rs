//! Values of enumerations, and that none of tomorrow's breaks anything.

use std::collections::BTreeSet;
use std::path::Path;

use super::{SPECIFICATION, strangers};
use crate::macros::{OpenEnum, check_enum};

/// Where the values of an enumeration stand.
#[derive(Clone, Copy)]
enum Source {
    /// In these lists, but for the exceptions.
    Lists(&'static [&'static str], &'static [&'static str]),
    /// In no list: Meta's pages alone name them.
    Pages,
}

use Source::{Lists, Pages};

struct Row {
    name: &'static str,
    values: Vec<String>,
    source: Source,
}

/// Checks that unknown values survive, and takes down the known ones.
fn row<T>(name: &'static str, source: Source) -> Row
where
    T: OpenEnum + serde::Serialize + for<'de> serde::Deserialize<'de>,
{
    check_enum::<T>();
    let text = |value: &T| serde_json::to_value(value).unwrap().as_str().unwrap().to_owned();
    Row { name, values: T::VALUES.iter().map(text).collect(), source }
}

macro_rules! rows {
    ($($($module:ident)::+ => { $($kind:ident: $source:expr,)+ })+) => {{
        let mut rows = Vec::new();
        $({
            use $($module)::+::{$($kind),+};
            rows.extend([$(row::<$kind>(stringify!($kind), $source)),+]);
        })+
        rows
    }};
}

fn table() -> Vec<Row> {
    rows! {
        crate::batch => { SessionStatus: Pages, }
        crate::accounts => {
            DataUseSetting: Lists(&["AdsPixel.DataUseSetting"], &[]),
            PixelAggregation: Pages,
        }
        crate::ads => {
            Status: Lists(&["Campaign.Status"], &[]),
            EffectiveStatus: Lists(&["Campaign.EffectiveStatus", "AdSet.EffectiveStatus", "Ad.EffectiveStatus"], &[]),
            BidStrategy: Lists(&["AdSet.BidStrategy"], &[]),
            ExecutionOption: Lists(&["Ad.ExecutionOptions"], &[]),
            StatusOption: Lists(&["Campaign.StatusOption"], &[]),
            CustomEventType: Lists(&["AdPromotedObject.CustomEventType"], &[]),
        }
        crate::ads::ad_sets => {
            OptimizationGoal: Lists(&["AdSet.OptimizationGoal"], &[]),
            BillingEvent: Lists(&["AdSet.BillingEvent"], &[]),
            DestinationType: Lists(&["AdSet.DestinationType"], &[]),
            AttributionEvent: Pages,
        }
        crate::ads::budget_schedules => { BudgetValueType: Lists(&["HighDemandPeriod.BudgetValueType"], &[]), }
        crate::ads::request_sets => {
            AdRequestStatus: Lists(&["AdAsyncRequest.Statuses"], &[]),
            NotificationMode: Lists(&["AdAsyncRequestSet.NotificationMode"], &[]),
        }
        crate::ads::campaigns => {
            Objective: Lists(&["Campaign.Objective"], &[]),
            SpecialAdCategory: Lists(&["Campaign.SpecialAdCategories"], &[]),
            BuyingType: Pages,
        }
        crate::ads::creatives => {
            CreativeStatus: Lists(&["AdCreative.Status"], &[]),
            CallToActionType: Lists(&["AdCreative.CallToActionType"], &[]),
        }
        crate::ads::targeting => {
            PublisherPlatform: Pages,
            DevicePlatform: Lists(&["Targeting.DevicePlatforms"], &[]),
        }
        crate::audiences => {
            // The SDK's helper is older than these of Meta's page.
            AudienceKey: Lists(&["CustomAudience.MultiKeySchema"], &[
                "DATA_PROCESSING_OPTIONS",
                "DATA_PROCESSING_OPTIONS_COUNTRY",
                "DATA_PROCESSING_OPTIONS_STATE",
                "LOOKALIKE_VALUE",
                "PAGEUID",
            ]),
            AudienceSubtype: Lists(&["CustomAudience.Subtype"], &[]),
            CustomerFileSource: Lists(&["CustomAudience.CustomerFileSource"], &[]),
            LookalikeType: Pages,
        }
        crate::conversions => {
            EventName: Pages,
            ActionSource: Lists(&["serverside.ActionSource"], &[]),
            // The SDK has the first channel alone; Meta's page has all three.
            MessagingChannel: Lists(&["serverside.MessagingChannel"], &["instagram", "messenger"]),
            AttributionModel: Lists(&["serverside.AttributionModel"], &[]),
            AttributionMethod: Lists(&["serverside.AttributionMethod"], &[]),
            DeclineReason: Lists(&["serverside.DeclineReason"], &[]),
            ContentType: Pages,
            DeliveryCategory: Lists(&["serverside.DeliveryCategory"], &[]),
            CustomerSegmentation: Pages,
        }
        crate => { FilterOperator: Pages, }
        crate::estimates => { AdFormat: Lists(&["AdPreview.AdFormat"], &[]), }
        crate::insights => {
            Level: Lists(&["AdsInsights.Level"], &[]),
            DatePreset: Lists(&["AdsInsights.DatePreset"], &[]),
            Breakdown: Lists(&["AdsInsights.Breakdowns"], &[]),
            ActionBreakdown: Lists(&["AdsInsights.ActionBreakdowns"], &[]),
            AttributionWindow: Lists(&["AdsInsights.ActionAttributionWindows"], &[]),
            AsyncStatus: Pages,
        }
        crate::instagram => {
            AccountMetric: Pages,
            InsightsPeriod: Pages,
            MediaMetric: Pages,
            MediaType: Pages,
            MetricType: Pages,
            ContainerStatus: Pages,
        }
        crate::leads => { LeadFormStatus: Lists(&["LeadgenForm.Status"], &[]), }
        crate::limits => {
            AccessTier: Pages,
            UseCase: Pages,
        }
        crate::media => { VideoStatusCode: Pages, }
        crate::targeting_search => {
            PlaceType: Pages,
            TargetingType: Pages,
        }
        crate::webhooks => {
            WebhookField: Pages,
            WebhookObject: Pages,
        }
    }
}

#[test]
fn every_value_that_is_named_is_in_the_specification_and_any_other_survives() {
    let mut unknown = Vec::new();
    for Row { name, values, source } in table() {
        if let Lists(lists, except) = source {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let strangers = strangers(&SPECIFICATION.values, lists, &values, except);
            unknown.extend(strangers.into_iter().map(|value| format!("{name}: {value}")));
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// The names of the enumerations that the files below declare.
fn declared(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            declared(&path, names);
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for declaration in source.split("open_enum! {\n").skip(1) {
            let first = declaration.lines().map(str::trim).find(|line| !line.starts_with("///"));
            names.extend(first.and_then(|line| line.strip_suffix(" {")).map(str::to_owned));
        }
    }
}

#[test]
fn no_enumeration_is_missing() {
    let mut names = BTreeSet::new();
    declared(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut names);
    let listed: BTreeSet<String> = table().iter().map(|row| row.name.to_owned()).collect();
    assert!(listed.len() > 30);
    assert_eq!(names, listed);
}
