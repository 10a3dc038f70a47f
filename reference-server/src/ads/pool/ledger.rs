//! The truth of one pool: what is used of it, what is lent to whom, and who is served next. Pure: time comes in, nothing
//! goes out.

use std::collections::{BTreeMap, BTreeSet};

use acd_meta::limits::Allowance;
use serde::{Deserialize, Serialize};

use super::exchange::{Ask, Reply, Report, Telling};
use super::share::{Claim, Shares};
use super::window::{Span, Window};

/// What is lent to a replica counts as used if nothing is heard of it for so long.
pub(super) const LEASE_MS: i64 = 6_000;
/// From this share on a pool is nearly used up.
const HIGH: f64 = 0.8;
/// From here down it no longer is: in between nothing changes, so that an alert is not repeated at each call.
const CALM: f64 = 0.7;
/// Units are lent ahead of calls while more than this share of them is free.
const ROOMY: f64 = 0.5;
/// The share of a window after which a product that asked for nothing has none reserved.
const IDLE_PARTS: i64 = 5;
/// Units that are lent only while nothing else is: when a replica dies, a call is left whose answer tells what it used. As many
/// as the dearest call takes.
const TO_ASK_WITH: u64 = 3;
/// In a window at least so long it matters what others used before anybody here asked, and what became of a dead replica's.
const LONG_MS: i64 = 60_000;
/// Used by somebody whose calls do not pass through here.
const OTHERS: &str = "~";
/// The window in which use is told of pools whose quota only the vendor knows.
const HOUR_MS: i64 = 3_600_000;

/// The state of a pool as one row keeps it. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Ledger {
    /// What is allowed, where a header told it.
    units: Option<u32>,
    spent: Window,
    replicas: BTreeMap<String, Replica>,
    /// What replicas held that were not heard of again: perhaps used.
    doubts: Vec<Doubt>,
    blocked_until: i64,
    /// The share in percent that the vendor told last.
    told: Option<f64>,
    /// When the vendor counted what it told last.
    told_at: Option<i64>,
    /// When a telling showed last what others use.
    clear_at: Option<i64>,
    habits: BTreeMap<String, Habit>,
    is_high: bool,
    /// The latest time that anybody brought: clocks differ, and time does not run backwards here.
    latest: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Replica {
    until: i64,
    /// In hand or under way, by product.
    held: BTreeMap<String, u64>,
    /// Lent to it since it was last heard of.
    granted: BTreeMap<String, u64>,
    asks: Vec<Ask>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Doubt {
    since: i64,
    until: i64,
    units: u64,
}

/// What a product is used to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Habit {
    first: i64,
    last: i64,
    /// The most it used in a window of late.
    peak: u64,
    peak_at: i64,
}

/// What an exchange leads to besides its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The pool is nearly used up now.
    High,
    /// It is not any more.
    Calm,
}

/// What a pool looks like from outside.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    pub(super) units: Option<u32>,
    pub(super) used: u64,
    pub(super) told_percent: Option<f64>,
    pub(super) blocked_until: Option<i64>,
    /// By product: used and lent, guaranteed, calls waiting.
    pub(super) products: BTreeMap<String, (u64, Option<u64>, u64)>,
}

/// The rules of a pool that its ledger does not keep.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    /// What is allowed as far as is known without headers.
    pub(super) allowance: Option<Allowance>,
    /// Products' weights; one that is missing has the default.
    pub(super) weights: &'a BTreeMap<String, u32>,
}

impl Terms<'_> {
    fn span(&self) -> Span {
        let ms =
            self.allowance.map_or(HOUR_MS, |allowance| i64::try_from(allowance.window.as_millis()).unwrap_or(HOUR_MS));
        Span::new(ms)
    }
}

impl Ledger {
    /// A replica reports and is lent what it may use. `now` is its clock.
    pub(super) fn exchange(
        &mut self,
        terms: &Terms<'_>,
        replica: &str,
        report: &Report,
        now: i64,
    ) -> (Reply, Option<Turn>) {
        let span = terms.span();
        let now = self.settle(span, now);
        self.note(span, replica, report, now);
        for telling in &report.tellings {
            self.learn(span, terms, telling, now);
        }
        self.blocked_until = self.blocked_until.max(now.saturating_add(report.blocked_for_ms));
        self.serve(span, terms, now);
        let turn = self.turn(span, terms, now);
        (self.reply(span, terms, replica, &report.ahead, now), turn)
    }

