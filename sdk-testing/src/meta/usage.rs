//! Limits, and the headers that tell of them.
//! See <https://developers.facebook.com/docs/marketing-api/overview/rate-limiting>.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::{GraphError, refusal};

/// The window in which points add up.
const WINDOW: TimeDelta = TimeDelta::seconds(300);
const HOUR: TimeDelta = TimeDelta::hours(1);
/// How often an ad set's budget may change in an hour.
const BUDGET_CHANGES: usize = 4;
/// What a read and a write cost.
const POINTS: (u32, u32) = (1, 3);

/// What the app is allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MetaTier {
    /// Limited access: 60 points in 300 seconds, then a pause of 300.
    Limited,
    /// Full access: 9000 points in 300 seconds, then a pause of 60.
    #[default]
    Full,
}

impl MetaTier {
    const fn cap(self) -> u32 {
        match self {
            Self::Limited => 60,
            Self::Full => 9000,
        }
    }

    const fn pause(self) -> TimeDelta {
        match self {
            Self::Limited => TimeDelta::seconds(300),
            Self::Full => TimeDelta::seconds(60),
        }
    }

    /// Its name in headers.
    const fn name(self) -> &'static str {
        match self {
            Self::Limited => "development_access",
            Self::Full => "standard_access",
        }
    }
}

/// The limits in force.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    #[serde(default)]
    tier: MetaTier,
    /// Points in 300 seconds, in the place of the tier's.
    #[serde(default)]
    score_cap: Option<u32>,
    /// Calls in an hour and use case, in the place of the tier's.
    #[serde(default)]
    hourly_cap: Option<u32>,
}

impl Limits {
    pub(super) const fn tier(&self) -> MetaTier {
        self.tier
    }

    fn score_cap(&self) -> u32 {
        self.score_cap.unwrap_or(self.tier.cap()).max(1)
    }

    fn hourly_cap(&self, use_case: UseCase, active: u32) -> u32 {
        let (limited, full, each) = match use_case {
            UseCase::AdsManagement => (300, 100_000, 40),
            UseCase::AdsInsights => (600, 190_000, 400),
            UseCase::CustomAudience => (5000, 190_000, 40),
            UseCase::Pages | UseCase::Instagram | UseCase::Leadgen => (4800, 4800, 0),
        };
        let base = if self.tier == MetaTier::Limited { limited } else { full };
        self.hourly_cap.unwrap_or(base + each * active).max(1)
    }
}

/// What a call counts against, besides its ad account's score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum UseCase {
    AdsManagement,
    AdsInsights,
    CustomAudience,
    Pages,
    Instagram,
    Leadgen,
}

impl UseCase {
    const fn name(self) -> &'static str {
        match self {
            Self::AdsManagement => "ads_management",
            Self::AdsInsights => "ads_insights",
            Self::CustomAudience => "custom_audience",
            Self::Pages => "pages",
            Self::Instagram => "instagram",
            Self::Leadgen => "leadgen",
        }
    }

    /// The error of a used-up quota.
    const fn code(self) -> i64 {
        match self {
            Self::AdsInsights => 80_000,
            Self::CustomAudience => 80_003,
            Self::Pages => 80_001,
            Self::Instagram => 80_002,
            Self::AdsManagement => 80_004,
            Self::Leadgen => 80_005,
        }
    }

    const fn is_ads(self) -> bool {
        matches!(self, Self::AdsManagement | Self::AdsInsights)
    }
}

/// Whose limits a call counts against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charge {
    /// The ad account, page or Instagram account.
    pub(super) owner: u64,
    pub(super) use_case: UseCase,
    pub(super) is_write: bool,
    /// The ads, or for audiences the audiences, that make the quota larger.
    pub(super) active: u32,
}

/// Everything that has been used.
#[derive(Debug, Default)]
pub(super) struct Usage {
    pub(super) limits: Limits,
    scores: HashMap<u64, Score>,
    hourly: HashMap<(u64, UseCase), VecDeque<DateTime<Utc>>>,
    budgets: HashMap<u64, VecDeque<DateTime<Utc>>>,
    throttled: u64,
}

