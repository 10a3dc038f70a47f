//! Which ads of a campaign do better than the others.

use std::collections::{BTreeMap, BTreeSet};

use acd_meta::{AdAccountId, AdId, CampaignId, CreativeId};
use acd_platform::AssetId;
use acd_platform::ads::daily::{AdFigures, DailyLevel};
use acd_platform::ads::winners::{
    AdVerdict, CampaignVerdicts, ConversionsPer, JudgedAd, ListWinners, VerdictReason, VerdictRule, Winners,
};
use chrono::TimeDelta;

use super::daily::{conversion, days, max_age};
use super::figures::{count, rounded};
use super::service::Performance;
use super::store::assets;
use super::store::daily::{self as daily_store, Filter, Sums};
use super::store::winners::{self as store, AdDay};
use crate::ads::Ads;
use crate::ads::verdict::{Evidence, Exposure, Rule, Tally, Verdict};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{check, paging};

impl Performance {
    /// A page of campaigns with a verdict on each ad, and for how long it is good.
    pub(super) async fn winners(&self, principal: &Principal, query: ListWinners) -> Result<(Winners, TimeDelta)> {
        let now = self.clock.now();
        let limit = paging::limit(query.limit, 20, 100)?;
        let (since, until) = days(query.since, query.until, now.date_naive(), 28)?;
        let conversion = conversion(query.conversion)?;
        let per = query.per.unwrap_or(ConversionsPer::Impressions);
        let product = Ads::product(principal, query.product)?;
        let campaign = query.campaign.map(|id| id.to_string());
        let mut tx = self.db().scoped(principal).await?;
        let accounts = Self::accounts(&mut tx, &product, None).await?;
        if let Some(campaign) = &campaign
            && !daily_store::has_campaign(&mut tx, campaign).await?
        {
            return Err(Problem::not_found("campaign"));
        }
        if let Some(asset) = query.asset
            && !assets::is_known(&mut tx, &product, asset).await?
        {
            return Err(Problem::not_found("asset"));
        }
        tx.commit().await?;
        if let Some(cursor) = &query.cursor {
            check::meta_id("cursor", cursor)?;
        }
        let meta = self.ads.meta()?;
        let client = |account: &AdAccountId| Ok(meta.on_behalf(&product, account));
        let freshness = self.fresh(client, &accounts, DailyLevel::Ad, until).await?;
        let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
        let filter = Filter {
            level: DailyLevel::Ad.as_str(),
            is_summed: false,
            product: Some(&product),
            accounts: &accounts,
            campaign: campaign.as_deref(),
            since,
            until,
            conversion: &conversion,
            after: None,
            rows: limit + 1,
        };
        let mut tx = self.db().scoped(principal).await?;
        let mut campaigns = store::campaigns(&mut tx, &filter, query.asset, query.cursor.as_deref()).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = campaigns.len() > limit;
        campaigns.truncate(limit);
        let rows = store::ads(&mut tx, &filter, &campaigns).await?;
        let creatives: BTreeSet<&str> = rows.iter().filter_map(|row| row.creative_id.as_deref()).collect();
        let shown = assets::shown(&mut tx, &creatives.into_iter().collect::<Vec<_>>()).await?;
        tx.commit().await?;
        let mut by_creative: BTreeMap<&str, Vec<AssetId>> = BTreeMap::new();
        for (creative, asset) in &shown {
            by_creative.entry(creative).or_default().push(AssetId::from(*asset));
        }
        let rule = Rule::default();
        let tests = rows.chunk_by(|a, b| a.campaign_id == b.campaign_id);
        let winners = Winners {
            data: tests.filter_map(|rows| judged(rows, &by_creative, per, &rule)).collect(),
            next_cursor: campaigns.pop().filter(|_| has_more),
            as_of: freshness.as_of,
            rule: VerdictRule {
                per,
                conversion,
                false_positive_rate: rule.false_positive_rate,
                least_conversions: rule.least_conversions,
                least_effect: rule.least_effect,
            },
        };
        Ok((winners, max_age(freshness, now)))
    }
}