    /// Brings the ledger to this time, or to the latest that was ever brought.
    fn settle(&mut self, span: Span, now: i64) -> i64 {
        self.latest = self.latest.max(now);
        let now = self.latest;
        let window = span.window_ms();
        let doubts = &mut self.doubts;
        self.replicas.retain(|_, replica| {
            if replica.until > now {
                return true;
            }
            // What was never fetched was never used; what was held may have been, until the very end.
            let units = replica.held.values().sum();
            if units > 0 {
                doubts.push(Doubt { since: replica.until, until: replica.until + window + LEASE_MS, units });
            }
            false
        });
        doubts.retain(|doubt| doubt.until > now && doubt.units > 0);
        self.spent.forget(span, now);
        self.habits.retain(|_, habit| habit.last + window.saturating_mul(2) > now);
        now
    }

    /// Takes down what a replica says of itself.
    fn note(&mut self, span: Span, name: &str, report: &Report, now: i64) {
        for (product, units) in &report.done {
            self.spent.enter(span, product, *units, now);
        }
        let mut asks = report.asks.clone();
        let replica = self.replicas.entry(name.to_owned()).or_default();
        for (product, units) in &replica.granted {
            // These calls are served by what the replica fetches now.
            serve_first(&mut asks, product, *units);
        }
        replica.until = now + LEASE_MS;
        replica.held =
            report.held.iter().filter(|(_, units)| **units > 0).map(|(name, units)| (name.clone(), *units)).collect();
        replica.asks = asks;
        let asking: BTreeSet<&String> =
            report.asks.iter().map(|ask| &ask.product).chain(report.done.keys()).chain(report.held.keys()).collect();
        for product in asking {
            let used = self.used_by(span, product, now);
            let habit =
                self.habits.entry(product.clone()).or_insert(Habit { first: now, last: now, peak: 0, peak_at: now });
            habit.last = now;
            if used >= habit.peak || now - habit.peak_at > span.window_ms() {
                (habit.peak, habit.peak_at) = (used, now);
            }
        }
    }

    /// Learns from what the vendor told.
    fn learn(&mut self, span: Span, terms: &Terms<'_>, telling: &Telling, now: i64) {
        if let Some(units) = telling.units {
            self.units = Some(units);
        }
        let Some(percent) = telling.used_percent.filter(|percent| percent.is_finite()) else { return };
        (self.told, self.told_at) = (Some(percent), self.told_at.max(Some(telling.as_of)));
        let Some(limit) = self.limit(terms) else { return };
        let (least, most) = bounds(limit, percent);
        // When the vendor counted, its count held no more than this of ours: so the rest is somebody else's.
        let ours = self.spent.used(span, telling.as_of) + self.lent() + self.doubted();
        self.spent.enter(span, OTHERS, least.saturating_sub(ours), now);
        // With calls under way that the vendor may not have counted, others' use hides behind them.
        if least > ours || self.lent() == 0 {
            self.clear_at = self.clear_at.max(Some(telling.as_of));
        }
        // Since then no more than this can have been added: so what is doubted beyond it was never used.
        let bound = most + self.spent.since(span, telling.as_of) + self.lent();
        let mut excess = self.used(span, now).saturating_sub(bound);
        for doubt in self.doubts.iter_mut().filter(|doubt| doubt.since <= telling.as_of) {
            let part = doubt.units.min(excess);
            doubt.units -= part;
            excess -= part;
        }
    }

    fn limit(&self, terms: &Terms<'_>) -> Option<u32> {
        let known = terms.allowance?;
        Some(self.units.unwrap_or(known.units))
    }

    fn lent(&self) -> u64 {
        self.replicas.values().map(|replica| replica.held.values().chain(replica.granted.values()).sum::<u64>()).sum()
    }

    fn lent_to(&self, product: &str) -> u64 {
        let of = |units: &BTreeMap<String, u64>| units.get(product).copied().unwrap_or(0);
        self.replicas.values().map(|replica| of(&replica.held) + of(&replica.granted)).sum()
    }

    fn doubted(&self) -> u64 {
        self.doubts.iter().map(|doubt| doubt.units).sum()
    }

    /// Everything that counts.
    fn used(&self, span: Span, now: i64) -> u64 {
        self.spent.used(span, now) + self.lent() + self.doubted()
    }

    fn used_by(&self, span: Span, product: &str, now: i64) -> u64 {
        self.spent.used_by(span, product, now) + self.lent_to(product)
    }

