//! Meta's limits: whose they are, what a call takes, and what the headers say.
//!
//! A call draws from the pool of its ad account, where a read counts 1 and a write 3, from the pool of writes a second,
//! and from that of its use case, where every call counts 1. Calls that do not say whose they are share one pool:
//! [`MetaClient::for_account`](crate::MetaClient::for_account) says it for calls by an object's id.

mod usage;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use acd_core::Operation;
use acd_core::limits::{Limits, LocalPool, Observation, Pool, PoolKey, ReadLimit};
use http::{HeaderMap, Method};

pub use usage::{AccountUsage, InsightsUsage, Share, Usage, UseCase, UseCaseUsage};

use crate::macros::open_enum;

/// The pool of an app's calls that belong to no business use case.
pub const APP: &str = "meta.app";
/// The pool of an ad account's score.
pub const AD_ACCOUNT: &str = "meta.ad_account";
/// The pool of an ad account's writes a second.
pub const AD_ACCOUNT_WRITES: &str = "meta.ad_account_writes";
/// The pool of the use case `ads_management`.
pub const ADS_MANAGEMENT: &str = "meta.ads_management";
/// The pool of the use case `ads_insights`.
pub const ADS_INSIGHTS: &str = "meta.ads_insights";
/// The pool of the use case `custom_audience`.
pub const CUSTOM_AUDIENCE: &str = "meta.custom_audience";
/// The pool of the use case `leadgen`.
pub const LEADGEN: &str = "meta.leadgen";
/// The pool of the use case `instagram`.
pub const INSTAGRAM: &str = "meta.instagram";
/// The pool of the use case `pages`.
pub const PAGES: &str = "meta.pages";

/// Every pool that a call may draw from.
pub const POOLS: &[&str] =
    &[APP, AD_ACCOUNT, AD_ACCOUNT_WRITES, ADS_MANAGEMENT, ADS_INSIGHTS, CUSTOM_AUDIENCE, LEADGEN, INSTAGRAM, PAGES];

/// What a read and a write take from an ad account's score.
pub(crate) const READ: u32 = 1;
pub(crate) const WRITE: u32 = 3;

/// The stretch of time over which an ad account's score is summed up.
const SCORE_WINDOW: Duration = Duration::from_secs(300);
const HOUR: Duration = Duration::from_secs(3600);
/// How much longer a call is counted here than by Meta, which counts it when it arrives and not when it leaves: a call that
/// was on its way for longer than the next one would otherwise still count there when its place is taken here. Also what an
/// answer says of calls that have just been forgotten is no news by that.
const ON_THE_WAY: Duration = Duration::from_secs(5);
/// Creates and edits a second for each app and ad account.
const WRITES_A_SECOND: u32 = 100;
/// What follows when an app has used its share up and no header says until when.
const APP_PAUSE: Duration = Duration::from_secs(60);

open_enum! {
    /// What Meta lets an app do with the Marketing API
    /// ([page](https://developers.facebook.com/docs/marketing-api/overview/rate-limiting), read 2026-11).
    AccessTier {
        /// Limited access, which every app begins with.
        Limited = "development_access",
        /// Full access, after 500 calls in 15 days of which fewer than 15 % failed.
        Full = "standard_access",
    }
}

/// The limits that a client keeps to, from what Meta publishes. They begin with these numbers and correct themselves by
/// the headers of every answer, the access tier included; a throttling answer stops its pools for as long as Meta says.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "settings of a client"]
pub struct MetaLimits {
    tier: AccessTier,
    active_ads: u32,
    active_audiences: u32,
}

impl MetaLimits {
    /// Those of an app with this access, for accounts without an active ad or audience.
    pub fn new(tier: AccessTier) -> Self {
        Self { tier, active_ads: 0, active_audiences: 0 }
    }

    /// Adds what active ads add: each account is taken to have this many.
    pub fn active_ads(mut self, count: u32) -> Self {
        self.active_ads = count;
        self
    }

    /// Adds what active custom audiences add: each account is taken to have this many.
    pub fn active_audiences(mut self, count: u32) -> Self {
        self.active_audiences = count;
        self
    }

    /// The pools. Give the same set to every client of one app, so that they share them.
    pub fn pools(self) -> Limits {
        pools_of(move |key| {
            let pool = match self.allowance(key.name()) {
                Some(allowance) => LocalPool::sliding_window(allowance.units, counted(key.name(), allowance.window)),
                None => LocalPool::adaptive(),
            };
            pool.reading(Reader(self.clone()))
        })
    }

    /// What is allowed in a pool before any header has told more; `None` where only Meta knows.
    #[must_use]
    pub fn allowance(&self, pool: &str) -> Option<Allowance> {
        self.allowance_at(pool, &self.tier)
    }

