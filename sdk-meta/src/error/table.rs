//! Meta's codes and subcodes, as data
//! ([pages](https://developers.facebook.com/docs/marketing-api/error-reference) and
//! [rate limits](https://developers.facebook.com/docs/marketing-api/overview/rate-limiting), read 2026-11).

use std::time::Duration;

use super::ErrorClass::{self, *};

/// Which errors a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// This code with this subcode.
    Pair(i64, i64),
    /// This subcode under any code, or as the code itself.
    Either(i64),
    /// This code, whatever the subcode.
    Code(i64),
    /// The codes from the first to the last.
    Codes(i64, i64),
}

/// A row: what it is about, what it calls for, and how long to wait where that is known beforehand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) matches: Match,
    pub(super) class: ErrorClass,
    pub(super) wait: Option<Duration>,
}

const fn pair(code: i64, subcode: i64, class: ErrorClass) -> Row {
    Row { matches: Match::Pair(code, subcode), class, wait: None }
}

const fn either(code: i64, class: ErrorClass) -> Row {
    Row { matches: Match::Either(code), class, wait: None }
}

const fn code(code: i64, class: ErrorClass) -> Row {
    Row { matches: Match::Code(code), class, wait: None }
}

impl Row {
    const fn wait(mut self, seconds: u64) -> Self {
        self.wait = Some(Duration::from_secs(seconds));
        self
    }
}

const HOUR: u64 = 3600;
const DAY: u64 = 86_400;
/// Business use case limits say in a header when they end; this is for an answer without it.
const USE_CASE: u64 = 300;

/// Every row. The more special ones win, whatever their place: pairs, then subcodes, then codes, then ranges.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    // who calls
    code(190, Auth), code(102, Auth), code(104, Auth),
    // what the caller may do
    code(3, Permission), code(10, Permission), code(294, Permission), either(1_815_694, Permission),
    Row { matches: Match::Codes(200, 299), class: Permission, wait: None },
    pair(200, 1_870_034, Permission), pair(200, 1_870_090, Permission), pair(200, 1_870_050, Permission),
    pair(200, 1_870_047, Permission), pair(100, 3_191_001, Permission), pair(2654, 1_713_092, Permission),
    // blocks
    code(368, Policy), either(1_404_078, Policy), either(2_859_015, Policy), either(1_404_163, Policy),
    either(3_910_001, Policy), either(2_708_008, Policy), pair(25, 2_207_050, Policy), pair(4, 2_207_051, Policy),
    // no such thing
    pair(100, 33, NotFound), code(803, NotFound), pair(24, 2_207_006, NotFound), pair(24, 2_207_008, NotFound),
    // versions
    code(2635, Version), code(12, Version),
    // wrong calls
    code(100, Validation), code(105, Validation), code(194, Validation), code(300, Validation), code(2500, Validation),
    code(2606, Validation), code(2607, Validation), code(2615, Validation), code(506, Validation),
    code(1_609_005, Validation), code(3018, Validation),
    either(1_487_694, Validation), either(1_885_272, Validation), either(1_885_621, Validation),
    either(1_885_650, Validation), either(2_238_055, Validation), either(2_446_307, Validation),
    either(1_487_033, Validation), either(1_487_007, Validation), either(1_487_056, Validation),
    either(1_487_566, Validation), either(1_885_088, Validation), either(1_487_929, Validation),
    either(1_885_204, Validation), either(1_885_029, Validation), either(1_885_557, Validation),
    either(2_446_289, Validation), either(2_490_155, Validation), either(1_815_199, Validation),
    either(1_815_629, Validation), either(1_870_199, Validation), either(1_870_065, Validation),
    either(1_870_088, Validation), either(1_870_165, Validation), either(3_858_064, Validation),
    either(2_446_383, Validation), either(2_446_394, Validation), either(2_446_509, Validation),
    either(3_858_152, Validation), either(3_858_258, Validation), either(1_373_054, Validation),
    either(1_487_990, Validation), either(1_340_029, Validation), either(1_713_098, Validation),
    either(1_713_230, Validation), either(1_713_232, Validation), either(1_487_901, Validation),
    pair(1, 99, Validation), pair(2, 1_504_041, Validation), pair(2, 1_504_042, Validation),
    pair(100, 2_804_003, Validation), pair(100, 2_804_050, Validation),
    // audiences
    code(2650, Audience), code(2654, Audience), either(1_870_145, Audience), either(1_870_147, Audience),
    either(1_870_158, Audience), either(1_870_159, Audience), either(1_870_148, Audience), either(1_870_144, Audience),
    // too many calls
    code(4, Throttle).wait(300), pair(4, 1_504_022, Throttle).wait(30), pair(4, 1_504_039, Throttle).wait(30),
    code(17, Throttle).wait(300), code(32, Throttle).wait(USE_CASE), code(341, Throttle).wait(60),
    code(613, Throttle).wait(HOUR), pair(613, 1_487_742, Throttle).wait(300), pair(613, 5_044_001, Throttle).wait(1),
    pair(613, 1996, Throttle).wait(60),
    code(80_000, Throttle).wait(USE_CASE), code(80_001, Throttle).wait(USE_CASE), code(80_002, Throttle).wait(USE_CASE),
    code(80_003, Throttle).wait(USE_CASE), code(80_004, Throttle).wait(USE_CASE), code(80_005, Throttle).wait(USE_CASE),
    code(80_006, Throttle).wait(USE_CASE), code(80_008, Throttle).wait(USE_CASE), code(80_009, Throttle).wait(USE_CASE),
    code(80_014, Throttle).wait(USE_CASE),
    // caps on one thing
    pair(17, 1_885_172, Quota).wait(DAY), pair(613, 1_487_632, Quota).wait(HOUR), pair(613, 1_487_225, Quota).wait(DAY),
    code(9, Quota).wait(DAY), pair(9, 2_207_042, Quota).wait(DAY),
    // what may pass
    code(1, Transient), code(2, Transient), pair(2, 1_504_038, Transient), pair(2, 1_504_043, Transient),
    pair(2, 1_504_044, Transient), pair(-2, 2_490_547, Transient), code(5000, Transient), pair(-2, 2_207_003, Transient),
    // too much at once
    pair(100, 1_487_534, Shrink), pair(100, 1_504_018, Shrink), pair(-3, 1_504_045, Shrink),
    // videos
    either(1_363_037, Upload),
    // Instagram's media
    pair(9007, 2_207_027, NotReady), pair(9004, 2_207_052, Validation), pair(36_000, 2_207_004, Validation),
    pair(36_001, 2_207_005, Validation), pair(36_003, 2_207_009, Validation), pair(36_004, 2_207_010, Validation),
    pair(352, 2_207_026, Validation), pair(100, 2_207_028, Validation), pair(100, 2_207_040, Validation),
    pair(100, 2_207_023, Validation),
    pair(-1, 2_207_001, Container), pair(-1, 2_207_032, Container), pair(-1, 2_207_053, Container),
];

