//! <https://developers.facebook.com/docs/marketing-api/reference/ad-campaign/>

use serde_json::{Map, Value, json};

use super::super::audiences;
use super::super::call::Call;
use super::super::clock;
use super::super::error::{GraphError, refusal};
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::shape::{Field, Shape, may, must};
use super::super::state::State;
use super::campaign::{BID_STRATEGIES, STATUSES, has_budget};
use super::{budgets, check_budgets, merged, targeting};

pub(in super::super) const GOALS: &[&str] = &[
    "AD_RECALL_LIFT",
    "APP_INSTALLS",
    "APP_INSTALLS_AND_OFFSITE_CONVERSIONS",
    "AUTOMATIC_OBJECTIVE",
    "ADVERTISER_SILOED_VALUE",
    "CONVERSATIONS",
    "DERIVED_EVENTS",
    "ENGAGED_PAGE_VIEWS",
    "ENGAGED_USERS",
    "EVENT_RESPONSES",
    "IMPRESSIONS",
    "IN_APP_VALUE",
    "LANDING_PAGE_VIEWS",
    "LEAD_GENERATION",
    "LINK_CLICKS",
    "MEANINGFUL_CALL_ATTEMPT",
    "MESSAGING_APPOINTMENT_CONVERSION",
    "MESSAGING_DEEP_CONVERSATION_AND_FOLLOW",
    "MESSAGING_PURCHASE_CONVERSION",
    "NONE",
    "OFFSITE_CONVERSIONS",
    "PAGE_LIKES",
    "POST_ENGAGEMENT",
    "PROFILE_AND_PAGE_ENGAGEMENT",
    "PROFILE_VISIT",
    "QUALITY_CALL",
    "QUALITY_LEAD",
    "REACH",
    "REMINDERS_SET",
    "SUBSCRIBERS",
    "THRUPLAY",
    "VALUE",
    "VISIT_INSTAGRAM_PROFILE",
];
const BILLING: &[&str] = &[
    "IMPRESSIONS",
    "LINK_CLICKS",
    "THRUPLAY",
    "APP_INSTALLS",
    "LISTING_INTERACTION",
    "NONE",
    "OFFER_CLAIMS",
    "PAGE_LIKES",
    "POST_ENGAGEMENT",
    "PURCHASE",
];
const DESTINATIONS: &[&str] = &[
    "WEBSITE",
    "APP",
    "APPLINKS_AUTOMATIC",
    "FACEBOOK",
    "FACEBOOK_PAGE",
    "FACEBOOK_LIVE",
    "INSTAGRAM_DIRECT",
    "INSTAGRAM_LIVE",
    "INSTAGRAM_PROFILE",
    "INSTAGRAM_PROFILE_AND_FACEBOOK_PAGE",
    "MESSENGER",
    "WHATSAPP",
    "MESSAGING_INSTAGRAM_DIRECT_MESSENGER",
    "MESSAGING_INSTAGRAM_DIRECT_MESSENGER_WHATSAPP",
    "MESSAGING_INSTAGRAM_DIRECT_WHATSAPP",
    "MESSAGING_MESSENGER_WHATSAPP",
    "ON_AD",
    "ON_EVENT",
    "ON_PAGE",
    "ON_POST",
    "ON_VIDEO",
    "SHOP_AUTOMATIC",
    "IMAGINE",
    "UNDEFINED",
];
/// The goals that each objective allows, whatever the destination.
const ALLOWED: &[(&str, &[&str])] = &[
    ("OUTCOME_AWARENESS", &["AD_RECALL_LIFT", "REACH", "IMPRESSIONS", "THRUPLAY"]),
    (
        "OUTCOME_TRAFFIC",
        &[
            "LINK_CLICKS",
            "REACH",
            "LANDING_PAGE_VIEWS",
            "IMPRESSIONS",
            "QUALITY_CALL",
            "VISIT_INSTAGRAM_PROFILE",
            "PROFILE_VISIT",
        ],
    ),
    (
        "OUTCOME_ENGAGEMENT",
        &[
            "POST_ENGAGEMENT",
            "REACH",
            "PAGE_LIKES",
            "EVENT_RESPONSES",
            "IMPRESSIONS",
            "THRUPLAY",
            "CONVERSATIONS",
            "LINK_CLICKS",
            "LEAD_GENERATION",
            "OFFSITE_CONVERSIONS",
            "LANDING_PAGE_VIEWS",
            "REMINDERS_SET",
            "MESSAGING_DEEP_CONVERSATION_AND_FOLLOW",
        ],
    ),
    (
        "OUTCOME_LEADS",
        &[
            "LEAD_GENERATION",
            "QUALITY_LEAD",
            "QUALITY_CALL",
            "OFFSITE_CONVERSIONS",
            "LINK_CLICKS",
            "REACH",
            "LANDING_PAGE_VIEWS",
            "IMPRESSIONS",
            "CONVERSATIONS",
        ],
    ),
    (
        "OUTCOME_SALES",
        &[
            "OFFSITE_CONVERSIONS",
            "VALUE",
            "CONVERSATIONS",
            "QUALITY_CALL",
            "LINK_CLICKS",
            "REACH",
            "LANDING_PAGE_VIEWS",
            "IMPRESSIONS",
            "MESSAGING_PURCHASE_CONVERSION",
        ],
    ),
    (
        "OUTCOME_APP_PROMOTION",
        &["APP_INSTALLS", "LINK_CLICKS", "OFFSITE_CONVERSIONS", "APP_INSTALLS_AND_OFFSITE_CONVERSIONS", "VALUE"],
    ),
];
/// What a goal needs in `promoted_object`: one of the lists, whole.
const PROMOTED: &[(&str, &[&[&str]])] = &[
    (
        "OFFSITE_CONVERSIONS",
        &[
            &["pixel_id", "custom_event_type"],
            &["application_id", "object_store_url"],
            &["custom_conversion_id"],
            &["product_set_id"],
        ],
    ),
    ("VALUE", &[&["pixel_id", "custom_event_type"], &["application_id", "object_store_url"]]),
    ("LEAD_GENERATION", &[&["page_id"]]),
    ("QUALITY_LEAD", &[&["page_id"]]),
    ("PAGE_LIKES", &[&["page_id"]]),
    ("CONVERSATIONS", &[&["page_id"]]),
    ("APP_INSTALLS", &[&["application_id", "object_store_url"]]),
];