    fn allowance_at(&self, pool: &str, tier: &AccessTier) -> Option<Allowance> {
        let (units, window) = match pool {
            AD_ACCOUNT => (score(tier), SCORE_WINDOW),
            AD_ACCOUNT_WRITES => (WRITES_A_SECOND * WRITE, Duration::from_secs(1)),
            ADS_MANAGEMENT => (self.ads_management(tier), HOUR),
            ADS_INSIGHTS => (self.ads_insights(tier), HOUR),
            CUSTOM_AUDIENCE => (self.custom_audience(tier), HOUR),
            // Their quotas follow from an audience's size, which only Meta knows.
            _ => return None,
        };
        Some(Allowance { units, window })
    }

    /// What an answer's headers tell of a pool; `None` when they do not speak of it.
    #[must_use]
    pub fn told(&self, pool: &str, headers: &HeaderMap) -> Option<Told> {
        let usage = Usage::read(headers);
        let (used_percent, blocked_for) = told(pool, &usage)?;
        // Only a tier that was told replaces the allowance that the pool began with.
        let allowance = usage.tier().and_then(|tier| self.allowance_at(pool, &tier));
        Some(Told { allowance, used_percent, blocked_for })
    }

    fn ads_management(&self, tier: &AccessTier) -> u32 {
        let base = if *tier == AccessTier::Full { 100_000 } else { 300 };
        self.active_ads.saturating_mul(40).saturating_add(base)
    }

    fn ads_insights(&self, tier: &AccessTier) -> u32 {
        let base = if *tier == AccessTier::Full { 190_000 } else { 600 };
        self.active_ads.saturating_mul(400).saturating_add(base)
    }

    fn custom_audience(&self, tier: &AccessTier) -> u32 {
        let base = if *tier == AccessTier::Full { 190_000 } else { 5_000 };
        self.active_audiences.saturating_mul(40).saturating_add(base).min(700_000)
    }
}

/// Limited access, which is learnt to be full from the headers.
impl Default for MetaLimits {
    fn default() -> Self {
        Self::new(AccessTier::Limited)
    }
}

/// The points that an ad account has in [`SCORE_WINDOW`].
fn score(tier: &AccessTier) -> u32 {
    if *tier == AccessTier::Full { 9_000 } else { 60 }
}

/// What Meta allows in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Points or calls.
    pub units: u32,
    /// Any stretch of time as long as this.
    pub window: Duration,
}

/// What an answer tells of a pool.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Told {
    /// What is allowed, where the app's access was told.
    pub allowance: Option<Allowance>,
    /// The share of it that is used, in percent.
    pub used_percent: Option<f64>,
    /// Nothing passes for so long.
    pub blocked_for: Option<Duration>,
}

/// Limits that keep to Meta's in another way: `make` is asked once for each pool and owner, as in
/// [`Limits::pool`](acd_core::limits::Limits::pool).
pub fn pools_of<P: Pool>(make: impl Fn(&PoolKey) -> P + Send + Sync + 'static) -> Limits {
    let make = Arc::new(make);
    POOLS.iter().fold(Limits::new(), |limits, name| {
        let make = Arc::clone(&make);
        limits.pool(name, move |key| make(key))
    })
}

/// How long a call counts in a pool of this process.
fn counted(pool: &str, window: Duration) -> Duration {
    // Among writes of one second five more would allow a sixth of them.
    if pool == AD_ACCOUNT_WRITES { window } else { window + ON_THE_WAY }
}

/// Reads what headers say of a pool.
#[derive(Clone)]
struct Reader(MetaLimits);

impl ReadLimit for Reader {
    fn read(&self, key: &PoolKey, headers: &HeaderMap, _: SystemTime) -> Option<Observation> {
        let told = self.0.told(key.name(), headers)?;
        let allowance = told.allowance.or_else(|| self.0.allowance(key.name()));
        Some(Observation {
            remaining: allowance.zip(told.used_percent).map(|(allowance, percent)| left(allowance.units, percent)),
            limit: told.allowance.map(|allowance| allowance.units),
            window: told.allowance.map(|allowance| counted(key.name(), allowance.window)),
            blocked_for: told.blocked_for,
            ..Observation::default()
        })
    }
}

