//! Copies of campaigns: read at Meta, and made anew as a publication. Meta's own copying takes three objects at once, and a copy
//! whose answer is lost cannot be told from the next one.

use acd_meta::CampaignId;
use acd_meta::ads::Status;
use acd_meta::ads::ad_sets::AdSetFields;
use acd_meta::ads::ads::AdFields;
use acd_meta::ads::campaigns::CampaignFields;
use acd_platform::ads::publications::{CloneCampaign, Publication, PublicationPlan};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::plan;
use super::service::{Asked, Publishing, repeated};
use crate::ads::problem;
use crate::kernel::check;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};

/// One more than a plan has, so that too many are noticed.
const AD_SETS: &str = "adsets.limit(51)";
const ADS: &str = "ads.limit(101)";

/// What a copied campaign has of its original.
const OF_CAMPAIGN: &[&str] = &[
    "name",
    "objective",
    "special_ad_categories",
    "special_ad_category_country",
    "buying_type",
    "daily_budget",
    "lifetime_budget",
    "bid_strategy",
    "spend_cap",
    "is_adset_budget_sharing_enabled",
    "promoted_object",
];
/// What a copied ad set has of its original, beside its times.
const OF_AD_SET: &[&str] = &[
    "name",
    "status",
    "optimization_goal",
    "billing_event",
    "targeting",
    "daily_budget",
    "lifetime_budget",
    "bid_amount",
    "bid_strategy",
    "bid_constraints",
    "promoted_object",
    "attribution_spec",
    "destination_type",
    "adset_schedule",
    "pacing_type",
    "frequency_control_specs",
    "dsa_payor",
    "dsa_beneficiary",
    "daily_min_spend_target",
    "daily_spend_cap",
    "lifetime_min_spend_target",
    "lifetime_spend_cap",
    "is_dynamic_creative",
];
/// Those that Meta is asked for by name.
const MORE_OF_AD_SET: &[&str] = &[
    "bid_constraints",
    "adset_schedule",
    "pacing_type",
    "frequency_control_specs",
    "dsa_payor",
    "dsa_beneficiary",
    "daily_min_spend_target",
    "daily_spend_cap",
    "lifetime_min_spend_target",
    "lifetime_spend_cap",
    "is_dynamic_creative",
];
/// What a copied ad has of its original.
const OF_AD: &[&str] = &["name", "status", "tracking_specs", "conversion_domain"];

impl Publishing {
    /// Accepts a copy of a campaign of the caller's; true when it is new.
    pub(super) async fn clone_campaign(
        &self,
        principal: &Principal,
        id: &str,
        how: &CloneCampaign,
        key: Option<&str>,
    ) -> Result<(Publication, bool)> {
        if let Some(name) = &how.name {
            check::text("name", name, 1..=400)?;
        }
        let place = self.ads.place(principal, id, Some("campaign")).await?;
        let asked = serde_json::to_vec(&("clone", id, how)).map_err(Problem::internal)?;
        let hash = Sha256::digest(&asked);
        let mut tx = self.ads.db.scoped(principal).await?;
        if let Some(made) = repeated(&mut tx, &place.product, key, &hash).await? {
            return Ok((made, false));
        }
        tx.commit().await?;
        let fields = CampaignFields::all().edge(AD_SETS, &ad_set_fields());
        let source = place.meta.campaigns().get(&CampaignId::from(id), &fields).await.map_err(problem::of)?;
        let source = serde_json::to_value(source).map_err(Problem::internal)?;
        let checked = plan::arrange(copied(&source, how, self.clock.now())?)?;
        let asked = Asked {
            product: &place.product,
            account: &place.account,
            name: how.name.as_deref().and_then(short),
            template: None,
            source: Some(id),
            key,
            hash: &hash,
        };
        let tx = self.ads.db.scoped(principal).await?;
        self.accept(tx, asked, &checked, &principal.request_id).await
    }
}

fn ad_set_fields() -> AdSetFields {
    let fields = MORE_OF_AD_SET.iter().fold(AdSetFields::all(), |fields, name| fields.named(name));
    fields.edge(ADS, &AdFields::new().name().status().creative().tracking_specs().conversion_domain())
}

/// A publication's name is shorter than a campaign's may be.
fn short(name: &str) -> Option<&str> {
    Some(name.char_indices().nth(200).map_or(name, |(end, _)| &name[..end]))
}

/// The plan of a copy.
fn copied(source: &Value, how: &CloneCampaign, now: DateTime<Utc>) -> Result<PublicationPlan> {
    let mut campaign = taken(source, OF_CAMPAIGN);
    campaign.insert("status".to_owned(), json!(how.status.clone().unwrap_or(Status::Paused)));
    if let Some(name) = &how.name {
        campaign.insert("name".to_owned(), json!(name));
    }
    let has_budget = ["daily_budget", "lifetime_budget"].iter().any(|budget| campaign.contains_key(*budget));
    if !has_budget {
        campaign.entry("is_adset_budget_sharing_enabled").or_insert(json!(false));
    }
    let (mut ad_sets, mut ads) = (Vec::new(), Vec::new());
    for (at, original) in listed(source, "adsets").enumerate() {
        let key = format!("set-{}", at + 1);
        ad_sets.push(json!({ "key": key, "object": ad_set(original, how, has_budget, now) }));
        for original in listed(original, "ads") {
            let creative = original.pointer("/creative/id").cloned().unwrap_or_default();
            let mut ad = taken(original, OF_AD);
            runnable(&mut ad);
            ad.insert("adset_id".to_owned(), json!(key));
            ad.insert("creative".to_owned(), json!({ "creative_id": creative }));
            ads.push(json!({ "key": format!("ad-{}", ads.len() + 1), "object": ad }));
        }
    }
    let plan = json!({ "campaign": campaign, "ad_sets": ad_sets, "ads": ads });
    serde_json::from_value(plan).map_err(|error| {
        let detail = "Meta does not tell enough of this campaign to copy it; old kinds of campaigns cannot be copied";
        Problem::invalid("campaign_not_copyable", detail).with_cause(error)
    })
}

