//! A plan as the things it makes, in the order in which they are made.

use std::collections::{BTreeMap, BTreeSet};

use acd_meta::ads::creatives::CreateCreative;
use acd_meta::ads::url_tags::Utm;
use acd_platform::ads::publications::{Planned, PublicationPlan, PublishedKind};
use serde::Serialize;
use serde_json::Value;

use crate::kernel::check;
use crate::kernel::problem::{Problem, Result};

const AD_SETS: usize = 50;
const CREATIVES: usize = 100;
const ADS: usize = 100;
const KEY_CHARS: usize = 100;
const PLAN_BYTES: usize = 512 * 1024;
/// The longest id of Meta's, in digits.
const LONGEST_DIGITS: usize = 25;

/// A thing to be made. Its object names what it needs as the plan does.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NewItem {
    pub(super) kind: PublishedKind,
    pub(super) key: String,
    pub(super) object: Value,
}

/// The things that a plan makes, and what they need of what is at Meta already.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) items: Vec<NewItem>,
    /// Ids by kind.
    pub(super) there: BTreeMap<PublishedKind, BTreeSet<String>>,
}

/// Checks a plan and puts what it makes in order: whatever a thing needs comes before it, a creative right before its first ad.
pub(super) fn check(plan: PublicationPlan) -> Result<Checked> {
    if plan.ads.is_empty() {
        return Err(check::invalid("ads", "is empty; wanted are 1 to 100 ads"));
    }
    arrange(plan)
}

/// The same without asking for an ad.
pub(super) fn arrange(plan: PublicationPlan) -> Result<Checked> {
    for (field, count, most) in [
        ("ad_sets", plan.ad_sets.len(), AD_SETS),
        ("creatives", plan.creatives.len(), CREATIVES),
        ("ads", plan.ads.len(), ADS),
    ] {
        if count > most {
            return Err(check::invalid(field, &format!("has {count} entries; wanted are at most {most}")));
        }
    }
    check_size(&plan)?;
    let mut checked = Checked::default();
    let has_campaign = plan.campaign.is_some();
    if let Some(campaign) = &plan.campaign {
        check_options("campaign", campaign.execution_options.is_some())?;
        checked.add(PublishedKind::Campaign, PublicationPlan::CAMPAIGN, campaign)?;
    }
    let ad_sets = keys("ad_sets", &plan.ad_sets)?;
    for (at, ad_set) in plan.ad_sets.iter().enumerate() {
        let place = format!("ad_sets[{at}].object");
        check_options(&place, ad_set.object.execution_options.is_some())?;
        let campaign = ad_set.object.campaign_id.as_str();
        if campaign != PublicationPlan::CAMPAIGN || !has_campaign {
            checked.there(PublishedKind::Campaign, campaign, &format!("{place}.campaign_id"))?;
        }
        checked.add(PublishedKind::AdSet, &ad_set.key, &ad_set.object)?;
    }
    let mut creatives = keys("creatives", &plan.creatives)?;
    let utm = plan.utm.unwrap_or_default();
    keys("ads", &plan.ads)?;
    for (at, ad) in plan.ads.iter().enumerate() {
        let place = format!("ads[{at}].object");
        check_options(&place, ad.object.execution_options.is_some())?;
        let ad_set = ad.object.adset_id.as_str();
        if !ad_sets.contains_key(ad_set) {
            checked.there(PublishedKind::AdSet, ad_set, &format!("{place}.adset_id"))?;
        }
        let creative = ad.object.creative.creative_id.as_str();
        match creatives.get_mut(creative) {
            Some(planned) => {
                if let Some(planned) = planned.take() {
                    checked.add(PublishedKind::Creative, creative, &tagged(&planned.object, &utm))?;
                }
            }
            None => checked.there(PublishedKind::Creative, creative, &format!("{place}.creative.creative_id"))?,
        }
        checked.add(PublishedKind::Ad, &ad.key, &ad.object)?;
    }
    if let Some((key, _)) = creatives.iter().find(|(_, planned)| planned.is_some()) {
        return Err(check::invalid("creatives", &format!("no ad shows `{key}`; leave it out or name it in an ad")));
    }
    Ok(checked)
}

impl Checked {
    fn add(&mut self, kind: PublishedKind, key: &str, object: &impl Serialize) -> Result<()> {
        let object = serde_json::to_value(object).map_err(Problem::internal)?;
        self.items.push(NewItem { kind, key: key.to_owned(), object });
        Ok(())
    }

    fn there(&mut self, kind: PublishedKind, id: &str, place: &str) -> Result<()> {
        if id.is_empty() || id.len() > LONGEST_DIGITS || !id.bytes().all(|b| b.is_ascii_digit()) {
            let why = "is neither the key of something in the plan nor the id of something at Meta";
            return Err(check::invalid(place, why));
        }
        self.there.entry(kind).or_default().insert(id.to_owned());
        Ok(())
    }
}

