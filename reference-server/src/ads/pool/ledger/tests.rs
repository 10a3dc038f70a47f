//! What the ledger promises, exchange by exchange.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const ALLOWED: Allowance = Allowance { units: 60, window: Duration::from_secs(300) };
/// A window, with all by which units count longer.
const WINDOW: i64 = 303_500;

/// A ledger of a pool that nobody else uses.
fn clear() -> Ledger {
    Ledger { clear_at: Some(0), ..Ledger::default() }
}

fn ask(product: &str, count: u32, since: i64) -> Ask {
    Ask { product: product.to_owned(), cost: 3, count, since, is_background: false }
}

fn asking(asks: impl Into<Vec<Ask>>) -> Report {
    Report { asks: asks.into(), ..Report::default() }
}

fn units(product: &str, units: u64) -> BTreeMap<String, u64> {
    BTreeMap::from([(product.to_owned(), units)])
}

fn exchange(ledger: &mut Ledger, replica: &str, report: &Report, now: i64) -> Reply {
    let terms = Terms { allowance: Some(ALLOWED), weights: &BTreeMap::new() };
    ledger.exchange(&terms, replica, report, now).0
}

#[test]
fn no_more_is_lent_than_is_there_and_what_is_used_counts_for_its_window() {
    let mut ledger = clear();
    let reply = exchange(&mut ledger, "r1", &asking([ask("a", 99, 0)]), 0);
    assert_eq!((reply.granted, reply.largest), (units("a", 57), Some(60)));
    let done = |done: u64| Report { done: units("a", done), ..asking([ask("a", 2, 5)]) };
    assert_eq!(exchange(&mut ledger, "r1", &done(57), 500).granted, units("a", 3), "the last call goes alone");
    let reply = exchange(&mut ledger, "r1", &done(3), 1_000);
    assert_eq!(reply.granted, BTreeMap::new());
    // Entered in the third second, which ends with it.
    assert_eq!(reply.waits["a"], WINDOW - 1_000);
    assert_eq!(exchange(&mut ledger, "r1", &asking([ask("a", 1, 5)]), WINDOW - 1).granted, BTreeMap::new());
    assert_eq!(exchange(&mut ledger, "r1", &asking([ask("a", 1, 5)]), WINDOW).granted, units("a", 3));
}

#[test]
fn what_others_used_before_the_first_call_is_known_before_the_last_unit_is_lent() {
    let mut ledger = Ledger::default();
    assert_eq!(exchange(&mut ledger, "r1", &asking([ask("a", 7, 0)]), 0).granted, units("a", 21));
    assert_eq!(exchange(&mut ledger, "r2", &asking([ask("a", 7, 0)]), 1).granted, units("a", 9), "half of it");
    let told = |percent: f64| vec![Telling { units: None, used_percent: Some(percent), as_of: 40 }];
    let answered = Report { done: units("a", 21), tellings: told(50.0), ..asking([ask("a", 20, 2)]) };
    assert_eq!(exchange(&mut ledger, "r1", &answered, 50).granted, BTreeMap::new());
    // All are answered, and the vendor counts nine more.
    let answered = Report { done: units("a", 9), tellings: told(65.0), ..Report::default() };
    exchange(&mut ledger, "r2", &answered, 60);
    assert_eq!(exchange(&mut ledger, "r1", &asking([ask("a", 20, 2)]), 61).granted, units("a", 18));
}

#[test]
fn while_others_use_is_unclear_a_call_at_a_time_asks_for_it() {
    let mut ledger = Ledger::default();
    let telling = Telling { units: None, used_percent: Some(5.0), as_of: 0 };
    exchange(&mut ledger, "r1", &asking([ask("a", 9, 0)]), 0);
    let report = Report { done: units("a", 3), held: units("a", 27), tellings: vec![telling], ..Report::default() };
    exchange(&mut ledger, "r1", &report, 1);
    // It never answers for the others, but they count.
    let after = LEASE_MS + 2;
    let mut waiting = asking([ask("a", 5, 2)]);
    assert_eq!(exchange(&mut ledger, "r2", &waiting, after).granted, units("a", 3));
    waiting.held = units("a", 3);
    assert_eq!(exchange(&mut ledger, "r2", &waiting, after + 1).granted, BTreeMap::new());
}