    fn shares(&self, span: Span, terms: &Terms<'_>, limit: Option<u64>, now: i64) -> Shares {
        let mut shares = Shares::new(limit, self.used(span, now));
        let asking = self.replicas.values().flat_map(|replica| &replica.asks);
        let mut products: BTreeSet<&str> = asking.clone().map(|ask| ask.product.as_str()).collect();
        let idle_after = span.window_ms() / IDLE_PARTS;
        products.extend(
            self.habits.iter().filter(|(_, habit)| habit.last + idle_after > now).map(|(name, _)| name.as_str()),
        );
        for product in products {
            let habit = self.habits.get(product);
            let is_new = habit.is_none_or(|habit| habit.first + span.window_ms() > now);
            let waits = asking.clone().filter(|ask| ask.product == product).map(Ask::units).sum();
            shares.add(
                product,
                Claim {
                    weight: terms.weights.get(product).copied().unwrap_or(super::DEFAULT_WEIGHT).max(1),
                    used: self.used_by(span, product, now),
                    waits,
                    habit: habit.filter(|_| !is_new).map(|habit| habit.peak),
                    next_cost: self.next_ask(product).map(|(_, at, cost)| (at, cost)),
                },
            );
        }
        shares
    }

    /// The call of a product that is served next, over all replicas: whose, since when, and its cost.
    fn next_ask(&self, product: &str) -> Option<(&str, (bool, i64), u64)> {
        let first = |(name, replica): (&'_ String, &'_ Replica)| {
            let ask = replica.asks.iter().find(|ask| ask.product == product)?;
            Some((name.clone(), (ask.is_background, ask.since), u64::from(ask.cost)))
        };
        let (name, at, cost) = self.replicas.iter().filter_map(first).min_by_key(|(_, at, _)| *at)?;
        self.replicas.get_key_value(&name).map(|(name, _)| (name.as_str(), at, cost))
    }

    /// Whether others may have used more than the ledger knows. A vendor that answers and tells nothing is taken at its word.
    fn is_unclear(&self, span: Span, now: i64) -> bool {
        let window = span.window_ms();
        let is_recent = |at: Option<i64>| at.is_some_and(|at| at + window > now);
        let is_told = is_recent(self.told_at) || self.spent.used(span, now) == 0;
        window >= LONG_MS && is_told && !is_recent(self.clear_at)
    }

    /// Lends to whoever waits, each in turn, as long as there is something to lend. While it is unclear what others use,
    /// that is half of the pool; the last units of a pool, and those beyond what is clear, are lent to one call at a time, whose
    /// answer tells more.
    fn serve(&mut self, span: Span, terms: &Terms<'_>, now: i64) {
        if self.blocked_until > now {
            return;
        }
        let limit = self.limit(terms).map(u64::from);
        let at_once = limit.map(|limit| match span.window_ms() {
            window if window < LONG_MS => limit,
            _ if self.is_unclear(span, now) => limit / 2,
            _ => limit.saturating_sub(TO_ASK_WITH),
        });
        self.lend(self.shares(span, terms, at_once, now), usize::MAX);
        if at_once < limit && self.lent() == 0 {
            self.lend(self.shares(span, terms, limit, now), 1);
        }
    }

    fn lend(&mut self, mut shares: Shares, calls: usize) {
        for _ in 0..calls {
            let Some(product) = shares.next() else { return };
            let Some((replica, _, cost)) = self.next_ask(&product) else { return };
            let replica = replica.to_owned();
            let Some(replica) = self.replicas.get_mut(&replica) else { return };
            *replica.granted.entry(product.clone()).or_insert(0) += cost;
            serve_first(&mut replica.asks, &product, cost);
            let next = self.next_ask(&product).map(|(_, at, cost)| (at, cost));
            shares.served(&product, cost, next);
        }
    }

    /// The share that is used, from 0 to 1.
    pub(super) fn used_share(&self, terms: &Terms<'_>, now: i64) -> f64 {
        self.share(terms.span(), terms, now.max(self.latest))
    }

    fn turn(&mut self, span: Span, terms: &Terms<'_>, now: i64) -> Option<Turn> {
        let share = self.share(span, terms, now);
        if !self.is_high && share >= HIGH {
            self.is_high = true;
            return Some(Turn::High);
        }
        if self.is_high && share < CALM {
            self.is_high = false;
            return Some(Turn::Calm);
        }
        None
    }

