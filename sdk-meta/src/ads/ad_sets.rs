//! Ad sets: budget, schedule, bid and audience of the ads in them.

use acd_core::Operation;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::labels::AdLabelRef;
use super::once::labelled;
use super::targeting::Targeting;
use super::{BidStrategy, EffectiveStatus, ExecutionOption, Issue, PromotedObject, Status, StatusOption};
use crate::answers::{Created, Done, List};
use crate::limits::{ads_read, ads_write};
use crate::macros::{node_calls, object, open_enum, request};
use crate::{AdAccountId, AdSetId, CampaignId, MetaCall, MetaClient, MinorUnits, Timestamp};

/// `POST /act_{account}/adsets`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/adsets), read 2026-11)
pub const CREATE: Operation = ads_write("meta.ad_sets.create", Method::POST, "/{version}/{account}/adsets");
/// `GET /act_{account}/adsets`
pub const LIST: Operation = ads_read("meta.ad_sets.list", "/{version}/{account}/adsets");
/// `GET /{ad set}`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-campaign), read 2026-11)
pub const GET: Operation = ads_read("meta.ad_sets.get", "/{version}/{id}");
/// `POST /{ad set}`
pub const UPDATE: Operation = ads_write("meta.ad_sets.update", Method::POST, "/{version}/{id}").idempotent();
/// `DELETE /{ad set}`
pub const DELETE: Operation = ads_write("meta.ad_sets.delete", Method::DELETE, "/{version}/{id}").idempotent();
/// `POST /{ad set}/copies`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-campaign/copies), read 2026-11)
pub const COPY: Operation = ads_write("meta.ad_sets.copy", Method::POST, "/{version}/{id}/copies");

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, LIST, GET, UPDATE, DELETE, COPY];

open_enum! {
    /// What Meta makes ads reach.
    OptimizationGoal {
        AdRecallLift = "AD_RECALL_LIFT",
        AdvertiserSiloedValue = "ADVERTISER_SILOED_VALUE",
        AppInstalls = "APP_INSTALLS",
        AppInstallsAndOffsiteConversions = "APP_INSTALLS_AND_OFFSITE_CONVERSIONS",
        AutomaticObjective = "AUTOMATIC_OBJECTIVE",
        Conversations = "CONVERSATIONS",
        DerivedEvents = "DERIVED_EVENTS",
        EngagedPageViews = "ENGAGED_PAGE_VIEWS",
        EngagedUsers = "ENGAGED_USERS",
        EventResponses = "EVENT_RESPONSES",
        Impressions = "IMPRESSIONS",
        InAppValue = "IN_APP_VALUE",
        LandingPageViews = "LANDING_PAGE_VIEWS",
        LeadGeneration = "LEAD_GENERATION",
        LinkClicks = "LINK_CLICKS",
        MeaningfulCallAttempt = "MEANINGFUL_CALL_ATTEMPT",
        MessagingAppointmentConversion = "MESSAGING_APPOINTMENT_CONVERSION",
        MessagingDeepConversationAndFollow = "MESSAGING_DEEP_CONVERSATION_AND_FOLLOW",
        MessagingPurchaseConversion = "MESSAGING_PURCHASE_CONVERSION",
        None = "NONE",
        OffsiteConversions = "OFFSITE_CONVERSIONS",
        PageLikes = "PAGE_LIKES",
        PostEngagement = "POST_ENGAGEMENT",
        ProfileAndPageEngagement = "PROFILE_AND_PAGE_ENGAGEMENT",
        ProfileVisit = "PROFILE_VISIT",
        QualityCall = "QUALITY_CALL",
        QualityLead = "QUALITY_LEAD",
        Reach = "REACH",
        RemindersSet = "REMINDERS_SET",
        Subscribers = "SUBSCRIBERS",
        Thruplay = "THRUPLAY",
        Value = "VALUE",
        VisitInstagramProfile = "VISIT_INSTAGRAM_PROFILE",
    }
}

open_enum! {
    /// What is paid for.
    BillingEvent {
        /// Fits every goal.
        Impressions = "IMPRESSIONS",
        /// With the goal `LINK_CLICKS` alone.
        LinkClicks = "LINK_CLICKS",
        /// With the goal `THRUPLAY` alone.
        Thruplay = "THRUPLAY",
        AppInstalls = "APP_INSTALLS",
        /// Gone: found on old ad sets.
        Clicks = "CLICKS",
        ListingInteraction = "LISTING_INTERACTION",
        None = "NONE",
        OfferClaims = "OFFER_CLAIMS",
        PageLikes = "PAGE_LIKES",
        PostEngagement = "POST_ENGAGEMENT",
        Purchase = "PURCHASE",
    }
}