#[test]
fn what_comes_back_unused_goes_to_whoever_waits_on_any_replica() {
    let mut ledger = clear();
    exchange(&mut ledger, "r1", &asking([ask("a", 20, 0)]), 0);
    assert_eq!(exchange(&mut ledger, "r2", &asking([ask("b", 2, 0)]), 10).granted, BTreeMap::new());
    // Nothing is held any more: everything came back.
    exchange(&mut ledger, "r1", &Report::default(), 20);
    assert_eq!(exchange(&mut ledger, "r2", &asking([ask("b", 2, 0)]), 30).granted, units("b", 6));
}

#[test]
fn the_more_urgent_and_then_the_older_call_of_a_product_comes_first_whatever_its_replica() {
    let mut ledger = clear();
    exchange(&mut ledger, "r0", &asking([ask("x", 20, 0)]), 0);
    let background = Ask { is_background: true, ..ask("a", 1, 1) };
    exchange(&mut ledger, "r1", &asking([background]), 1);
    exchange(&mut ledger, "r2", &asking([ask("a", 1, 3)]), 3);
    exchange(&mut ledger, "r3", &asking([ask("a", 1, 2)]), 3);
    // One call's worth comes back at a time.
    let held = |left: u64| Report { held: units("x", left), ..Report::default() };
    exchange(&mut ledger, "r0", &held(54), 4);
    assert_eq!(ledger.replicas["r3"].granted, units("a", 3));
    exchange(&mut ledger, "r0", &held(51), 5);
    assert_eq!(ledger.replicas["r2"].granted, units("a", 3));
    exchange(&mut ledger, "r0", &held(48), 6);
    assert_eq!(ledger.replicas["r1"].granted, units("a", 3));
}

#[test]
fn a_dead_replica_loses_what_it_held_and_the_vendor_tells_how_much_of_that_was_used() {
    let mut ledger = clear();
    let used = Report { done: units("a", 30), ..Report::default() };
    exchange(&mut ledger, "live", &used, 0);
    exchange(&mut ledger, "dead", &asking([ask("a", 4, 0)]), 0);
    assert_eq!(exchange(&mut ledger, "live", &asking([ask("a", 20, 0)]), LEASE_MS - 1).granted, units("a", 15));
    let after = LEASE_MS + 10;
    let mut held = Report { held: units("a", 15), ..asking([ask("a", 14, 0)]) };
    assert_eq!(exchange(&mut ledger, "live", &held, after).granted, BTreeMap::new(), "it may have used them");
    // 30 and one write of the dead one, to which a call of ours was added when the vendor counted.
    let telling = Telling { units: None, used_percent: Some(60.01), as_of: after };
    held.tellings = vec![telling];
    held.done = units("a", 3);
    held.held = units("a", 12);
    assert_eq!(exchange(&mut ledger, "live", &held, after + 1).granted, units("a", 3), "what surely was not used");
}

#[test]
fn however_much_is_wanted_a_call_is_left_whose_answer_tells_what_a_dead_replica_used() {
    let mut ledger = clear();
    exchange(&mut ledger, "dead", &asking([ask("a", 5, 0)]), 0);
    let mut waiting = asking([ask("a", 99, 0)]);
    assert_eq!(exchange(&mut ledger, "live", &waiting, 1).granted, units("a", 42));
    waiting.done = units("a", 42);
    assert_eq!(exchange(&mut ledger, "live", &waiting, 2).granted, BTreeMap::new(), "the dead one may be alive");
    waiting.done = BTreeMap::new();
    let after = LEASE_MS + 1;
    assert_eq!(exchange(&mut ledger, "live", &waiting, after).granted, units("a", 3));
    // It was cut short before its first call, and Meta tells of 45 units.
    waiting.done = units("a", 3);
    waiting.tellings = vec![Telling { units: None, used_percent: Some(75.01), as_of: after }];
    assert_eq!(exchange(&mut ledger, "live", &waiting, after + 1).granted, units("a", 6));
}