    /// The share that is used, by our count where the quota is known, else as it was told last.
    fn share(&self, span: Span, terms: &Terms<'_>, now: i64) -> f64 {
        match self.limit(terms) {
            Some(limit) => self.used(span, now) as f64 / f64::from(limit.max(1)),
            None => self.told.unwrap_or(0.0) / 100.0,
        }
    }

    fn reply(&mut self, span: Span, terms: &Terms<'_>, name: &str, ahead: &BTreeMap<String, u64>, now: i64) -> Reply {
        let blocked = self.blocked_until.saturating_sub(now).max(0);
        let limit = self.limit(terms);
        let unmet = self.replicas.values().any(|replica| !replica.asks.is_empty());
        let is_roomy = !unmet && blocked == 0 && self.share(span, terms, now) < ROOMY;
        let room = limit.map_or(u64::MAX, |limit| {
            // So many replicas may lend ahead side by side, and half stays free.
            (u64::from(limit) / 2).saturating_sub(self.used(span, now)) / 4
        });
        let ends = self.spent.ends(span, now);
        let used = self.used(span, now);
        let Some(replica) = self.replicas.get_mut(name) else { return Reply::default() };
        let mut granted = std::mem::take(&mut replica.granted);
        if is_roomy {
            for (product, units) in ahead {
                *granted.entry(product.clone()).or_insert(0) += units.min(&room);
            }
        }
        granted.retain(|_, units| *units > 0);
        for (product, units) in &granted {
            *replica.held.entry(product.clone()).or_insert(0) += units;
        }
        let waits = replica
            .asks
            .iter()
            .rev()
            .map(|ask| (ask.product.clone(), wait(limit, used, &ends, u64::from(ask.cost), now).max(blocked)))
            .collect();
        Reply { granted, blocked_for_ms: blocked, waits, is_roomy, largest: limit }
    }

    /// What to show.
    pub(super) fn view(&mut self, terms: &Terms<'_>, now: i64) -> View {
        let span = terms.span();
        let now = self.settle(span, now);
        let shares = self.shares(span, terms, self.limit(terms).map(u64::from), now);
        let mut products: BTreeSet<String> = self.spent.users(span, now).map(str::to_owned).collect();
        products.extend(shares.products().map(str::to_owned));
        products.remove(OTHERS);
        let waiting = |product: &str| {
            let asks = self.replicas.values().flat_map(|replica| &replica.asks);
            asks.filter(|ask| ask.product == product).map(|ask| u64::from(ask.count)).sum()
        };
        let of = |product: String| {
            let figures = (self.used_by(span, &product, now), shares.guarantee(&product), waiting(&product));
            (product, figures)
        };
        View {
            units: self.limit(terms),
            used: self.used(span, now),
            told_percent: self.told,
            blocked_until: Some(self.blocked_until).filter(|until| *until > now),
            products: products.into_iter().map(of).collect(),
        }
    }
}

/// Takes so many units' worth of calls from the front of a product's asks.
fn serve_first(asks: &mut Vec<Ask>, product: &str, units: u64) {
    let mut left = units;
    for ask in asks.iter_mut().filter(|ask| ask.product == product) {
        let cost = u64::from(ask.cost.max(1));
        let calls = (left / cost).min(u64::from(ask.count));
        ask.count -= u32::try_from(calls).unwrap_or(u32::MAX);
        left -= calls * cost;
        if ask.count > 0 {
            break;
        }
    }
    asks.retain(|ask| ask.count > 0);
}

/// The least time until so many units are free, if nobody else takes them.
fn wait(limit: Option<u32>, used: u64, ends: &BTreeMap<i64, u64>, cost: u64, now: i64) -> i64 {
    let Some(limit) = limit.map(u64::from) else { return 0 };
    let mut used = used;
    if used + cost <= limit {
        return 0;
    }
    for (end, units) in ends {
        used = used.saturating_sub(*units);
        if used + cost <= limit {
            return end - now;
        }
    }
    // Lent or in doubt: that ends within a lease, or it is known by then what became of it.
    LEASE_MS
}

/// The least and the most units that a percentage may stand for. Whole percents may have been rounded either way.
fn bounds(limit: u32, percent: f64) -> (u64, u64) {
    let slack = if percent.fract() == 0.0 { 1.0 } else { 0.01 };
    let of = |percent: f64| f64::from(limit) * percent.clamp(0.0, 1_000.0) / 100.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and far below 2^53")]
    let whole = |units: f64| units as u64;
    (whole(of(percent - slack).floor()), whole(of(percent + slack).ceil()))
}

#[cfg(test)]
mod tests;
