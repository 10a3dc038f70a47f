//! Winners and losers among the ads of a test, by a rule that may be asked every day.
//!
//! Each ad is compared with all others together by conversions per impression, click or money spent. The rule says *winner* or
//! *loser* when a sequential test rejects that the two rates are equal, and the ratio is large enough to act on.
//!
//! - **It may be looked at again and again.** A usual test that is asked daily until it says something finds a winner among
//!   equals in the end. This one is a test martingale: over all looks together, forever, its evidence reaches 1/α with a
//!   probability of at most α where rates are equal (Ville's inequality; Ramdas, Grünwald, Vovk, Shafer, "Game-theoretic
//!   statistics and safe anytime-valid inference", 2023, <https://arxiv.org/abs/2210.01948>).
//! - **Many ads are many chances to be wrong.** α is shared among the ads and the two directions (Bonferroni), so the stated
//!   rate is that of one wrong verdict or more in the whole test.
//! - **Good and bad days do not mislead.** Of one day's conversions an ad gets, at equal rates, each with the probability of its
//!   share of that day's exposure. Days are compared within themselves, so rates may differ between them.
//! - **Few conversions say nothing**, and **small differences are not worth acting on**: see [`Rule`].
//!
//! The evidence is a likelihood ratio, averaged over effects from 5 % to eightfold. Nothing is tuned to how long a test runs.

/// Effects of each direction in the average.
const EFFECTS: usize = 24;
const SMALLEST_EFFECT: f64 = 1.05;
const LARGEST_EFFECT: f64 = 8.0;

/// What an ad did on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often it was shown.
    pub impressions: u64,
    /// How often it was clicked.
    pub clicks: u64,
    /// How many conversions it led to.
    pub conversions: u64,
    /// What it cost, in minor units of one currency for the whole test.
    pub spend_minor: u64,
}

/// What conversions are counted against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exposure {
    /// Conversions per impression: which ad works.
    #[default]
    Impressions,
    /// Conversions per click: which page keeps what its ad promises.
    Clicks,
    /// Conversions per money: which ad is worth its price.
    Spend,
}

/// What is said of an ad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It converts better than the others together.
    Winner,
    /// It converts worse than the others together.
    Loser,
    /// The numbers do not say.
    Undecided,
}

/// How sure and how much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The largest probability of a wrong verdict about any ad of a test of equal ads, over all looks: 0.05.
    pub false_positive_rate: f64,
    /// Conversions that the test must have in all: 20.
    pub least_conversions: u64,
    /// How far the observed ratio of the rates must be from 1: 0.1 for a tenth better, or as much worse (1/1.1).
    pub least_effect: f64,
}

impl Default for Rule {
    fn default() -> Self {
        Self { false_positive_rate: 0.05, least_conversions: 20, least_effect: 0.1 }
    }
}

/// What the days of a test say, gathered one by one. Which ads take part is settled at the start.
#[derive(Clone, Debug)]
pub struct Evidence {
    per: Exposure,
    conversions: f64,
    ads: Vec<AdEvidence>,
}

#[derive(Clone, Debug, Default)]
struct AdEvidence {
    /// Logarithms of the likelihood ratios: better by each effect, worse by each effect.
    better: [f64; EFFECTS],
    worse: [f64; EFFECTS],
    /// The sums of Mantel and Haenszel, whose ratio is that of the rates.
    own: f64,
    others: f64,
}

impl Evidence {
    /// A test of so many ads that has not begun.
    #[must_use]
    pub fn new(ads: usize, per: Exposure) -> Self {
        Self { per, conversions: 0.0, ads: vec![AdEvidence::default(); ads] }
    }

    /// Adds a day: the tally of each ad in the test's order. Ads without one were not shown; tallies beyond the test's ads are
    /// not looked at. An ad's conversions without exposure say nothing of its rate and are left out.
    pub fn add(&mut self, day: &[Tally]) {
        let day: Vec<(f64, f64)> = day
            .iter()
            .take(self.ads.len())
            .map(|tally| {
                let exposure = match self.per {
                    Exposure::Impressions => tally.impressions,
                    Exposure::Clicks => tally.clicks,
                    Exposure::Spend => tally.spend_minor,
                };
                (exposure as f64, if exposure == 0 { 0.0 } else { tally.conversions as f64 })
            })
            .collect();
        let exposure: f64 = day.iter().map(|(exposure, _)| exposure).sum();
        let conversions: f64 = day.iter().map(|(_, conversions)| conversions).sum();
        self.conversions += conversions;
        for (ad, (shown, converted)) in self.ads.iter_mut().zip(day) {
            let share = shown / exposure;
            if share > 0.0 && share < 1.0 {
                ad.add(share, converted, conversions - converted);
            }
        }
    }