open_enum! {
    /// Where an ad leads.
    DestinationType {
        Website = "WEBSITE",
        App = "APP",
        ApplinksAutomatic = "APPLINKS_AUTOMATIC",
        Facebook = "FACEBOOK",
        FacebookPage = "FACEBOOK_PAGE",
        FacebookLive = "FACEBOOK_LIVE",
        InstagramDirect = "INSTAGRAM_DIRECT",
        InstagramLive = "INSTAGRAM_LIVE",
        InstagramProfile = "INSTAGRAM_PROFILE",
        InstagramProfileAndFacebookPage = "INSTAGRAM_PROFILE_AND_FACEBOOK_PAGE",
        Messenger = "MESSENGER",
        Whatsapp = "WHATSAPP",
        MessagingInstagramDirectMessenger = "MESSAGING_INSTAGRAM_DIRECT_MESSENGER",
        MessagingInstagramDirectMessengerWhatsapp = "MESSAGING_INSTAGRAM_DIRECT_MESSENGER_WHATSAPP",
        MessagingInstagramDirectWhatsapp = "MESSAGING_INSTAGRAM_DIRECT_WHATSAPP",
        MessagingMessengerWhatsapp = "MESSAGING_MESSENGER_WHATSAPP",
        OnAd = "ON_AD",
        OnEvent = "ON_EVENT",
        OnPage = "ON_PAGE",
        OnPost = "ON_POST",
        OnVideo = "ON_VIDEO",
        ShopAutomatic = "SHOP_AUTOMATIC",
        Imagine = "IMAGINE",
    }
}

open_enum! {
    /// After what a conversion counts.
    AttributionEvent {
        ClickThrough = "CLICK_THROUGH",
        ViewThrough = "VIEW_THROUGH",
        EngagedVideoView = "ENGAGED_VIDEO_VIEW",
    }
}

/// For how long after an event a conversion counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Attribution {
    /// The event.
    pub event_type: AttributionEvent,
    /// Days: 1 or 7.
    pub window_days: u8,
}

/// What bids must keep to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct BidConstraints {
    /// The least return on ad spend, times 10 000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roas_average_floor: Option<u64>,
}

/// Hours of a week in which ads run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct DayPart {
    /// From this minute of the day on, a full hour.
    pub start_minute: u16,
    /// Until this minute of the day.
    pub end_minute: u16,
    /// Days of the week, from 0 for Sunday.
    pub days: Vec<u8>,
    /// `USER` for the viewer's time, or `ADVERTISER`.
    pub timezone_type: String,
}

/// How often somebody sees an ad. For the goals `REACH` and `THRUPLAY`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct FrequencyControl {
    /// `IMPRESSIONS`.
    pub event: String,
    /// Within so many days, 1 to 90.
    pub interval_days: u8,
    /// At most so often, 1 to 90.
    pub max_frequency: u8,
}

