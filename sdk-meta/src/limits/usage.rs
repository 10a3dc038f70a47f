//! The headers in which Meta says how much of its limits is used.

use std::borrow::Cow;
use std::time::Duration;

use acd_core::json::Json;
use http::HeaderMap;

use super::AccessTier;
use crate::macros::open_enum;
use crate::text::decimal;

/// A block because of the score of an ad account: five minutes, or one for apps with full access.
const LIMITED_BLOCK: Duration = Duration::from_secs(300);
const FULL_BLOCK: Duration = Duration::from_secs(60);

open_enum! {
    /// What Meta counts calls of a business for
    /// ([page](https://developers.facebook.com/docs/graph-api/overview/rate-limiting), read 2026-11).
    UseCase {
        AdsManagement = "ads_management",
        AdsInsights = "ads_insights",
        CustomAudience = "custom_audience",
        Leadgen = "leadgen",
        Instagram = "instagram",
        Pages = "pages",
        Messenger = "messenger",
    }
}

/// Shares of what is allowed in a stretch of time, each in percent. Any of them at 100 may throttle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Share {
    /// Of the calls.
    pub call_count: f64,
    /// Of the time that they took.
    pub total_time: f64,
    /// Of the processor's time.
    pub total_cputime: f64,
}

impl Share {
    /// The largest of the three: the one that will throttle.
    #[must_use]
    pub fn largest(&self) -> f64 {
        self.call_count.max(self.total_time).max(self.total_cputime)
    }
}

/// `X-Ad-Account-Usage`: the score of an ad account.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AccountUsage {
    /// The share that is used, in percent.
    pub acc_id_util_pct: f64,
    /// Seconds until it is zero again.
    pub reset_time_duration: Option<u64>,
    /// The app's access.
    pub ads_api_access_tier: Option<AccessTier>,
}

/// `X-Business-Use-Case-Usage`: one use case of one business or ad account.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UseCaseUsage {
    /// The use case.
    pub use_case: UseCase,
    /// What is used of it.
    pub share: Share,
    /// Minutes until calls pass again; 0 when they pass now.
    pub estimated_time_to_regain_access: u64,
    /// The app's access; told for ads alone.
    pub ads_api_access_tier: Option<AccessTier>,
}

/// `X-FB-Ads-Insights-Throttle`: what reports have used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct InsightsUsage {
    /// The app's share, in percent.
    pub app_id_util_pct: f64,
    /// The ad account's share, in percent.
    pub acc_id_util_pct: f64,
    /// The app's access.
    pub ads_api_access_tier: Option<AccessTier>,
}

/// All that an answer's headers say about limits. What is missing is not known; it is not zero.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// `X-App-Usage`: of the app.
    pub app: Option<Share>,
    /// `X-Page-Usage`: of a page.
    pub page: Option<Share>,
    /// `X-Ad-Account-Usage`: of the ad account.
    pub account: Option<AccountUsage>,
    /// `X-Business-Use-Case-Usage`: with the id of the business or ad account of each.
    pub use_cases: Vec<(String, UseCaseUsage)>,
    /// `X-FB-Ads-Insights-Throttle`: of reports.
    pub insights: Option<InsightsUsage>,
}

impl Usage {
    /// Reads the headers of an answer, also of an [`Error`](crate::Error). One that is not understood counts as missing:
    /// a limit that is not told is still kept by Meta.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Self {
        Self {
            app: read(headers, "x-app-usage", share),
            page: read(headers, "x-page-usage", share),
            account: read(headers, "x-ad-account-usage", account),
            use_cases: read(headers, "x-business-use-case-usage", use_cases).unwrap_or_default(),
            insights: read(headers, "x-fb-ads-insights-throttle", insights),
        }
    }

    /// The largest share of anything, in percent; `None` when nothing was told. 80 is a good time to warn somebody.
    #[must_use]
    pub fn largest(&self) -> Option<f64> {
        let shares = self.app.iter().chain(&self.page).map(Share::largest);
        let use_cases = self.use_cases.iter().map(|(_, usage)| usage.share.largest());
        let account = self.account.iter().map(|usage| usage.acc_id_util_pct);
        let insights = self.insights.iter().map(|usage| usage.app_id_util_pct.max(usage.acc_id_util_pct));
        shares.chain(use_cases).chain(account).chain(insights).reduce(f64::max)
    }

    /// The access that the app has, where a header tells it.
    #[must_use]
    pub fn tier(&self) -> Option<AccessTier> {
        let account = self.account.iter().filter_map(|usage| usage.ads_api_access_tier.clone());
        let insights = self.insights.iter().filter_map(|usage| usage.ads_api_access_tier.clone());
        let use_cases = self.use_cases.iter().filter_map(|(_, usage)| usage.ads_api_access_tier.clone());
        account.chain(insights).chain(use_cases).find(|tier| !matches!(tier, AccessTier::Unknown(_)))
    }

    /// The longest time after which calls pass again, where one is told. Meta counts a use case's in minutes and an ad
    /// account's, which counts only once it is used up, in seconds.
    #[must_use]
    pub fn regain_access(&self) -> Option<Duration> {
        let minutes = self.use_cases.iter().map(|(_, usage)| usage.estimated_time_to_regain_access);
        let use_case =
            minutes.max().filter(|minutes| *minutes > 0).map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
        let used_up = self.account.as_ref().filter(|usage| usage.acc_id_util_pct >= 100.0);
        let account = used_up.and_then(|usage| usage.reset_time_duration).map(Duration::from_secs);
        use_case.max(account)
    }

    /// What is told of one use case, over all ids: an answer speaks of the business and of the account.
    pub(super) fn of(&self, use_case: &UseCase) -> impl Iterator<Item = &UseCaseUsage> {
        self.use_cases.iter().map(|(_, usage)| usage).filter(move |usage| usage.use_case == *use_case)
    }
}