/// The ads of a campaign, from their days in order, with the assets of their creatives.
fn judged(
    rows: &[AdDay],
    assets: &BTreeMap<&str, Vec<AssetId>>,
    per: ConversionsPer,
    rule: &Rule,
) -> Option<CampaignVerdicts> {
    let first = rows.first()?;
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.ad_id.as_str()).collect();
    let mut ads: BTreeMap<&str, Ad> = BTreeMap::new();
    let mut evidence = Evidence::new(ids.len(), exposure(per));
    for day in rows.chunk_by(|a, b| a.day == b.day) {
        let shown: BTreeMap<&str, Tally> = day.iter().map(|row| (row.ad_id.as_str(), tally(&row.sums))).collect();
        let tallies: Vec<Tally> = ids.iter().map(|id| shown.get(id).copied().unwrap_or_default()).collect();
        evidence.add(&tallies);
        for row in day {
            let ad = ads.entry(row.ad_id.as_str()).or_default();
            ad.sums += &row.sums;
            ad.creative = row.creative_id.as_deref().or(ad.creative);
        }
    }
    let compared = ads.values().filter(|ad| exposed(&ad.sums, per) > 0).count();
    let conversions: u64 = ads.values().map(|ad| count(ad.sums.conversions)).sum();
    let verdicts = evidence.judge(rule).into_iter().zip(evidence.ratios());
    let ads = ads.into_iter().zip(verdicts).map(|((id, ad), (verdict, ratio))| {
        let reason = match verdict {
            Verdict::Winner => VerdictReason::ConvertsBetter,
            Verdict::Loser => VerdictReason::ConvertsWorse,
            Verdict::Undecided if exposed(&ad.sums, per) == 0 => VerdictReason::NotShown,
            Verdict::Undecided if compared < 2 => VerdictReason::NothingToCompare,
            Verdict::Undecided if conversions < rule.least_conversions => VerdictReason::TooFewConversions,
            Verdict::Undecided if ratio.is_some_and(|ratio| is_small(ratio, rule)) => VerdictReason::DifferenceTooSmall,
            Verdict::Undecided => VerdictReason::MayBeChance,
        };
        JudgedAd {
            ad_id: AdId::from(id),
            creative_id: ad.creative.map(CreativeId::from),
            asset_ids: ad.creative.and_then(|creative| assets.get(creative)).cloned().unwrap_or_default(),
            verdict: wire(verdict),
            reason,
            ratio: ratio.map(rounded),
            figures: AdFigures::from(ad.sums),
        }
    });
    Some(CampaignVerdicts {
        campaign_id: CampaignId::from(first.campaign_id.as_str()),
        account: AdAccountId::from(first.account.as_str()),
        ads: ads.collect(),
    })
}

#[derive(Default)]
struct Ad<'a> {
    sums: Sums,
    creative: Option<&'a str>,
}

fn is_small(ratio: f64, rule: &Rule) -> bool {
    let effect = 1.0 + rule.least_effect;
    ratio < effect && ratio > effect.recip()
}

fn tally(sums: &Sums) -> Tally {
    Tally {
        impressions: count(sums.impressions),
        clicks: count(sums.clicks),
        conversions: count(sums.conversions),
        spend_minor: count(sums.spend_minor),
    }
}

fn exposure(per: ConversionsPer) -> Exposure {
    match per {
        ConversionsPer::Clicks => Exposure::Clicks,
        ConversionsPer::Spend => Exposure::Spend,
        _ => Exposure::Impressions,
    }
}

fn exposed(sums: &Sums, per: ConversionsPer) -> u64 {
    let tally = tally(sums);
    match per {
        ConversionsPer::Clicks => tally.clicks,
        ConversionsPer::Spend => tally.spend_minor,
        _ => tally.impressions,
    }
}

fn wire(verdict: Verdict) -> AdVerdict {
    match verdict {
        Verdict::Winner => AdVerdict::Winner,
        Verdict::Loser => AdVerdict::Loser,
        Verdict::Undecided => AdVerdict::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn row(day: u32, ad: &str, impressions: i64, conversions: i64) -> AdDay {
        let sums = Sums { currency: "USD".to_owned(), impressions, conversions, ..Sums::default() };
        AdDay {
            campaign_id: "5".to_owned(),
            account: "act_17".to_owned(),
            ad_id: ad.to_owned(),
            creative_id: None,
            day: NaiveDate::from_ymd_opt(2026, 3, day).unwrap(),
            sums,
        }
    }

    fn said(rows: &[AdDay]) -> Vec<(AdVerdict, VerdictReason, Option<f64>)> {
        let campaign = judged(rows, &BTreeMap::new(), ConversionsPer::Impressions, &Rule::default()).unwrap();
        campaign.ads.into_iter().map(|ad| (ad.verdict, ad.reason, ad.ratio)).collect()
    }

    #[test]
    fn each_verdict_has_its_reason_and_its_number() {
        use AdVerdict::{Loser, Undecided, Winner};
        use VerdictReason as Why;
        let two = |own, other| said(&[row(1, "1", 100_000, own), row(1, "2", 100_000, other)]);
        let decided = vec![(Winner, Why::ConvertsBetter, Some(4.0)), (Loser, Why::ConvertsWorse, Some(0.25))];
        assert_eq!(two(400, 100), decided);
        assert_eq!(two(9, 5)[0], (Undecided, Why::TooFewConversions, Some(1.8)));
        assert_eq!(two(1_000, 1_050)[0].1, Why::DifferenceTooSmall);
        assert_eq!(two(15, 11)[0].1, Why::MayBeChance);
        assert_eq!(said(&[row(1, "1", 100_000, 900)]), [(Undecided, Why::NothingToCompare, None)]);
        let idle = said(&[row(1, "1", 100_000, 400), row(1, "2", 100_000, 100), row(2, "3", 0, 0)]);
        assert_eq!((idle[0].0, idle[2]), (Winner, (Undecided, Why::NotShown, None)));
        assert!(judged(&[], &BTreeMap::new(), ConversionsPer::Clicks, &Rule::default()).is_none());
    }

    #[test]
    fn an_ad_that_began_later_is_compared_on_its_own_days() {
        let rows = [row(1, "1", 1_000, 500), row(2, "1", 100_000, 100), row(2, "2", 100_000, 400)];
        assert_eq!(said(&rows).iter().map(|ad| ad.2).collect::<Vec<_>>(), [Some(0.25), Some(4.0)]);
    }
}