#[derive(Debug, Default)]
struct Score {
    spent: VecDeque<(DateTime<Utc>, u32)>,
    sum: u32,
    blocked_until: Option<DateTime<Utc>>,
}

impl Score {
    fn settle(&mut self, now: DateTime<Utc>) {
        while let Some((at, points)) = self.spent.front().copied().filter(|(at, _)| *at + WINDOW <= now) {
            let _ = at;
            self.sum -= points;
            self.spent.pop_front();
        }
        self.blocked_until = self.blocked_until.filter(|until| *until > now);
    }
}

impl Usage {
    pub(super) fn new(tier: MetaTier) -> Self {
        Self { limits: Limits { tier, ..Limits::default() }, ..Self::default() }
    }

    /// Counts a call, or refuses it; a refused call costs nothing.
    pub(super) fn charge(&mut self, charge: &Charge, now: DateTime<Utc>) -> Result<(), GraphError> {
        let refused = self.try_charge(charge, now);
        self.throttled += u64::from(refused.is_err());
        refused
    }

    fn try_charge(&mut self, charge: &Charge, now: DateTime<Utc>) -> Result<(), GraphError> {
        let limits = self.limits;
        let calls = self.hourly.entry((charge.owner, charge.use_case)).or_default();
        forget(calls, now);
        if calls.len() >= limits.hourly_cap(charge.use_case, charge.active) as usize {
            let code = charge.use_case.code();
            let message = format!(
                "(#{code}) There have been too many calls to this {} account. Wait a bit and try again.",
                charge.use_case.name()
            );
            let has_subcode = charge.use_case.is_ads() || charge.use_case == UseCase::CustomAudience;
            let subcode = has_subcode.then_some(2_446_079);
            return Err(GraphError::new(code, message).subcode(subcode));
        }
        if charge.use_case.is_ads() {
            let points = if charge.is_write { POINTS.1 } else { POINTS.0 };
            let score = self.scores.entry(charge.owner).or_default();
            score.settle(now);
            if score.blocked_until.is_none() && score.sum + points > limits.score_cap() {
                score.blocked_until = Some(now + limits.tier.pause());
            }
            if score.blocked_until.is_some() {
                let explanation =
                    "User request limit reached: too many calls from this ad account. Wait a bit and try again.";
                return Err(GraphError::refused(&refusal::ACCOUNT_THROTTLED, explanation));
            }
            score.sum += points;
            score.spent.push_back((now, points));
        }
        calls.push_back(now);
        Ok(())
    }

    /// Counts a change of an ad set's budget.
    pub(super) fn budget_changed(&mut self, ad_set: u64, now: DateTime<Utc>) -> Result<(), GraphError> {
        let changes = self.budgets.entry(ad_set).or_default();
        forget(changes, now);
        if changes.len() >= BUDGET_CHANGES {
            let explanation = format!("The budget of an ad set can change {BUDGET_CHANGES} times an hour.");
            return Err(GraphError::refused(&refusal::BUDGET_CHANGED_TOO_OFTEN, explanation));
        }
        changes.push_back(now);
        Ok(())
    }

    /// The headers that tell how much is used.
    pub(super) fn headers(&mut self, charge: &Charge, now: DateTime<Utc>) -> Vec<(&'static str, Value)> {
        let limits = self.limits;
        let calls = self.hourly.entry((charge.owner, charge.use_case)).or_default();
        forget(calls, now);
        let share = percent(calls.len(), limits.hourly_cap(charge.use_case, charge.active));
        let wait = calls.front().filter(|_| share >= 100).map_or(0, |first| minutes(*first + HOUR - now));
        let mut use_case = json!({
            "type": charge.use_case.name(), "call_count": share, "total_cputime": share / 4, "total_time": share / 3,
            "estimated_time_to_regain_access": wait,
        });
        if !charge.use_case.is_ads() {
            return vec![("x-business-use-case-usage", json!({ charge.owner.to_string(): [use_case] }))];
        }
        use_case["ads_api_access_tier"] = json!(limits.tier.name());
        let score = self.scores.entry(charge.owner).or_default();
        score.settle(now);
        let used = f64::from(score.sum) * 100.0 / f64::from(limits.score_cap());
        let used = if score.blocked_until.is_some() { 100.0 } else { (used * 100.0).round() / 100.0 };
        let free_at = score.blocked_until.or_else(|| score.spent.back().map(|(at, _)| *at + WINDOW));
        let reset = free_at.map_or(0, |at| (at - now).num_seconds().max(0));
        let mut headers = vec![
            ("x-business-use-case-usage", json!({ charge.owner.to_string(): [use_case] })),
            (
                "x-ad-account-usage",
                json!({
                    "acc_id_util_pct": used, "reset_time_duration": reset, "ads_api_access_tier": limits.tier.name(),
                }),
            ),
        ];
        if charge.use_case == UseCase::AdsInsights {
            let throttle = json!({
                "app_id_util_pct": share, "acc_id_util_pct": used, "ads_api_access_tier": limits.tier.name(),
            });
            headers.push(("x-fb-ads-insights-throttle", throttle));
        }
        headers
    }