pub(super) const FIELDS: [Field; 26] = [
    must("name", Shape::Text(400)),
    must("campaign_id", Shape::Id).fixed(),
    must("optimization_goal", Shape::One(GOALS)),
    must("billing_event", Shape::One(BILLING)),
    must("targeting", Shape::Object),
    may("status", Shape::One(STATUSES)),
    may("daily_budget", Shape::Money),
    may("lifetime_budget", Shape::Money),
    may("bid_amount", Shape::Integer),
    may("bid_strategy", Shape::One(BID_STRATEGIES)),
    may("bid_constraints", Shape::Object),
    may("promoted_object", Shape::Object),
    may("attribution_spec", Shape::List),
    may("destination_type", Shape::One(DESTINATIONS)),
    may("start_time", Shape::Time),
    may("end_time", Shape::Time),
    may("adset_schedule", Shape::List),
    may("pacing_type", Shape::List),
    may("frequency_control_specs", Shape::List),
    may("dsa_payor", Shape::Text(512)),
    may("dsa_beneficiary", Shape::Text(512)),
    may("daily_min_spend_target", Shape::Money),
    may("daily_spend_cap", Shape::Money),
    may("is_dynamic_creative", Shape::Flag),
    may("adlabels", Shape::List),
    may("source_adset_id", Shape::Id).fixed(),
];