request! {
    /// The body of [`CREATE`]. It needs a budget, of a day or of its whole life, unless its campaign has one.
    CreateAdSet {
        /// At most 400 characters.
        name: String,
        /// The campaign that it is in.
        campaign_id: CampaignId,
        /// What Meta makes ads reach.
        optimization_goal: OptimizationGoal,
        /// What is paid for.
        billing_event: BillingEvent,
        /// Who shall see the ads.
        targeting: Targeting,
        ..
        /// `ACTIVE`, which is Meta's default, or `PAUSED`.
        status: Status,
        /// The budget of a day; the schedule then spans more than 24 hours.
        daily_budget: MinorUnits,
        /// The budget of its whole life; needs `end_time`.
        lifetime_budget: MinorUnits,
        /// The bid, of a thousand for the goals `IMPRESSIONS` and `REACH`. Alone it implies a bid cap.
        bid_amount: MinorUnits,
        /// How bids are made; on the campaign where that has the budget.
        bid_strategy: BidStrategy,
        /// What bids must keep to.
        bid_constraints: BidConstraints,
        /// What is promoted.
        promoted_object: PromotedObject,
        /// For how long conversions count.
        attribution_spec: Vec<Attribution>,
        /// Where the ads lead.
        destination_type: DestinationType,
        /// When it begins; at once when left out.
        start_time: Timestamp,
        /// When it ends.
        end_time: Timestamp,
        /// The hours in which ads run; needs `pacing_type` of `day_parting`.
        adset_schedule: Vec<DayPart>,
        /// How the budget is spread, such as `day_parting`.
        pacing_type: Vec<String>,
        /// How often somebody sees an ad.
        frequency_control_specs: Vec<FrequencyControl>,
        /// Who pays for the ads; needed where they are shown in the European Union.
        dsa_payor: String,
        /// Who profits from the ads; needed where they are shown in the European Union.
        dsa_beneficiary: String,
        /// Of the campaign's budget, the least of a day.
        daily_min_spend_target: MinorUnits,
        /// Of the campaign's budget, the most of a day.
        daily_spend_cap: MinorUnits,
        /// Of the campaign's budget, the least of the whole life.
        lifetime_min_spend_target: MinorUnits,
        /// Of the campaign's budget, the most of the whole life.
        lifetime_spend_cap: MinorUnits,
        /// Whether its ads combine assets by themselves.
        is_dynamic_creative: bool,
        /// Labels; `create_once` adds its own.
        adlabels: Vec<AdLabelRef>,
        /// How the call is carried out; see [`AdSetsClient::validate`].
        execution_options: Vec<ExecutionOption>,
    }
}

request! {
    /// The body of [`UPDATE`]: what shall be different. Meta takes four changes of the budget an hour.
    UpdateAdSet {
        ..
        /// The name.
        name: String,
        /// Whether it shall run.
        status: Status,
        /// The budget of a day.
        daily_budget: MinorUnits,
        /// The budget of its whole life.
        lifetime_budget: MinorUnits,
        /// The bid.
        bid_amount: MinorUnits,
        /// How bids are made.
        bid_strategy: BidStrategy,
        /// What bids must keep to.
        bid_constraints: BidConstraints,
        /// Who shall see the ads, in whole.
        targeting: Targeting,
        /// When it begins.
        start_time: Timestamp,
        /// When it ends.
        end_time: Timestamp,
        /// The hours in which ads run.
        adset_schedule: Vec<DayPart>,
        /// Of the campaign's budget, the least of a day; [`MinorUnits::NO_CAP`] removes it.
        daily_min_spend_target: MinorUnits,
        /// Of the campaign's budget, the most of a day; [`MinorUnits::NO_CAP`] removes it.
        daily_spend_cap: MinorUnits,
        /// Labels, in the place of those it has.
        adlabels: Vec<AdLabelRef>,
    }
}

request! {
    /// The body of [`COPY`].
    CopyAdSet {
        ..
        /// The campaign that the copy is in; that of the original when left out.
        campaign_id: CampaignId,
        /// Whether ads are copied too; Meta takes at most 3 objects in this way at once.
        deep_copy: bool,
        /// The status of the copy; paused by default.
        status_option: StatusOption,
        /// When the copy begins.
        start_time: Timestamp,
        /// When the copy ends.
        end_time: Timestamp,
    }
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CopiedAdSet {
    /// The copy.
    pub copied_adset_id: AdSetId,
}

object! {
    /// An ad set ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-campaign), read 2026-11).
    AdSet(AdSetId), AdSetFields {
        /// The ad account.
        account_id: AdAccountId,
        /// The campaign.
        campaign_id: CampaignId,
        /// The name.
        name: String,
        /// Whether it shall run.
        status: Status,
        /// Whether it shall run, as it was set.
        configured_status: Status,
        /// Whether it runs.
        effective_status: EffectiveStatus,
        /// What Meta makes ads reach.
        optimization_goal: OptimizationGoal,
        /// What is paid for.
        billing_event: BillingEvent,
        /// How bids are made.
        bid_strategy: BidStrategy,
        /// The bid.
        bid_amount: MinorUnits,
        /// The budget of a day; 0 when there is none.
        daily_budget: MinorUnits,
        /// The budget of its whole life; 0 when there is none.
        lifetime_budget: MinorUnits,
        /// What is left of the budget.
        budget_remaining: MinorUnits,
        /// Who shall see the ads.
        targeting: Targeting,
        /// What is promoted.
        promoted_object: PromotedObject,
        /// For how long conversions count.
        attribution_spec: Vec<Attribution>,
        /// Where the ads lead.
        destination_type: DestinationType,
        /// Where learning stands: `status`, `conversions`.
        learning_stage_info: Map<String, Value>,
        /// What keeps it from running.
        issues_info: Vec<Issue>,
        /// When it begins.
        start_time: Timestamp,
        /// When it ends.
        end_time: Timestamp,
        /// When it was created.
        created_time: Timestamp,
        /// When it last changed.
        updated_time: Timestamp,
    }
}

/// The query of [`LIST`].
pub type ListAdSets = List<AdSetFields>;

/// Ad sets.
#[derive(Clone, Copy, Debug)]
pub struct AdSetsClient<'c> {
    meta: &'c MetaClient,
}