    /// How many times the others' rate each ad's is, in the test's order, days compared within themselves; none where either
    /// has no conversions.
    #[must_use]
    pub fn ratios(&self) -> Vec<Option<f64>> {
        let ratio = |ad: &AdEvidence| Some(ad.own / ad.others).filter(|ratio| ratio.is_finite() && *ratio > 0.0);
        self.ads.iter().map(ratio).collect()
    }

    /// The verdict about each ad, in the test's order. May be asked after any day.
    #[must_use]
    pub fn judge(&self, rule: &Rule) -> Vec<Verdict> {
        let threshold = (2.0 * self.ads.len() as f64 / rule.false_positive_rate).ln();
        let enough = self.conversions >= rule.least_conversions as f64;
        self.ads
            .iter()
            .map(|ad| {
                let ratio = ad.own / ad.others;
                let effect = 1.0 + rule.least_effect;
                // Written so that a rule or a ratio that is no number decides nothing.
                if enough && ratio >= effect && average(&ad.better) >= threshold {
                    Verdict::Winner
                } else if enough && ratio <= effect.recip() && average(&ad.worse) >= threshold {
                    Verdict::Loser
                } else {
                    Verdict::Undecided
                }
            })
            .collect()
    }
}

impl AdEvidence {
    /// A day on which an ad had this share of the exposure, so many conversions, and the others so many.
    fn add(&mut self, share: f64, own: f64, others: f64) {
        let step = (LARGEST_EFFECT / SMALLEST_EFFECT).ln() / (EFFECTS - 1) as f64;
        for at in 0..EFFECTS {
            let effect = (SMALLEST_EFFECT.ln() + step * at as f64).exp();
            self.better[at] += log_ratio(effect, share, own, others);
            self.worse[at] += log_ratio(effect.recip(), share, own, others);
        }
        self.own += own * (1.0 - share);
        self.others += others * share;
    }
}

/// How much likelier a day is when the ad's rate is so many times the others', than when they are equal; its logarithm.
fn log_ratio(effect: f64, share: f64, own: f64, others: f64) -> f64 {
    let all = effect * share + (1.0 - share);
    own * (effect / all).ln() - others * all.ln()
}

