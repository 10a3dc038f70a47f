//! Daily figures as the API shows them.

use acd_meta::{AdAccountId, AdId, AdSetId, CampaignId};
use acd_platform::ProductSlug;
use acd_platform::ads::daily::{AdFigures, DailyInsight, DailyInsights, DailyLevel, ListDailyInsights};
use chrono::{Datelike, Days, NaiveDate, TimeDelta, Utc};

use super::figures::PURCHASE;
use super::fresh::{FRESH, Freshness};
use super::service::Performance;
use super::store::daily::{self as store, DailyRow, Filter};
use crate::ads::Ads;
use crate::kernel::paging;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};

/// The longest time that is reported on.
const MOST_DAYS: i64 = 366;
/// After a reading failed, callers may ask again soon.
const STALE: TimeDelta = TimeDelta::seconds(30);

/// The days that a request is about.
pub(super) fn days(
    since: Option<NaiveDate>,
    until: Option<NaiveDate>,
    today: NaiveDate,
    usual: u64,
) -> Result<(NaiveDate, NaiveDate)> {
    let until = until.unwrap_or(today);
    let since = since.or_else(|| until.checked_sub_days(Days::new(usual - 1))).unwrap_or(until);
    // Years of four digits: those that every database and every other program has.
    let is_usual = |day: NaiveDate| (1..=9_999).contains(&day.year());
    if is_usual(until) && (0..=MOST_DAYS).contains(&(until - since).num_days()) {
        return Ok((since, until));
    }
    Err(Problem::bad_request(
        "invalid_query",
        "since: must not be after until, nor more than 366 days before it, in the years 1 to 9999",
    ))
}

/// The type of action that counts as a conversion.
pub(super) fn conversion(asked: Option<String>) -> Result<String> {
    let asked = asked.unwrap_or_else(|| PURCHASE.to_owned());
    let is_type = (1..=100).contains(&asked.len())
        && asked.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':'));
    if is_type {
        return Ok(asked);
    }
    Err(Problem::bad_request("invalid_query", "conversion: must be one of Meta's types of actions, such as lead"))
}

/// For how long an answer is good.
pub(super) fn max_age(freshness: Freshness, now: chrono::DateTime<Utc>) -> TimeDelta {
    match freshness.as_of {
        _ if freshness.is_stale => STALE,
        // Days that no reading of the last days changes.
        Some(as_of) if now - as_of > FRESH => FRESH,
        Some(as_of) => FRESH - (now - as_of),
        None => TimeDelta::zero(),
    }
}

/// Whose ads a request is about.
struct Scope {
    product: Option<ProductSlug>,
    accounts: Vec<AdAccountId>,
}

impl Performance {
    /// A page of daily figures, and for how long it is good.
    pub(super) async fn daily(
        &self,
        principal: &Principal,
        query: ListDailyInsights,
    ) -> Result<(DailyInsights, TimeDelta)> {
        let now = self.clock.now();
        let level = query.level.unwrap_or(DailyLevel::Product);
        let limit = paging::limit(query.limit, 200, 1_000)?;
        let (since, until) = days(query.since, query.until, now.date_naive(), 7)?;
        let conversion = conversion(query.conversion)?;
        let after = query.cursor.as_deref().map(read_cursor).transpose()?;
        let scope = self.scope(principal, level, query.product, query.account, query.campaign.as_ref()).await?;
        let stored = if level == DailyLevel::Product { DailyLevel::Campaign } else { level };
        let meta = self.ads.meta()?;
        let client = |account: &AdAccountId| {
            Ok(match &scope.product {
                Some(product) => meta.on_behalf(product, account),
                None => meta.in_background(account),
            })
        };
        let freshness = self.fresh(client, &scope.accounts, stored, until).await?;
        let accounts: Vec<String> = scope.accounts.iter().map(ToString::to_string).collect();
        let campaign = query.campaign.map(|id| id.to_string());
        let filter = Filter {
            level: stored.as_str(),
            is_summed: level == DailyLevel::Product,
            product: scope.product.as_ref(),
            accounts: &accounts,
            campaign: campaign.as_deref(),
            since,
            until,
            conversion: &conversion,
            after: after.as_ref().map(|(day, account, object)| (*day, account.as_str(), object.as_str())),
            rows: limit + 1,
        };
        let mut tx = self.db().scoped(principal).await?;
        let mut rows = store::list(&mut tx, &filter).await?;
        tx.commit().await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor =
            rows.last().filter(|_| has_more).map(|row| format!("{}.{}.{}", row.day, row.account, row.object));
        let data = rows.into_iter().map(|row| shown(level, row)).collect::<Result<_>>()?;
        Ok((DailyInsights { data, next_cursor, as_of: freshness.as_of }, max_age(freshness, now)))
    }