/// The share in percent, and for how long nothing passes.
fn told(pool: &str, usage: &Usage) -> Option<(Option<f64>, Option<Duration>)> {
    let use_case = match pool {
        APP => {
            let share = usage.app.or(usage.page)?.largest();
            return Some((Some(share), (share >= 100.0).then_some(APP_PAUSE)));
        }
        // Its reset is when all points are gone. A score that is used up is no block: the oldest points go first, and
        // whoever waits for the last wastes most of a window. Of a block tells the throttling answer.
        AD_ACCOUNT => return Some((Some(usage.account.as_ref()?.acc_id_util_pct), None)),
        ADS_MANAGEMENT => UseCase::AdsManagement,
        ADS_INSIGHTS => UseCase::AdsInsights,
        CUSTOM_AUDIENCE => UseCase::CustomAudience,
        LEADGEN => UseCase::Leadgen,
        INSTAGRAM => UseCase::Instagram,
        PAGES => UseCase::Pages,
        _ => return None,
    };
    let percent = usage.of(&use_case).map(|usage| usage.share.largest()).reduce(f64::max);
    let insights = usage.insights.as_ref().filter(|_| use_case == UseCase::AdsInsights);
    let percent = [percent, insights.map(|usage| usage.acc_id_util_pct.max(usage.app_id_util_pct))]
        .into_iter()
        .flatten()
        .reduce(f64::max);
    let minutes =
        usage.of(&use_case).map(|usage| usage.estimated_time_to_regain_access).max().filter(|minutes| *minutes > 0);
    percent?;
    Some((percent, minutes.map(|minutes| Duration::from_secs(minutes.saturating_mul(60)))))
}

/// What is left of a quota of which so much is used, in whole units. A share comes rounded to hundredths of a percent: it may
/// be less than what it says by half of one, or a unit too many would be taken for somebody else's.
fn left(limit: u32, percent: f64) -> u32 {
    if percent >= 100.0 {
        return 0;
    }
    let left = f64::from(limit) * (100.0 - (percent - 0.005).max(0.0)) / 100.0;
    // Within 0 and `limit`, so that the cast loses nothing but the fraction.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded just above")]
    let whole = left as u32;
    whole
}

/// What a call takes from a pool of its operation: the score's units from the ad account, one call from the others.
pub(crate) fn cost(operation: &Operation, pool: &str) -> u32 {
    if matches!(pool, AD_ACCOUNT | AD_ACCOUNT_WRITES) { operation.cost_units() } else { 1 }
}

/// Declares a call that reads of an ad account.
pub(crate) const fn ads_read(name: &'static str, path: &'static str) -> Operation {
    Operation::new(name, Method::GET, path).safe().pool(AD_ACCOUNT).pool(ADS_MANAGEMENT).cost(READ)
}

/// Declares a call that changes an ad account and may act twice.
pub(crate) const fn ads_write(name: &'static str, method: Method, path: &'static str) -> Operation {
    Operation::new(name, method, path).pool(AD_ACCOUNT).pool(AD_ACCOUNT_WRITES).pool(ADS_MANAGEMENT).cost(WRITE)
}

#[cfg(test)]
mod tests {
    use acd_core::limits::OnLimit;
    use acd_core::testing::{Harness, answer};
    use acd_core::{ErrorKind, RetryConfig};

    use super::*;
    use crate::MetaClient;
    use crate::macros::check_enum;

    const LIST: Operation = ads_read("meta.test.list", "/x");
    const CREATE: Operation = ads_write("meta.test.create", Method::POST, "/x");

    fn client(harness: &Harness) -> MetaClient {
        let http = harness.client().classify(crate::error::MetaErrors);
        let limits = MetaLimits::default().pools().on_limit(OnLimit::Fail);
        MetaClient::builder("t").http(move |_| http.limits(limits)).build().unwrap()
    }

    fn call(
        harness: &Harness,
        meta: &MetaClient,
        operation: &'static Operation,
        account: &str,
    ) -> Result<(), ErrorKind> {
        let mut call = meta.http().call(operation).retry(RetryConfig::disabled());
        for pool in operation.limit_pools() {
            call = call.pool_scope(pool, account).pool_cost(pool, cost(operation, pool));
        }
        harness.run(call.send()).map(drop).map_err(|error| error.kind())
    }

    #[test]
    fn a_write_weighs_three_reads_and_accounts_have_scores_of_their_own() {
        let harness = Harness::new((0..70).map(|_| answer(200).body("{}")));
        let meta = client(&harness);
        for _ in 0..19 {
            call(&harness, &meta, &CREATE, "act_1").unwrap();
        }
        for _ in 0..3 {
            call(&harness, &meta, &LIST, "act_1").unwrap();
        }
        assert_eq!(call(&harness, &meta, &LIST, "act_1"), Err(ErrorKind::RateLimited));
        call(&harness, &meta, &CREATE, "act_2").unwrap();
        harness.clock().advance(SCORE_WINDOW + ON_THE_WAY);
        call(&harness, &meta, &CREATE, "act_1").unwrap();
    }