/// The logarithm of the average, without numbers that overflow.
fn average(logs: &[f64; EFFECTS]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + (logs.iter().map(|log| (log - largest).exp()).sum::<f64>() / EFFECTS as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SplitMix64: the same numbers in each run.
    struct Random(u64);

    impl Random {
        fn unit(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        }

        fn poisson(&mut self, mean: f64) -> u64 {
            let limit = (-mean).exp();
            let mut product = self.unit();
            let mut count = 0;
            while product > limit {
                product *= self.unit();
                count += 1;
            }
            count
        }
    }

    const ADS: usize = 5;
    const DAYS: usize = 30;
    const TESTS: usize = 2_000;

    /// A test of 30 days with changing budgets and rates. The first ad's rate is so many times that of the others.
    fn days(random: &mut Random, effect: f64) -> Vec<Vec<Tally>> {
        (0..DAYS)
            .map(|_| {
                let rate = 0.001 + 0.004 * random.unit();
                (0..ADS)
                    .map(|ad| {
                        let impressions = 200 + (3_000.0 * random.unit()) as u64;
                        let rate = if ad == 0 { rate * effect } else { rate };
                        let conversions = random.poisson(impressions as f64 * rate);
                        Tally { impressions, conversions, ..Tally::default() }
                    })
                    .collect()
            })
            .collect()
    }

    fn judge(days: &[Vec<Tally>]) -> Vec<Verdict> {
        let mut evidence = Evidence::new(days.first().map_or(0, Vec::len), Exposure::Impressions);
        days.iter().for_each(|day| evidence.add(day));
        evidence.judge(&Rule::default())
    }

    /// What everybody does first: ask each day whether the rates differ at the level of 5 %.
    fn naive_says(own: f64, all: f64, share: f64) -> bool {
        let deviation = (all * share * (1.0 - share)).sqrt();
        all >= 20.0 && (own - all * share).abs() > 1.96 * deviation
    }

    #[test]
    fn equal_ads_are_told_apart_in_at_most_one_test_of_twenty_though_asked_daily() {
        let mut random = Random(1);
        let (mut wrong, mut naively_wrong) = (0, 0);
        for _ in 0..TESTS {
            let mut evidence = Evidence::new(ADS, Exposure::Impressions);
            let (mut said, mut said_naively) = (false, false);
            let mut sums = [(0.0, 0.0); ADS];
            for day in days(&mut random, 1.0) {
                evidence.add(&day);
                said |= evidence.judge(&Rule::default()).iter().any(|verdict| *verdict != Verdict::Undecided);
                for (sum, tally) in sums.iter_mut().zip(&day) {
                    sum.0 += tally.impressions as f64;
                    sum.1 += tally.conversions as f64;
                }
                let shown: f64 = sums.iter().map(|sum| sum.0).sum();
                let all: f64 = sums.iter().map(|sum| sum.1).sum();
                said_naively |= sums.iter().any(|sum| naive_says(sum.1, all, sum.0 / shown));
            }
            wrong += usize::from(said);
            naively_wrong += usize::from(said_naively);
        }
        assert!(wrong * 20 <= TESTS, "{wrong} of {TESTS}");
        assert!(
            naively_wrong * 2 > TESTS,
            "the simulation is one in which peeking misleads: {naively_wrong} of {TESTS}"
        );
    }

    #[test]
    fn an_ad_half_again_as_good_or_half_as_good_is_found_in_four_tests_of_five() {
        let mut random = Random(2);
        let tests = 300;
        let verdicts =
            |effect, random: &mut Random| (0..tests).map(|_| judge(&days(random, effect))).collect::<Vec<_>>();
        let found = verdicts(1.5, &mut random).iter().filter(|ads| ads[0] == Verdict::Winner).count();
        assert!(found * 10 >= tests * 8, "{found} of {tests}");
        let found = verdicts(0.5, &mut random).iter().filter(|ads| ads[0] == Verdict::Loser).count();
        assert!(found * 10 >= tests * 8, "{found} of {tests}");
    }

    #[test]
    fn a_good_day_is_nobodys_merit() {
        // The first ad runs on good days, the others on bad ones; on each day both convert alike. In sum, the first looks four
        // times as good.
        let good = vec![
            Tally { impressions: 9_000, conversions: 450, ..Tally::default() },
            Tally { impressions: 1_000, conversions: 50, ..Tally::default() },
        ];
        let bad = vec![
            Tally { impressions: 1_000, conversions: 10, ..Tally::default() },
            Tally { impressions: 9_000, conversions: 90, ..Tally::default() },
        ];
        assert_eq!(judge(&[good.clone(), bad.clone(), good, bad]), [Verdict::Undecided; 2]);
    }

    #[test]
    fn little_and_small_differences_decide_nothing() {
        let day = |own: u64, others: u64, shown: u64| {
            let tally = |conversions| Tally { impressions: shown, conversions, ..Tally::default() };
            vec![tally(own), tally(others)]
        };
        assert_eq!(judge(&[day(19, 0, 100_000)]), [Verdict::Undecided; 2], "19 conversions");
        assert_eq!(judge(&[day(20, 0, 100_000)]), [Verdict::Winner, Verdict::Loser]);
        assert_eq!(
            judge(&[day(1_090_000, 1_000_000, 100_000_000)]),
            [Verdict::Undecided; 2],
            "sure, and only 9 % better"
        );
        assert_eq!(judge(&[day(1_110_000, 1_000_000, 100_000_000)]), [Verdict::Winner, Verdict::Loser]);
    }

    #[test]
    fn what_conversions_are_counted_against_is_chosen() {
        let cheap = Tally { impressions: 10_000, clicks: 100, conversions: 60, spend_minor: 1_000 };
        let dear = Tally { impressions: 10_000, clicks: 100, conversions: 60, spend_minor: 9_000 };
        for (per, first) in [
            (Exposure::Impressions, Verdict::Undecided),
            (Exposure::Clicks, Verdict::Undecided),
            (Exposure::Spend, Verdict::Winner),
        ] {
            let mut evidence = Evidence::new(2, per);
            evidence.add(&[cheap, dear]);
            assert_eq!(evidence.judge(&Rule::default())[0], first, "{per:?}");
        }
    }

    #[test]
    fn nonsense_decides_nothing() {
        let most = Tally { impressions: u64::MAX, clicks: u64::MAX, conversions: u64::MAX, spend_minor: u64::MAX };
        let none = Tally { conversions: 1_000, ..Tally::default() };
        for day in [vec![], vec![most], vec![none, none], vec![none, most], vec![most, most], vec![Tally::default(); 9]]
        {
            let ads = day.len();
            assert_eq!(judge(&[day.clone(), day]), vec![Verdict::Undecided; ads]);
        }
        let mut evidence = Evidence::new(2, Exposure::Impressions);
        let good = Tally { impressions: 1_000, conversions: 500, ..Tally::default() };
        evidence.add(&[good, Tally { impressions: 1_000, ..Tally::default() }, good]);
        for rate in [f64::NAN, 0.0, -1.0] {
            let rule = Rule { false_positive_rate: rate, ..Rule::default() };
            assert_eq!(evidence.judge(&rule), [Verdict::Undecided; 2], "{rate}");
        }
    }
}