    async fn scope(
        &self,
        principal: &Principal,
        level: DailyLevel,
        product: Option<ProductSlug>,
        account: Option<AdAccountId>,
        campaign: Option<&CampaignId>,
    ) -> Result<Scope> {
        if level == DailyLevel::Account {
            if !principal.is_admin() {
                return Err(Problem::forbidden(
                    "account_totals",
                    "the figures of a whole ad account hold those of other products; ask for the level product",
                ));
            }
            let account = account.ok_or_else(|| {
                Problem::invalid("account_required", "account: name the ad account whose figures are meant")
            })?;
            let mut tx = self.db().scoped(principal).await?;
            let in_use = super::store::account::in_use(&mut tx).await?;
            tx.commit().await?;
            if !in_use.contains(&account.to_string()) {
                return Err(Problem::not_found("ad account in use"));
            }
            return Ok(Scope { product: None, accounts: vec![account] });
        }
        let product = Ads::product(principal, product)?;
        let mut tx = self.db().scoped(principal).await?;
        let accounts = Self::accounts(&mut tx, &product, account).await?;
        if let Some(campaign) = campaign
            && !store::has_campaign(&mut tx, campaign.as_str()).await?
        {
            return Err(Problem::not_found("campaign"));
        }
        tx.commit().await?;
        Ok(Scope { product: Some(product), accounts })
    }
}

fn shown(level: DailyLevel, row: DailyRow) -> Result<DailyInsight> {
    let is = |wanted: DailyLevel| level == wanted;
    let has_campaign = matches!(level, DailyLevel::Campaign | DailyLevel::AdSet | DailyLevel::Ad);
    let has_ad_set = matches!(level, DailyLevel::AdSet | DailyLevel::Ad);
    Ok(DailyInsight {
        day: row.day,
        account: AdAccountId::from(row.account.as_str()),
        product: row.product.map(|slug| slug.parse()).transpose().map_err(Problem::internal)?,
        campaign_id: row.campaign_id.filter(|_| has_campaign).map(CampaignId::from),
        ad_set_id: row.ad_set_id.filter(|_| has_ad_set).map(AdSetId::from),
        ad_id: is(DailyLevel::Ad).then(|| AdId::from(row.object)),
        figures: AdFigures::from(row.sums),
    })
}

fn read_cursor(cursor: &str) -> Result<(NaiveDate, String, String)> {
    let read = || {
        let (day, rest) = cursor.split_once('.')?;
        let (account, object) = rest.split_once('.')?;
        Some((day.parse().ok()?, account.to_owned(), object.to_owned()))
    };
    read().ok_or_else(|| {
        Problem::bad_request("invalid_cursor", "cursor: give back next_cursor of the page before, unchanged")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_the_usual_ones_unless_told_and_never_too_many() {
        let today = day("2026-03-10");
        assert_eq!(days(None, None, today, 7).unwrap(), (day("2026-03-04"), today));
        assert_eq!(days(None, Some(day("2026-01-31")), today, 28).unwrap(), (day("2026-01-04"), day("2026-01-31")));
        assert!(days(Some(day("2026-03-11")), None, today, 7).is_err());
        assert!(days(Some(day("2025-01-01")), None, today, 7).is_err());
        assert!(days(Some(NaiveDate::MIN), Some(NaiveDate::MAX), today, 7).is_err());
        assert!(days(None, Some(NaiveDate::MIN), today, 7).is_err());
    }

    #[test]
    fn an_answer_is_good_until_newer_figures_may_be_had() {
        let now = chrono::DateTime::<Utc>::UNIX_EPOCH;
        let aged = |minutes, is_stale| Freshness { as_of: Some(now - TimeDelta::minutes(minutes)), is_stale };
        assert_eq!(max_age(aged(5, false), now), TimeDelta::minutes(10));
        assert_eq!(max_age(aged(300, false), now), FRESH);
        assert_eq!(max_age(aged(300, true), now), STALE);
        assert_eq!(max_age(Freshness::default(), now), TimeDelta::zero());
    }

    #[test]
    fn garbage_is_no_cursor_and_no_conversion() {
        assert!(read_cursor("2026-03-01.act_1.").is_ok());
        for garbage in ["", ".", "..", "2026-13-01.act_1.", "x.act_1.2"] {
            assert_eq!(read_cursor(garbage).unwrap_err().code, "invalid_cursor", "{garbage}");
        }
        assert!(conversion(Some("onsite_conversion.lead_grouped".to_owned())).is_ok());
        for garbage in ["", "a b", "é", "a'b", &"a".repeat(101)] {
            assert!(conversion(Some((*garbage).to_owned())).is_err(), "{garbage}");
        }
    }
}
