//! <https://developers.facebook.com/docs/marketing-api/reference/ad-campaign-group/>

use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::error::{GraphError, refusal};
use super::super::nodes::Node;
use super::super::shape::{Field, Shape, may, must};
use super::{amount, check_budgets, merged};

pub(super) const STATUSES: &[&str] = &["ACTIVE", "PAUSED", "DELETED", "ARCHIVED"];
pub(super) const BID_STRATEGIES: &[&str] =
    &["LOWEST_COST_WITHOUT_CAP", "LOWEST_COST_WITH_BID_CAP", "COST_CAP", "LOWEST_COST_WITH_MIN_ROAS"];
const OBJECTIVES: &[&str] = &[
    "OUTCOME_APP_PROMOTION",
    "OUTCOME_AWARENESS",
    "OUTCOME_ENGAGEMENT",
    "OUTCOME_LEADS",
    "OUTCOME_SALES",
    "OUTCOME_TRAFFIC",
];
const CATEGORIES: &[&str] = &[
    "NONE",
    "HOUSING",
    "EMPLOYMENT",
    "CREDIT",
    "FINANCIAL_PRODUCTS_SERVICES",
    "ISSUES_ELECTIONS_POLITICS",
    "ONLINE_GAMBLING_AND_GAMING",
];
/// Removes a spending limit.
const NO_LIMIT: i64 = 922_337_203_685_478;
/// The smallest spending limit: 100 of most currencies.
const SMALLEST_SPEND_CAP: i64 = 10_000;
/// From this version on a campaign without a budget says whether its ad sets share theirs.
const SHARING_SINCE: u8 = 24;

pub(super) const FIELDS: [Field; 18] = [
    must("name", Shape::Text(400)),
    must("objective", Shape::One(OBJECTIVES)),
    must("special_ad_categories", Shape::Names(CATEGORIES)),
    may("special_ad_category_country", Shape::List),
    may("status", Shape::One(STATUSES)),
    may("buying_type", Shape::One(&["AUCTION", "RESERVED"])).fixed(),
    may("daily_budget", Shape::Money),
    may("lifetime_budget", Shape::Money),
    may("bid_strategy", Shape::One(BID_STRATEGIES)),
    may("is_adset_budget_sharing_enabled", Shape::Flag),
    may("spend_cap", Shape::Money),
    may("start_time", Shape::Time),
    may("stop_time", Shape::Time),
    may("promoted_object", Shape::Object),
    may("adlabels", Shape::List),
    may("pacing_type", Shape::List),
    may("is_skadnetwork_attribution", Shape::Flag),
    may("source_campaign_id", Shape::Id).fixed(),
];

pub(super) fn check(call: &Call, before: Option<&Node>, fields: &mut Map<String, Value>) -> Result<(), GraphError> {
    let all = merged(before, fields);
    check_budgets(&all)?;
    match amount(fields, "spend_cap") {
        Some(NO_LIMIT) => {
            fields.insert("spend_cap".into(), Value::Null);
        }
        Some(cap) if cap < SMALLEST_SPEND_CAP => {
            let explanation = format!("The spending limit has to be at least {SMALLEST_SPEND_CAP}.");
            return Err(GraphError::refused(&refusal::SPEND_CAP_TOO_LOW, explanation).blaming("spend_cap"));
        }
        _ => {}
    }
    let has_budget = has_budget(&all);
    if has_budget {
        fields
            .entry("bid_strategy")
            .or_insert_with(|| all.get("bid_strategy").cloned().unwrap_or_else(|| json!("LOWEST_COST_WITHOUT_CAP")));
    } else if all.contains_key("bid_strategy") && before.is_none() {
        let explanation = "A bid strategy belongs to the ad sets when the campaign has no budget.";
        return Err(GraphError::refused(&refusal::BID_NOT_ALLOWED, explanation).blaming("bid_strategy"));
    }
    if before.is_none() {
        if !has_budget && call.version >= SHARING_SINCE && !all.contains_key("is_adset_budget_sharing_enabled") {
            return Err(GraphError::missing("is_adset_budget_sharing_enabled"));
        }
        fields.entry("buying_type").or_insert_with(|| json!("AUCTION"));
    }
    Ok(())
}

/// Whether the budget is the campaign's, so that its ad sets have none.
pub(super) fn has_budget(fields: &Map<String, Value>) -> bool {
    fields.contains_key("daily_budget") || fields.contains_key("lifetime_budget")
}