    /// How much is used, for the page.
    pub(super) fn report(&mut self, now: DateTime<Utc>) -> Value {
        let cap = self.limits.score_cap();
        let accounts: serde_json::Map<String, Value> = self
            .scores
            .iter_mut()
            .map(|(account, score)| {
                score.settle(now);
                let blocked = score.blocked_until.map(|until| (until - now).num_seconds());
                (format!("act_{account}"), json!({ "points": score.sum, "cap": cap, "blocked_seconds": blocked }))
            })
            .collect();
        json!({ "limits": self.limits, "accounts": accounts, "throttled": self.throttled })
    }
}

fn forget(times: &mut VecDeque<DateTime<Utc>>, now: DateTime<Utc>) {
    while times.front().is_some_and(|at| *at + HOUR <= now) {
        times.pop_front();
    }
}

fn percent(used: usize, cap: u32) -> u64 {
    (used as u64 * 100 / u64::from(cap)).min(100)
}

fn minutes(delta: TimeDelta) -> i64 {
    (delta.num_seconds() + 59) / 60
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write() -> Charge {
        Charge { owner: 7, use_case: UseCase::AdsManagement, is_write: true, active: 0 }
    }

    #[test]
    fn the_cap_is_reached_exactly_then_comes_the_pause() {
        let mut usage = Usage::new(MetaTier::Limited);
        let start = DateTime::<Utc>::UNIX_EPOCH;
        for _ in 0..20 {
            usage.charge(&write(), start).unwrap();
        }
        assert_eq!(usage.headers(&write(), start)[1].1["acc_id_util_pct"], 100.0);
        let error = usage.charge(&write(), start).unwrap_err();
        assert_eq!((error.code, error.subcode), (17, Some(2_446_079)));
        let later = start + TimeDelta::seconds(299);
        assert!(usage.charge(&write(), later).is_err());
        usage.charge(&write(), start + TimeDelta::seconds(300)).unwrap();
    }

    #[test]
    fn an_hourly_quota_tells_when_it_is_free_again() {
        let limits = Limits { hourly_cap: Some(2), ..Limits::default() };
        let mut usage = Usage { limits, ..Usage::default() };
        let start = DateTime::<Utc>::UNIX_EPOCH;
        let charge = Charge { use_case: UseCase::Leadgen, ..write() };
        usage.charge(&charge, start).unwrap();
        usage.charge(&charge, start).unwrap();
        assert_eq!(usage.charge(&charge, start).map_err(|error| error.code), Err(80_005));
        let (name, value) = usage.headers(&charge, start + TimeDelta::minutes(20)).remove(0);
        assert_eq!(name, "x-business-use-case-usage");
        assert_eq!(value["7"][0]["estimated_time_to_regain_access"], 40);
        usage.charge(&charge, start + HOUR).unwrap();
    }

    #[test]
    fn a_fifth_budget_in_an_hour_is_refused() {
        let (mut usage, start) = (Usage::default(), DateTime::<Utc>::UNIX_EPOCH);
        for _ in 0..4 {
            usage.budget_changed(1, start).unwrap();
        }
        assert_eq!(usage.budget_changed(1, start).map_err(|error| error.subcode), Err(Some(1_487_632)));
        usage.budget_changed(1, start + HOUR).unwrap();
    }
}