impl AccessTier {
    /// How long an ad account is blocked whose score is used up.
    pub(crate) fn block(&self) -> Duration {
        if *self == Self::Full { FULL_BLOCK } else { LIMITED_BLOCK }
    }
}

fn read<T>(headers: &HeaderMap, name: &str, of: fn(Members<'_>) -> Option<T>) -> Option<T> {
    of(Members(Json::read(headers.get(name)?.as_bytes())?.members()?))
}

/// The members of an object. A share or count that is missing is zero, and one that is something else makes the header one
/// that is not understood.
struct Members<'j>(Vec<(Cow<'j, str>, Json<'j>)>);

impl<'j> Members<'j> {
    fn get(&self, name: &str) -> Option<Json<'j>> {
        self.0.iter().rev().find(|(other, _)| other == name).map(|(_, value)| *value)
    }

    fn percent(&self, name: &str) -> Option<f64> {
        self.get(name).map_or(Some(0.0), |value| decimal(value.number()?))
    }

    fn count(&self, name: &str) -> Option<u64> {
        self.get(name).map_or(Some(0), |value| value.number()?.parse().ok())
    }

    fn tier(&self) -> Option<AccessTier> {
        self.get("ads_api_access_tier")?.text().map(|tier| AccessTier::from(&*tier))
    }
}

fn share(of: Members<'_>) -> Option<Share> {
    share_of(&of)
}

fn share_of(of: &Members<'_>) -> Option<Share> {
    Some(Share {
        call_count: of.percent("call_count")?,
        total_time: of.percent("total_time")?,
        total_cputime: of.percent("total_cputime")?,
    })
}

fn account(of: Members<'_>) -> Option<AccountUsage> {
    Some(AccountUsage {
        acc_id_util_pct: of.percent("acc_id_util_pct")?,
        reset_time_duration: of.get("reset_time_duration").and_then(|value| value.number()?.parse().ok()),
        ads_api_access_tier: of.tier(),
    })
}

fn insights(of: Members<'_>) -> Option<InsightsUsage> {
    Some(InsightsUsage {
        app_id_util_pct: of.percent("app_id_util_pct")?,
        acc_id_util_pct: of.percent("acc_id_util_pct")?,
        ads_api_access_tier: of.tier(),
    })
}

fn use_cases(of: Members<'_>) -> Option<Vec<(String, UseCaseUsage)>> {
    let mut all = Vec::new();
    for (id, list) in of.0 {
        for usage in list.elements()? {
            let of = Members(usage.members()?);
            let usage = UseCaseUsage {
                use_case: UseCase::from(&*of.get("type")?.text()?),
                share: share_of(&of)?,
                estimated_time_to_regain_access: of.count("estimated_time_to_regain_access")?,
                ads_api_access_tier: of.tier(),
            };
            all.push((id.clone().into_owned(), usage));
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    /// The five headers as Meta's pages show them.
    #[test]
    fn every_header_is_read() {
        let usage = Usage::read(&headers(&[
            ("x-app-usage", r#"{"call_count":28,"total_time":25,"total_cputime":25}"#),
            ("x-page-usage", r#"{"call_count":85,"total_cputime":56,"total_time":60}"#),
            (
                "x-ad-account-usage",
                r#"{"acc_id_util_pct":9.67,"reset_time_duration":100,"ads_api_access_tier":"standard_access"}"#,
            ),
            (
                "x-business-use-case-usage",
                r#"{"66782684":[{"type":"ads_management","call_count":95,"total_cputime":20,"total_time":20,"estimated_time_to_regain_access":3,"ads_api_access_tier":"development_access"}]}"#,
            ),
            (
                "x-fb-ads-insights-throttle",
                r#"{"app_id_util_pct":10.5,"acc_id_util_pct":10,"ads_api_access_tier":"standard_access"}"#,
            ),
        ]));
        assert_eq!(usage.app.unwrap().largest(), 28.0);
        assert_eq!(usage.page.unwrap().largest(), 85.0);
        assert_eq!(usage.account.as_ref().unwrap().acc_id_util_pct, 9.67);
        assert_eq!(usage.use_cases[0].1.share.call_count, 95.0);
        assert_eq!(usage.insights.as_ref().unwrap().app_id_util_pct, 10.5);
        assert_eq!((usage.largest(), usage.tier()), (Some(95.0), Some(AccessTier::Full)));
        assert_eq!(usage.regain_access(), Some(Duration::from_secs(180)), "the account's score is not used up");
    }

    #[test]
    fn what_is_missing_or_broken_is_not_known() {
        for value in ["", "{", "[]", "7", r#"{"66":{}}"#] {
            let usage = Usage::read(&headers(&[("x-business-use-case-usage", value), ("x-app-usage", "x")]));
            assert_eq!((usage.largest(), usage.regain_access(), usage.tier()), (None, None, None), "{value}");
        }
    }

    #[test]
    fn a_use_case_of_tomorrow_breaks_nothing() {
        let value = r#"{"1":[{"type":"threads","call_count":99,"whatever":[1]},{"type":"pages","call_count":1}]}"#;
        let usage = Usage::read(&headers(&[("x-business-use-case-usage", value)]));
        assert_eq!(usage.largest(), Some(99.0));
        assert_eq!(usage.of(&UseCase::Pages).count(), 1);
    }
}