#[test]
fn what_others_use_is_learnt_and_our_own_is_not_taken_for_theirs() {
    let mut ledger = clear();
    let told = |percent: f64, as_of: i64| Telling { units: None, used_percent: Some(percent), as_of };
    let report = Report { done: units("a", 30), tellings: vec![told(50.0, 0)], ..Report::default() };
    exchange(&mut ledger, "r", &report, 0);
    let report = Report { tellings: vec![told(80.03, 10)], ..asking([ask("a", 9, 0)]) };
    assert_eq!(exchange(&mut ledger, "r", &report, 10).granted, units("a", 9), "18 were somebody else's");
    // An answer that was under way when our own units stopped to count.
    let report = Report { tellings: vec![told(100.0, WINDOW - 1_000)], ..asking([ask("a", 9, 0)]) };
    assert_eq!(exchange(&mut ledger, "r", &report, WINDOW + 1_000).granted, units("a", 27));
}

#[test]
fn a_pause_holds_for_every_replica() {
    let mut ledger = clear();
    let throttled = Report { blocked_for_ms: 60_000, ..Report::default() };
    exchange(&mut ledger, "r1", &throttled, 0);
    let reply = exchange(&mut ledger, "r2", &asking([ask("a", 1, 0)]), 1_000);
    assert_eq!((reply.granted.len(), reply.blocked_for_ms, reply.waits["a"]), (0, 59_000, 59_000));
    let reply = exchange(&mut ledger, "r2", &asking([ask("a", 1, 0)]), 60_000);
    assert_eq!(reply.granted, units("a", 3));
}

#[test]
fn with_room_units_are_lent_ahead_and_without_they_are_not() {
    let mut ledger = clear();
    let ahead = Report { ahead: units("a", 12), ..Report::default() };
    assert_eq!(exchange(&mut ledger, "r", &ahead, 0).granted, units("a", 7));
    let used = Report { done: units("a", 31), ..ahead.clone() };
    let reply = exchange(&mut ledger, "r", &used, 1);
    assert!(!reply.is_roomy && reply.granted.is_empty());
}

#[test]
fn the_alert_comes_once_until_there_is_room_again() {
    let mut ledger = clear();
    let terms = Terms { allowance: Some(ALLOWED), weights: &BTreeMap::new() };
    let mut turn = |done: u64, now: i64| {
        let report = Report { done: units("a", done), ..Report::default() };
        ledger.exchange(&terms, "r", &report, now).1
    };
    assert_eq!(
        [turn(47, 0), turn(1, 1), turn(1, 2), turn(0, WINDOW * 2)],
        [None, Some(Turn::High), None, Some(Turn::Calm)]
    );
}

proptest! {
    /// Whatever replicas do, die and come back: the vendor never counts more than it allows in its window.
    #[test]
    fn the_vendors_limit_is_never_passed(
        steps in proptest::collection::vec((0_usize..3, 0_i64..20_000, 0_u32..12, any::<bool>(), 0_u64..4), 1..120),
    ) {
        let mut ledger = clear();
        let mut hands = [0_u64; 3];
        let mut leases = [0_i64; 3];
        let mut counted: Vec<(i64, u64)> = Vec::new();
        let mut now = 0;
        for (at, step, calls, dies, uses) in steps {
            now += step;
            let name = ["r0", "r1", "r2"][at];
            // A replica uses what it holds only during its lease, and dies perhaps before it reports that.
            let used = if now < leases[at] { (uses * 3).min(hands[at]) } else { 0 };
            if used > 0 {
                counted.push((now, used));
            }
            hands[at] = if now < leases[at] { hands[at] - used } else { 0 };
            if dies {
                continue;
            }
            let report = Report { done: units("a", used), held: units("a", hands[at]), ..asking([ask("a", calls, now)]) };
            let reply = exchange(&mut ledger, name, &report, now);
            hands[at] += reply.granted.values().sum::<u64>();
            leases[at] = now + LEASE_MS;
        }
        for (from, _) in &counted {
            let sum: u64 = counted.iter().filter(|(t, _)| (*from..from + 300_000).contains(t)).map(|(_, n)| n).sum();
            prop_assert!(sum <= 60, "{sum} units from {from}");
        }
    }
}