    #[test]
    fn what_headers_say_corrects_the_count() {
        let usage = |percent: u32, tier: &str| {
            format!(r#"{{"acc_id_util_pct":{percent},"reset_time_duration":120,"ads_api_access_tier":"{tier}"}}"#)
        };
        let header = "x-ad-account-usage";
        let harness = Harness::new([
            answer(200).body("{}").header(header, &usage(99, "development_access")),
            answer(200).body("{}").header(header, &usage(1, "standard_access")),
        ]);
        let meta = client(&harness);
        call(&harness, &meta, &LIST, "act_1").unwrap();
        assert_eq!(call(&harness, &meta, &LIST, "act_1"), Err(ErrorKind::RateLimited), "somebody else uses it up");
        call(&harness, &meta, &LIST, "act_2").unwrap();
        let harness =
            Harness::new((0..100).map(|_| answer(200).body("{}").header(header, &usage(1, "standard_access"))));
        let meta = client(&harness);
        for _ in 0..100 {
            call(&harness, &meta, &LIST, "act_2").expect("the app has full access, as the header says");
        }
    }

    #[test]
    fn a_use_case_that_is_used_up_stops_for_the_minutes_that_are_told() {
        let value = r#"{"1":[{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":2}]}"#;
        let harness =
            Harness::new([answer(200).body("{}").header("x-business-use-case-usage", value), answer(200).body("{}")]);
        let meta = client(&harness);
        call(&harness, &meta, &LIST, "act_1").unwrap();
        let error = harness.run(meta.http().call(&LIST).pool_scope(ADS_MANAGEMENT, "act_1").send()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert!(error.retry_after() >= Some(Duration::from_secs(120)));
    }

    #[test]
    fn a_throttled_account_is_left_alone_until_its_block_is_over() {
        let body = r#"{"error":{"message":"m","code":17,"error_subcode":2446079}}"#;
        let harness = Harness::new([answer(400).body(body), answer(200).body("{}")]);
        let meta = client(&harness);
        assert_eq!(call(&harness, &meta, &CREATE, "act_1"), Err(ErrorKind::Throttled));
        harness.clock().advance(Duration::from_secs(299));
        assert_eq!(call(&harness, &meta, &CREATE, "act_1"), Err(ErrorKind::RateLimited));
        harness.clock().advance(Duration::from_secs(1));
        call(&harness, &meta, &CREATE, "act_1").unwrap();
    }

    /// 60 points as they are used one by one, with the headers that Meta sends, which say 100 % at the last.
    #[test]
    fn a_score_that_is_used_up_is_free_again_point_by_point() {
        let header = |used: u32| {
            let share = (f64::from(used) / 60.0 * 10_000.0).round() / 100.0;
            format!(r#"{{"acc_id_util_pct":{share},"reset_time_duration":300}}"#)
        };
        let answers = (1..=61).map(|used| answer(200).body("{}").header("x-ad-account-usage", &header(used.min(60))));
        let harness = Harness::new(answers);
        let meta = client(&harness);
        for _ in 0..60 {
            call(&harness, &meta, &LIST, "act_1").unwrap();
            harness.clock().advance(Duration::from_secs(5));
        }
        assert_eq!(call(&harness, &meta, &LIST, "act_1"), Err(ErrorKind::RateLimited));
        harness.clock().advance(ON_THE_WAY);
        call(&harness, &meta, &LIST, "act_1").expect("the oldest point has gone");
        assert_eq!(call(&harness, &meta, &LIST, "act_1"), Err(ErrorKind::RateLimited), "the others have not");
    }

    /// Meta counts a call when it arrives: the first was under way for two seconds, the next ones are not.
    #[test]
    fn a_call_keeps_its_place_until_meta_has_surely_forgotten_it() {
        let harness = Harness::new((0..21).map(|_| answer(200).body("{}")));
        let meta = client(&harness);
        for _ in 0..20 {
            call(&harness, &meta, &CREATE, "act_1").unwrap();
        }
        harness.clock().advance(SCORE_WINDOW + Duration::from_secs(2));
        assert_eq!(call(&harness, &meta, &CREATE, "act_1"), Err(ErrorKind::RateLimited));
        harness.clock().advance(ON_THE_WAY);
        call(&harness, &meta, &CREATE, "act_1").unwrap();
    }

    #[test]
    fn what_is_left_is_rounded_and_bounded() {
        for (percent, expected) in [(0.0, 60), (9.67, 54), (91.67, 5), (99.0, 0), (100.0, 0), (140.0, 0), (-1.0, 60)] {
            assert_eq!(left(60, percent), expected, "{percent}");
        }
    }

    #[test]
    fn tiers_and_use_cases_of_tomorrow_survive() {
        check_enum::<AccessTier>();
        check_enum::<UseCase>();
    }
}