fn ad_set(original: &Value, how: &CloneCampaign, has_budget: bool, now: DateTime<Utc>) -> Map<String, Value> {
    let mut ad_set = taken(original, OF_AD_SET);
    runnable(&mut ad_set);
    if has_budget {
        // Said on the campaign, and told of each ad set.
        ad_set.remove("bid_strategy");
    }
    if let Some(targeting) = ad_set.get_mut("targeting").and_then(Value::as_object_mut) {
        writable(targeting);
    }
    ad_set.insert("campaign_id".to_owned(), json!(PublicationPlan::CAMPAIGN));
    let end = original.get("end_time").filter(|end| is_ahead(end, now));
    for (name, time) in [
        ("start_time", how.start_time.as_ref().map(|time| json!(time))),
        ("end_time", how.end_time.as_ref().map(|time| json!(time)).or_else(|| end.cloned())),
    ] {
        if let Some(time) = time {
            ad_set.insert(name.to_owned(), time);
        }
    }
    ad_set
}

/// These members, where they say something: Meta writes 0 for a budget that is not there.
fn taken(original: &Value, names: &[&str]) -> Map<String, Value> {
    let member = |name: &&str| {
        let value = original.get(*name)?;
        let is_nothing = value.is_null() || value == "0" || value == 0;
        (!is_nothing).then(|| ((*name).to_owned(), value.clone()))
    };
    names.iter().filter_map(member).collect()
}

/// What is created runs or is paused.
fn runnable(object: &mut Map<String, Value>) {
    if object.get("status").is_none_or(|status| status != Status::Active.as_str()) {
        object.insert("status".to_owned(), json!(Status::Paused));
    }
}

/// Without what Meta tells of targeting and does not take.
fn writable(targeting: &mut Map<String, Value>) {
    targeting.retain(|name, _| !name.starts_with("effective_"));
    for places in ["geo_locations", "excluded_geo_locations"] {
        if let Some(places) = targeting.get_mut(places).and_then(Value::as_object_mut) {
            places.remove("location_types");
        }
    }
}

fn is_ahead(time: &Value, now: DateTime<Utc>) -> bool {
    serde_json::from_value::<acd_meta::Timestamp>(time.clone()).is_ok_and(|time| time.0 > now)
}

fn listed<'a>(object: &'a Value, edge: &str) -> impl Iterator<Item = &'a Value> {
    object.get(edge).and_then(|list| list.get("data")).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Value {
        json!({
            "id": "1", "name": "Original", "objective": "OUTCOME_SALES", "status": "ACTIVE", "special_ad_categories": [],
            "daily_budget": "0", "lifetime_budget": "0", "spend_cap": null, "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
            "source_campaign_id": "0", "budget_remaining": "12",
            "adsets": { "data": [{
                "id": "2", "name": "Set", "status": "ARCHIVED", "optimization_goal": "LINK_CLICKS", "billing_event": "IMPRESSIONS",
                "daily_budget": "1000", "bid_strategy": "LOWEST_COST_WITHOUT_CAP", "end_time": "2026-01-05T10:00:00+0000",
                "targeting": { "geo_locations": { "countries": ["US"], "location_types": ["home"] },
                    "effective_device_platforms": ["mobile"] },
                "ads": { "data": [{ "id": "3", "name": "Ad", "status": "ACTIVE", "creative": { "id": "4" } }] },
            }] },
        })
    }

    fn at(time: &str) -> DateTime<Utc> {
        time.parse().unwrap()
    }

    #[test]
    fn a_copy_has_what_can_be_said_anew() {
        let how = CloneCampaign { name: Some("Copy".to_owned()), ..CloneCampaign::default() };
        let plan = serde_json::to_value(copied(&source(), &how, at("2026-01-01T00:00:00Z")).unwrap()).unwrap();
        let campaign = json!({
            "name": "Copy", "objective": "OUTCOME_SALES", "special_ad_categories": [], "status": "PAUSED",
            "bid_strategy": "LOWEST_COST_WITHOUT_CAP", "is_adset_budget_sharing_enabled": false,
        });
        assert_eq!(plan["campaign"], campaign);
        let ad_set = &plan["ad_sets"][0]["object"];
        assert_eq!(ad_set["targeting"], json!({ "geo_locations": { "countries": ["US"] } }));
        assert_eq!((&ad_set["status"], &ad_set["campaign_id"]), (&json!("PAUSED"), &json!("campaign")));
        assert!(ad_set.get("end_time").is_some());
        let ad = json!({ "name": "Ad", "status": "ACTIVE", "adset_id": "set-1", "creative": { "creative_id": "4" } });
        assert_eq!(plan["ads"][0]["object"], ad);
    }

    #[test]
    fn an_end_that_is_past_is_left_out() {
        let plan = copied(&source(), &CloneCampaign::default(), at("2026-01-06T00:00:00Z")).unwrap();
        assert!(plan.ad_sets[0].object.end_time.is_none());
    }

    #[test]
    fn what_cannot_be_said_anew_is_refused() {
        let mut old = source();
        old["objective"] = Value::Null;
        let refused = copied(&old, &CloneCampaign::default(), at("2026-01-01T00:00:00Z")).unwrap_err();
        assert_eq!(refused.code, "campaign_not_copyable");
    }
}
