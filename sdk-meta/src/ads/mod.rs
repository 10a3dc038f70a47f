//! What campaigns, ad sets, creatives and ads have in common.

pub mod ad_sets;
#[allow(clippy::module_inception, reason = "an ad is what Meta calls one object of its ads")]
pub mod ads;
pub mod budget_schedules;
pub mod campaigns;
pub mod creatives;
pub mod labels;
pub mod request_sets;
pub mod targeting;
pub mod url_tags;

mod once;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::macros::open_enum;

open_enum! {
    /// Whether an object shall run. `ACTIVE` and `PAUSED` alone are taken when it is created.
    Status {
        Active = "ACTIVE",
        Paused = "PAUSED",
        Archived = "ARCHIVED",
        Deleted = "DELETED",
    }
}

open_enum! {
    /// Whether an object runs, with what holds it up.
    EffectiveStatus {
        Active = "ACTIVE",
        Paused = "PAUSED",
        CampaignPaused = "CAMPAIGN_PAUSED",
        AdSetPaused = "ADSET_PAUSED",
        InProcess = "IN_PROCESS",
        WithIssues = "WITH_ISSUES",
        PendingReview = "PENDING_REVIEW",
        PendingBillingInfo = "PENDING_BILLING_INFO",
        Preapproved = "PREAPPROVED",
        Disapproved = "DISAPPROVED",
        Archived = "ARCHIVED",
        Deleted = "DELETED",
    }
}

open_enum! {
    /// How bids are made; on the campaign where that has the budget, else on the ad set.
    BidStrategy {
        LowestCostWithoutCap = "LOWEST_COST_WITHOUT_CAP",
        /// Needs `bid_amount`.
        LowestCostWithBidCap = "LOWEST_COST_WITH_BID_CAP",
        /// Needs `bid_amount`.
        CostCap = "COST_CAP",
        /// Needs `bid_constraints`.
        LowestCostWithMinRoas = "LOWEST_COST_WITH_MIN_ROAS",
    }
}

open_enum! {
    /// How a call is carried out.
    ExecutionOption {
        /// Checks only: nothing is created or changed.
        ValidateOnly = "validate_only",
        IncludeRecommendations = "include_recommendations",
        /// For ads: their review is waited for.
        SynchronousAdReview = "synchronous_ad_review",
    }
}

open_enum! {
    /// The status of a copy.
    StatusOption {
        Active = "ACTIVE",
        /// The default.
        Paused = "PAUSED",
        InheritedFromSource = "INHERITED_FROM_SOURCE",
    }
}

open_enum! {
    /// What a conversion is.
    CustomEventType {
        AchievementUnlocked = "ACHIEVEMENT_UNLOCKED",
        AddPaymentInfo = "ADD_PAYMENT_INFO",
        AddToCart = "ADD_TO_CART",
        AddToWishlist = "ADD_TO_WISHLIST",
        AdImpression = "AD_IMPRESSION",
        CompleteRegistration = "COMPLETE_REGISTRATION",
        Contact = "CONTACT",
        ContentView = "CONTENT_VIEW",
        CustomizeProduct = "CUSTOMIZE_PRODUCT",
        D2Retention = "D2_RETENTION",
        D7Retention = "D7_RETENTION",
        Donate = "DONATE",
        FindLocation = "FIND_LOCATION",
        InitiatedCheckout = "INITIATED_CHECKOUT",
        Lead = "LEAD",
        LevelAchieved = "LEVEL_ACHIEVED",
        ListingInteraction = "LISTING_INTERACTION",
        MessagingConversationStarted7d = "MESSAGING_CONVERSATION_STARTED_7D",
        /// Named by `custom_event_str`.
        Other = "OTHER",
        Purchase = "PURCHASE",
        Rate = "RATE",
        Schedule = "SCHEDULE",
        Search = "SEARCH",
        ServiceBookingRequest = "SERVICE_BOOKING_REQUEST",
        SpentCredits = "SPENT_CREDITS",
        StartTrial = "START_TRIAL",
        SubmitApplication = "SUBMIT_APPLICATION",
        Subscribe = "SUBSCRIBE",
        TutorialCompletion = "TUTORIAL_COMPLETION",
    }
}

/// What is promoted; which members are needed follows from objective, destination and goal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct PromotedObject {
    /// The page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_id: Option<crate::PageId>,
    /// The pixel whose conversions count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pixel_id: Option<crate::PixelId>,
    /// What counts as a conversion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_event_type: Option<CustomEventType>,
    /// The app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    /// Where the app is sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_store_url: Option<String>,
    /// The catalog, on a campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_catalog_id: Option<String>,
    /// The set of products, on an ad set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_set_id: Option<String>,
    /// Further members by their names.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Something that keeps an object from running.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Issue {
    /// The kind of object, such as `AD_SET`.
    pub level: Option<String>,
    /// The code.
    pub error_code: Option<i64>,
    /// The cause in a few words.
    pub error_summary: Option<String>,
    /// The cause, and what to do about it.
    pub error_message: Option<String>,
    /// `HARD_ERROR` or `SOFT_ERROR`.
    pub error_type: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::macros::check_enum;

    #[test]
    fn values_of_tomorrow_survive() {
        check_enum::<Status>();
        check_enum::<EffectiveStatus>();
        check_enum::<BidStrategy>();
        check_enum::<ExecutionOption>();
        check_enum::<StatusOption>();
        check_enum::<CustomEventType>();
    }
}
