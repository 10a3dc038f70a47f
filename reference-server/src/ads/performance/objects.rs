//! What was changed at Meta past the hub: campaigns, ad sets and ads are read by the time of their last change, and compared
//! with what they were.

use std::collections::{HashMap, HashSet};

use acd_core::paging::Pages;
use acd_meta::ads::EffectiveStatus;
use acd_meta::ads::ad_sets::{AdSet, AdSetFields, ListAdSets};
use acd_meta::ads::ads::{Ad, AdFields, ListAds};
use acd_meta::ads::campaigns::{Campaign, CampaignFields, ListCampaigns};
use acd_meta::{AdAccountId, Filter, FilterOperator, MetaClient, MinorUnits, Timestamp};
use acd_platform::AdChangeId;
use acd_platform::ads::changes::{AdChange, ChangedField, ChangedKind};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::account::Account;
use super::service::Performance;
use super::store::objects::{ObjectKind, Seen, StateRow};
use super::store::own::OwnRow;
use super::store::{account as account_store, changes as change_store, objects as store, own as own_store};
use crate::ads::problem;
use crate::kernel::db::Tx;
use crate::kernel::outbox;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// Objects of one page.
const PAGE: u32 = 200;
/// Meta's lists are a little behind its objects: this much is read again.
const OVERLAP: TimeDelta = TimeDelta::minutes(10);
/// Replicas' clocks differ by less than this.
const SKEW: TimeDelta = TimeDelta::seconds(5);
/// A change of the hub's own whose outcome nobody knows does not come to light after this time any more.
const OWN_KEPT: TimeDelta = TimeDelta::days(2);

type ValueOf<T> = fn(&T) -> &Option<String>;

/// The field to compare and where its values stand.
const FIELDS: [(ChangedField, ValueOf<Seen>, ValueOf<StateRow>); 4] = [
    (ChangedField::Name, |seen| &seen.name, |state| &state.name),
    (ChangedField::Status, |seen| &seen.status, |state| &state.status),
    (ChangedField::DailyBudget, |seen| &seen.daily_budget, |state| &state.daily_budget),
    (ChangedField::LifetimeBudget, |seen| &seen.lifetime_budget, |state| &state.lifetime_budget),
];

impl Performance {
    /// Reads what changed in an account, and gives how many changes were made past the hub. Campaigns come first: what is
    /// gone with its campaign is no change of its own.
    pub(super) async fn read_objects(&self, meta: &MetaClient, account: &Account) -> Result<usize> {
        let id = &account.id;
        let filters = self.filters(id, ObjectKind::Campaign, "campaign").await?;
        let fields = CampaignFields::new().name().status().daily_budget().lifetime_budget().updated_time();
        let query = ListCampaigns {
            effective_status: statuses(ObjectKind::Campaign),
            filtering: filters,
            ..ListCampaigns::of(fields).limit(PAGE)
        };
        let pages = meta.campaigns().list_all(id, query).pages();
        let mut found = self.read_kind(account, ObjectKind::Campaign, pages, campaign).await?;

        let filters = self.filters(id, ObjectKind::AdSet, "adset").await?;
        let fields = AdSetFields::new().campaign_id().name().status().daily_budget().lifetime_budget().updated_time();
        let query = ListAdSets {
            effective_status: statuses(ObjectKind::AdSet),
            filtering: filters,
            ..ListAdSets::of(fields).limit(PAGE)
        };
        let pages = meta.ad_sets().list_all(id, query).pages();
        found += self.read_kind(account, ObjectKind::AdSet, pages, ad_set).await?;

        let filters = self.filters(id, ObjectKind::Ad, "ad").await?;
        let fields = AdFields::new().campaign_id().adset_id().name().status().creative().updated_time();
        let query = ListAds {
            effective_status: statuses(ObjectKind::Ad),
            filtering: filters,
            ..ListAds::of(fields).limit(PAGE)
        };
        let pages = meta.ads().list_all(id, query).pages();
        Ok(found + self.read_kind(account, ObjectKind::Ad, pages, ad).await?)
    }

    async fn filters(&self, account: &AdAccountId, kind: ObjectKind, prefix: &str) -> Result<Vec<Filter>> {
        let mut tx = self.as_service().await?;
        let until = account_store::until(&mut tx, &account.to_string(), kind).await?;
        tx.commit().await?;
        let field = format!("{prefix}.updated_time");
        let filter =
            |until: DateTime<Utc>| Filter::new(field, FilterOperator::GreaterThan, (until - OVERLAP).timestamp());
        Ok(until.map(filter).into_iter().collect())
    }

    async fn read_kind<T>(
        &self,
        account: &Account,
        kind: ObjectKind,
        mut pages: Pages<T>,
        see: fn(T) -> Seen,
    ) -> Result<usize> {
        let (mut found, mut until) = (0, None);
        loop {
            let began = self.clock.now();
            let Some(page) = pages.next().await.map_err(problem::of)? else { break };
            let seen: Vec<Seen> = page.items.into_iter().map(see).collect();
            until = seen.iter().filter_map(|seen| seen.updated_time).max().max(until);
            found += self.compare(account, kind, seen, began).await?;
        }
        if let Some(until) = until {
            let mut tx = self.as_service().await?;
            account_store::set_until(&mut tx, &account.id.to_string(), kind, until).await?;
            tx.commit().await?;
        }
        Ok(found)
    }