/// The row that fits an error best.
pub(super) fn find(code: i64, subcode: Option<i64>) -> Option<&'static Row> {
    let rank = |row: &Row| match row.matches {
        Match::Pair(c, s) => (c == code && Some(s) == subcode).then_some(0),
        Match::Either(either) => (either == code || Some(either) == subcode).then_some(1),
        Match::Code(c) => (c == code).then_some(2),
        Match::Codes(first, last) => (first..=last).contains(&code).then_some(3),
    };
    ROWS.iter().filter_map(|row| rank(row).map(|rank| (rank, row))).min_by_key(|(rank, _)| *rank).map(|(_, row)| row)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_is_found_and_none_is_there_twice() {
        let mut seen = HashSet::new();
        for row in ROWS {
            assert!(seen.insert(format!("{:?}", row.matches)), "{row:?}");
            let asked: &[(i64, Option<i64>)] = match row.matches {
                Match::Pair(code, subcode) => &[(code, Some(subcode))],
                Match::Either(either) => &[(100, Some(either)), (either, None)],
                Match::Code(code) => &[(code, None), (code, Some(7))],
                Match::Codes(first, last) => &[(first, None), (last, None)],
            };
            for (code, subcode) in asked {
                assert_eq!(find(*code, *subcode).unwrap().class, row.class, "{code}/{subcode:?}");
            }
        }
    }

    /// The rows of the reference that other rows would swallow, and the subcodes of which it is silent.
    #[test]
    fn the_more_special_row_wins() {
        for (code, subcode, class, wait) in [
            (190, Some(463), Auth, None),
            (17, Some(2_446_079), Throttle, Some(300)),
            (17, Some(1_885_172), Quota, Some(DAY)),
            (4, None, Throttle, Some(300)),
            (4, Some(1_504_022), Throttle, Some(30)),
            (4, Some(2_207_051), Policy, None),
            (613, None, Throttle, Some(HOUR)),
            (613, Some(5_044_001), Throttle, Some(1)),
            (613, Some(1_487_632), Quota, Some(HOUR)),
            (80_000, Some(2_446_079), Throttle, Some(USE_CASE)),
            (100, Some(33), NotFound, None),
            (100, Some(1_885_272), Validation, None),
            (100, Some(1_487_534), Shrink, None),
            (1, Some(99), Validation, None),
            (2, Some(1_504_041), Validation, None),
            (2, Some(1_504_043), Transient, None),
            (2650, Some(1_870_145), Audience, None),
            (2654, Some(1_713_092), Permission, None),
            (275, None, Permission, None),
            (6000, Some(1_363_037), Upload, None),
        ] {
            let row = find(code, subcode).unwrap();
            assert_eq!((row.class, row.wait), (class, wait.map(Duration::from_secs)), "{code}/{subcode:?}");
        }
        assert!(find(424_242, None).is_none());
        assert!(find(-1, None).is_none(), "negative codes say nothing without their subcode");
    }
}