/// The entries of a list by their keys.
fn keys<'a, T>(field: &str, planned: &'a [Planned<T>]) -> Result<BTreeMap<&'a str, Option<&'a Planned<T>>>> {
    let mut known = BTreeMap::new();
    for (at, entry) in planned.iter().enumerate() {
        let place = format!("{field}[{at}].key");
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
        let letter_first = entry.key.starts_with(|first: char| first.is_ascii_lowercase());
        if !letter_first || entry.key.len() > KEY_CHARS || !entry.key.bytes().all(is_plain) {
            let why = "must be a lower-case letter and up to 99 of those, digits, underscores and hyphens";
            return Err(check::invalid(&place, why));
        }
        if known.insert(entry.key.as_str(), Some(entry)).is_some() {
            return Err(check::invalid(&place, "is the key of another entry too"));
        }
    }
    Ok(known)
}

/// A visit whose source nobody can tell is lost to attribution.
fn tagged(creative: &CreateCreative, utm: &Utm) -> CreateCreative {
    let url_tags = Some(utm.added_to(creative.url_tags.as_deref().unwrap_or_default()));
    CreateCreative { url_tags, ..creative.clone() }
}

/// A creation that is carried out in another way may answer without an id.
fn check_options(place: &str, has_options: bool) -> Result<()> {
    if has_options {
        return Err(check::invalid(&format!("{place}.execution_options"), "cannot be given in a plan"));
    }
    Ok(())
}

fn check_size(plan: &PublicationPlan) -> Result<()> {
    match serde_json::to_value(plan).map_err(Problem::internal)? {
        Value::Object(plan) => check::object("plan", &plan, PLAN_BYTES),
        _ => Err(Problem::internal("a plan is an object")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(value: Value) -> PublicationPlan {
        serde_json::from_value(value).unwrap()
    }

    fn small() -> Value {
        json!({
            "campaign": { "name": "C", "objective": "OUTCOME_TRAFFIC", "special_ad_categories": [] },
            "ad_sets": [{ "key": "us", "object": { "name": "US", "campaign_id": "campaign", "optimization_goal": "LINK_CLICKS",
                "billing_event": "IMPRESSIONS", "targeting": {} } }],
            "creatives": [{ "key": "b", "object": {} }, { "key": "a", "object": { "url_tags": "utm_source=x" } }],
            "ads": [
                { "key": "one", "object": { "name": "1", "adset_id": "us", "creative": { "creative_id": "a" } } },
                { "key": "two", "object": { "name": "2", "adset_id": "17", "creative": { "creative_id": "a" } } },
                { "key": "three", "object": { "name": "3", "adset_id": "us", "creative": { "creative_id": "b" } } },
                { "key": "four", "object": { "name": "4", "adset_id": "us", "creative": { "creative_id": "18" } } },
            ],
            "utm": { "source": "meta", "medium": "paid", "campaign": "{{campaign.id}}" },
        })
    }

    #[test]
    fn what_a_thing_needs_comes_before_it() {
        let checked = check(plan(small())).unwrap();
        let order: Vec<_> = checked.items.iter().map(|item| (item.kind.as_str(), item.key.as_str())).collect();
        let expected = [
            ("campaign", "campaign"),
            ("ad_set", "us"),
            ("creative", "a"),
            ("ad", "one"),
            ("ad", "two"),
            ("creative", "b"),
            ("ad", "three"),
            ("ad", "four"),
        ];
        assert_eq!(order, expected);
        let there: Vec<_> = checked.there.iter().map(|(kind, ids)| (kind.as_str(), ids.len())).collect();
        assert_eq!(there, [("ad_set", 1), ("creative", 1)]);
        assert_eq!(
            checked.items[2].object["url_tags"], "utm_source=x&utm_medium=paid&utm_campaign={{campaign.id}}",
            "what the creative says stays"
        );
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        let wrong = |change: &dyn Fn(&mut Value)| {
            let mut value = small();
            change(&mut value);
            check(plan(value)).unwrap_err().detail.into_owned()
        };
        for (change, told) in [
            (&(|plan: &mut Value| plan["ads"] = json!([])) as &dyn Fn(&mut Value), "ads: is empty"),
            (&|plan| plan["campaign"] = Value::Null, "ad_sets[0].object.campaign_id: is neither"),
            (&|plan| plan["ads"][1]["object"]["adset_id"] = json!("de"), "ads[1].object.adset_id: is neither"),
            (&|plan| plan["ads"][1]["key"] = json!("one"), "ads[1].key: is the key of another"),
            (&|plan| plan["ads"][1]["key"] = json!("1"), "ads[1].key: must be"),
            (&|plan| plan["ads"][2]["object"]["creative"]["creative_id"] = json!("a"), "creatives: no ad shows `b`"),
            (&|plan| plan["ads"][0]["object"]["name"] = json!("a\0b"), "plan: contains a NUL"),
            (
                &|plan| plan["campaign"]["execution_options"] = json!(["validate_only"]),
                "campaign.execution_options: cannot",
            ),
            (&|plan| plan["campaign"]["name"] = json!("x".repeat(PLAN_BYTES)), "plan: has"),
            (&|plan| plan["ads"] = json!(vec![plan["ads"][0].clone(); 101]), "ads: has 101 entries"),
        ] {
            let detail = wrong(change);
            assert!(detail.starts_with(told), "{detail}");
        }
    }
}