    /// Stores a page of objects with what was changed past the hub, all in one transaction.
    async fn compare(
        &self,
        account: &Account,
        kind: ObjectKind,
        seen: Vec<Seen>,
        began: DateTime<Utc>,
    ) -> Result<usize> {
        let ids: Vec<String> = seen.iter().map(|seen| seen.object_id.clone()).collect();
        let above: Vec<String> =
            seen.iter().flat_map(|seen| [&seen.campaign_id, &seen.ad_set_id]).flatten().cloned().collect();
        let mut tx = self.as_service().await?;
        let states = store::lock(&mut tx, &ids).await?;
        let states: HashMap<&str, &StateRow> = states.iter().map(|row| (row.object_id.as_str(), row)).collect();
        let own = own_store::of(&mut tx, &ids).await?;
        let gone: HashSet<(String, String)> = store::gone(&mut tx, &above).await?.into_iter().collect();
        let mut changes = Vec::new();
        for seen in &seen {
            let Some(state) = states.get(seen.object_id.as_str()).filter(|state| !is_older(seen, began, state)) else {
                continue;
            };
            for (field, now, before) in FIELDS {
                let own = own.iter().filter(|own| own.object_id == seen.object_id);
                let Some(before) = changed(field, now(seen), before(state), own, began) else { continue };
                if !(field == ChangedField::Status && is_gone_with_parent(seen, &gone)) {
                    changes.push((field, seen, before));
                }
            }
        }
        let known: Vec<&Seen> = seen
            .iter()
            .filter(|seen| states.get(seen.object_id.as_str()).is_none_or(|state| !is_older(seen, began, state)))
            .collect();
        let rows = serde_json::to_value(&known).map_err(Problem::internal)?;
        let products = store::upsert(&mut tx, &account.id.to_string(), kind, &rows, began).await?;
        let products: HashMap<String, Option<String>> = products.into_iter().collect();
        let count = changes.len();
        for (field, seen, before) in changes {
            let product = products.get(&seen.object_id).cloned().flatten();
            let change = AdChange {
                id: AdChangeId::from(Uuid::now_v7()),
                account: account.id.clone(),
                product: product.map(|slug| slug.parse()).transpose().map_err(Problem::internal)?,
                kind: wire_kind(kind),
                object_id: seen.object_id.clone(),
                field,
                old_value: before,
                new_value: FIELDS.iter().find(|known| known.0 == field).and_then(|(_, now, _)| now(seen).clone()),
                changed_at: seen.updated_time,
                detected_at: began,
            };
            change_store::insert(&mut tx, &change).await?;
            announce(&mut tx, &change).await?;
        }
        own_store::clear(&mut tx, &ids, began - SKEW, began - OWN_KEPT).await?;
        tx.commit().await?;
        Ok(count)
    }
}

/// Whether an object was read before what is known of it: by a worker that lost its lease, or from a copy that lags behind.
fn is_older(seen: &Seen, began: DateTime<Utc>, state: &StateRow) -> bool {
    state.read_at > began || seen.updated_time < state.updated_time
}

/// The value before, when somebody else set the one that is there now.
fn changed<'a>(
    field: ChangedField,
    now: &Option<String>,
    stored: &Option<String>,
    own: impl Iterator<Item = &'a OwnRow>,
    began: DateTime<Utc>,
) -> Option<Option<String>> {
    let (mut before, mut may_be) = (stored.clone(), Vec::new());
    for (value, settled_at) in own.filter_map(|own| Some((own.fields.0.get(field.as_str())?, own.settled_at))) {
        if settled_at.is_some_and(|at| at < began - SKEW) {
            // What was read is newer than this change.
            before = Some(value.clone());
            may_be.clear();
        } else {
            may_be.push(value);
        }
    }
    let is_ours = *now == before || now.as_ref().is_some_and(|now| may_be.contains(&now));
    (!is_ours).then_some(before)
}

/// What is deleted or archived with its campaign or ad set was not changed by itself.
fn is_gone_with_parent(seen: &Seen, gone: &HashSet<(String, String)>) -> bool {
    let Some(status) = &seen.status else { return false };
    [&seen.campaign_id, &seen.ad_set_id].into_iter().flatten().any(|id| gone.contains(&(id.clone(), status.clone())))
}

async fn announce(tx: &mut Tx, change: &AdChange) -> Result<()> {
    let payload = json!({
        "id": change.id, "account": change.account, "kind": change.kind, "object_id": change.object_id,
        "field": change.field, "old_value": change.old_value, "new_value": change.new_value,
    });
    outbox::push(tx, "ads.changed_outside", change.product.as_ref(), &payload, &RequestId::new()).await
}