node_calls!(AdSetsClient { LIST, GET, UPDATE, DELETE } AdSet(AdSetId), AdSetFields, ListAdSets, UpdateAdSet);

impl<'c> AdSetsClient<'c> {
    /// Creates an ad set. Not repeated when its outcome is unknown: [`create_once`](Self::create_once) settles that.
    pub fn create(&self, account: &AdAccountId, ad_set: &CreateAdSet) -> MetaCall<'c, Created<AdSetId>> {
        MetaCall::json(self.meta, &CREATE).account(account).body(ad_set)
    }

    /// Has Meta check an ad set without creating it. Takes the place of a creation in the limits.
    pub fn validate(&self, account: &AdAccountId, ad_set: &CreateAdSet) -> MetaCall<'c, Done> {
        let execution_options = Some(vec![ExecutionOption::ValidateOnly]);
        let ad_set = CreateAdSet { execution_options, ..ad_set.clone() };
        MetaCall::json(self.meta, &CREATE).account(account).body(&ad_set)
    }

    /// Copies an ad set. Not repeated when its outcome is unknown: look for ad sets with this one as their source.
    pub fn copy(&self, id: &AdSetId, options: &CopyAdSet) -> MetaCall<'c, CopiedAdSet> {
        MetaCall::json(self.meta, &COPY).path("id", id).body(options)
    }
}

labelled!(AdSetsClient, CreateAdSet, AdSetId, create, ad_sets);

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;
    use serde_json::json;

    use super::*;
    use crate::ads::CustomEventType;
    use crate::ads::targeting::GeoLocations;
    use crate::macros::check_enum;
    use crate::testing::{scripted, sent};

    #[test]
    fn an_ad_set_is_created_as_metas_page_has_it() {
        let (harness, meta) = scripted([answer(200).body(r#"{"id":"2","success":true}"#)]);
        let targeting = Targeting { geo_locations: GeoLocations::countries(["DE"]), ..Targeting::default() };
        let goal = (OptimizationGoal::OffsiteConversions, BillingEvent::Impressions);
        let ad_set = CreateAdSet {
            lifetime_budget: Some(MinorUnits(5000)),
            promoted_object: Some(PromotedObject {
                pixel_id: Some("77".into()),
                custom_event_type: Some(CustomEventType::Purchase),
                ..PromotedObject::default()
            }),
            attribution_spec: Some(vec![Attribution { event_type: AttributionEvent::ClickThrough, window_days: 7 }]),
            end_time: Some(Timestamp(chrono::DateTime::parse_from_rfc3339("2026-12-24T18:00:00+01:00").unwrap())),
            ..CreateAdSet::new("Germany", "1", goal.0, goal.1, targeting)
        };
        harness.run(meta.ad_sets().create(&"17".into(), &ad_set).into_future()).unwrap();
        let body = json!({
            "name": "Germany", "campaign_id": "1", "optimization_goal": "OFFSITE_CONVERSIONS",
            "billing_event": "IMPRESSIONS", "targeting": { "geo_locations": { "countries": ["DE"] } },
            "lifetime_budget": 5000, "promoted_object": { "pixel_id": "77", "custom_event_type": "PURCHASE" },
            "attribution_spec": [{ "event_type": "CLICK_THROUGH", "window_days": 7 }],
            "end_time": "2026-12-24T18:00:00+0100"
        });
        assert_eq!(sent(&harness), [("POST /v26.0/act_17/adsets".to_owned(), body)]);
    }

    #[test]
    fn values_of_tomorrow_survive() {
        check_enum::<OptimizationGoal>();
        check_enum::<BillingEvent>();
        check_enum::<DestinationType>();
        check_enum::<AttributionEvent>();
    }
}