pub(super) fn check(
    state: &State,
    call: &Call,
    account: &Node,
    before: Option<&Node>,
    fields: &mut Map<String, Value>,
) -> Result<(), GraphError> {
    let all = merged(before, fields);
    let text = |name: &str| all.get(name).and_then(Value::as_str).unwrap_or_default();
    let campaign = text("campaign_id").parse().ok().and_then(|id| state.nodes.of_kind(id, Kind::Campaign));
    let campaign = campaign
        .filter(|campaign| campaign.owner == account.id && !campaign.is_gone())
        .ok_or_else(|| GraphError::invalid("campaign_id", "must be a campaign of this ad account"))?;
    check_money(&all, campaign)?;
    check_times(call, fields, &all)?;
    let (goal, billing) = (text("optimization_goal"), text("billing_event"));
    let objective = campaign.text("objective");
    if ALLOWED.iter().any(|(name, goals)| *name == objective && !goals.contains(&goal)) {
        let problem = format!("{goal} is not available for campaigns with the objective {objective}");
        return Err(GraphError::invalid("optimization_goal", problem));
    }
    if matches!(billing, "LINK_CLICKS" | "THRUPLAY") && billing != goal {
        let problem = format!("{billing} is only available with the optimization goal {billing}");
        return Err(GraphError::invalid("billing_event", problem));
    }
    let promoted = all.get("promoted_object").and_then(Value::as_object);
    let has_all = |names: &[&str]| promoted.is_some_and(|object| names.iter().all(|name| object.contains_key(*name)));
    if let Some((_, ways)) = PROMOTED.iter().find(|(name, _)| *name == goal)
        && !ways.iter().any(|names| has_all(names))
    {
        let ways: Vec<String> = ways.iter().map(|names| names.join(" and ")).collect();
        let problem = format!("must hold {} for the optimization goal {goal}", ways.join(", or "));
        return Err(GraphError::invalid("promoted_object", problem));
    }
    targeting::check(call, campaign, &all)?;
    audiences::check_targeting(state, account, all.get("targeting").unwrap_or(&Value::Null))?;
    if before.is_none() {
        fields.entry("start_time").or_insert_with(|| json!(clock::written(call.now)));
        fields.entry("destination_type").or_insert_with(|| json!("UNDEFINED"));
    }
    Ok(())
}

fn check_money(all: &Map<String, Value>, campaign: &Node) -> Result<(), GraphError> {
    check_budgets(all)?;
    let is_campaigns = has_budget(&campaign.fields);
    match budgets(all).next() {
        Some((name, _)) if is_campaigns => {
            let explanation = "The campaign has a budget, so its ad sets have none.";
            return Err(GraphError::refused(&refusal::BUDGET_ON_BOTH_LEVELS, explanation).blaming(name));
        }
        None if !is_campaigns => return Err(GraphError::missing("daily_budget")),
        _ => {}
    }
    if all.contains_key("lifetime_budget") && !all.contains_key("end_time") {
        return Err(GraphError::missing("end_time"));
    }
    let strategy = match all.get("bid_strategy").and_then(Value::as_str) {
        Some(strategy) => strategy,
        None => campaign.text("bid_strategy"),
    };
    let has_bid = all.contains_key("bid_amount");
    match strategy {
        "LOWEST_COST_WITH_BID_CAP" | "COST_CAP" if !has_bid => Err(GraphError::missing("bid_amount")),
        "LOWEST_COST_WITHOUT_CAP" if has_bid => {
            let explanation = "The bid strategy allows no bid amount.";
            Err(GraphError::refused(&refusal::BID_NOT_ALLOWED, explanation).blaming("bid_amount"))
        }
        _ => Ok(()),
    }
}

fn check_times(call: &Call, fields: &Map<String, Value>, all: &Map<String, Value>) -> Result<(), GraphError> {
    let time = |fields: &Map<String, Value>, name| fields.get(name).and_then(Value::as_str).and_then(clock::read);
    if time(fields, "end_time").is_some_and(|end| end <= call.now) {
        return Err(GraphError::refused(&refusal::END_IS_PAST, "The end has to be in the future.").blaming("end_time"));
    }
    match (time(all, "start_time"), time(all, "end_time")) {
        (Some(start), Some(end)) if end <= start => Err(GraphError::invalid("end_time", "must be after start_time")),
        _ => Ok(()),
    }
}