fn wire_kind(kind: ObjectKind) -> ChangedKind {
    match kind {
        ObjectKind::Campaign => ChangedKind::Campaign,
        ObjectKind::AdSet => ChangedKind::AdSet,
        ObjectKind::Ad => ChangedKind::Ad,
    }
}

/// Every status that a kind may have: unasked, Meta leaves out what is deleted or archived.
fn statuses(kind: ObjectKind) -> Vec<EffectiveStatus> {
    use EffectiveStatus::{Active, AdSetPaused, Archived, CampaignPaused, Deleted, InProcess, Paused, WithIssues};
    let common = [Active, Paused, InProcess, WithIssues, Archived, Deleted];
    let more = match kind {
        ObjectKind::Campaign => vec![],
        ObjectKind::AdSet => vec![CampaignPaused],
        ObjectKind::Ad => vec![
            CampaignPaused,
            AdSetPaused,
            EffectiveStatus::PendingReview,
            EffectiveStatus::PendingBillingInfo,
            EffectiveStatus::Preapproved,
            EffectiveStatus::Disapproved,
        ],
    };
    common.into_iter().chain(more).collect()
}

/// No budget is written as none or as 0.
fn budget(amount: Option<MinorUnits>) -> Option<String> {
    amount.filter(|amount| amount.0 != 0).map(|amount| amount.to_string())
}

fn time(time: Option<Timestamp>) -> Option<DateTime<Utc>> {
    time.map(|time| time.0.to_utc())
}

fn campaign(campaign: Campaign) -> Seen {
    Seen {
        object_id: campaign.id.to_string(),
        campaign_id: None,
        ad_set_id: None,
        creative_id: None,
        name: campaign.name,
        status: campaign.status.map(|status| status.to_string()),
        daily_budget: budget(campaign.daily_budget),
        lifetime_budget: budget(campaign.lifetime_budget),
        updated_time: time(campaign.updated_time),
    }
}

fn ad_set(ad_set: AdSet) -> Seen {
    Seen {
        object_id: ad_set.id.to_string(),
        campaign_id: ad_set.campaign_id.map(|id| id.to_string()),
        ad_set_id: None,
        creative_id: None,
        name: ad_set.name,
        status: ad_set.status.map(|status| status.to_string()),
        daily_budget: budget(ad_set.daily_budget),
        lifetime_budget: budget(ad_set.lifetime_budget),
        updated_time: time(ad_set.updated_time),
    }
}

fn ad(ad: Ad) -> Seen {
    Seen {
        object_id: ad.id.to_string(),
        campaign_id: ad.campaign_id.map(|id| id.to_string()),
        ad_set_id: ad.adset_id.map(|id| id.to_string()),
        creative_id: ad.creative.map(|creative| creative.id.to_string()),
        name: ad.name,
        status: ad.status.map(|status| status.to_string()),
        daily_budget: None,
        lifetime_budget: None,
        updated_time: time(ad.updated_time),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sqlx::types::Json;

    use super::*;

    fn own(value: &str, settled_seconds_ago: Option<i64>, now: DateTime<Utc>) -> OwnRow {
        OwnRow {
            object_id: "1".to_owned(),
            fields: Json(BTreeMap::from([("status".to_owned(), value.to_owned())])),
            settled_at: settled_seconds_ago.map(|seconds| now - TimeDelta::seconds(seconds)),
        }
    }

    #[test]
    fn a_value_is_somebody_elses_when_neither_stored_nor_set_by_us() {
        let began = DateTime::<Utc>::UNIX_EPOCH;
        let text = |text: &str| Some(text.to_owned());
        for (own, now, before) in [
            (vec![], "ACTIVE", None),
            (vec![], "PAUSED", Some("ACTIVE")),
            // Ours, done, under way, or of unknown outcome.
            (vec![own("PAUSED", Some(60), began)], "PAUSED", None),
            (vec![own("PAUSED", Some(0), began)], "PAUSED", None),
            (vec![own("PAUSED", None, began)], "PAUSED", None),
            (vec![own("PAUSED", None, began)], "ACTIVE", None),
            // Taken back by somebody after ours was done for sure.
            (vec![own("PAUSED", Some(60), began)], "ACTIVE", Some("PAUSED")),
            (vec![own("PAUSED", Some(60), began)], "DELETED", Some("PAUSED")),
            // Of two of ours the later counts.
            (vec![own("PAUSED", Some(90), began), own("ACTIVE", Some(60), began)], "PAUSED", Some("ACTIVE")),
            (vec![own("PAUSED", None, began), own("ACTIVE", Some(60), began)], "ACTIVE", None),
        ] {
            let found = changed(ChangedField::Status, &text(now), &text("ACTIVE"), own.iter(), began);
            assert_eq!(found, before.map(text), "{own:?} {now}");
        }
    }

    #[test]
    fn no_budget_has_one_form() {
        assert_eq!([budget(None), budget(Some(MinorUnits(0)))], [None, None]);
        assert_eq!(budget(Some(MinorUnits(700))).as_deref(), Some("700"));
    }
}
