//! Who is served next: shares by weight, of which what one leaves unused the others get.

use std::collections::BTreeMap;

/// The part of a share that a product which used less of late keeps free for more.
const HEADROOM: u64 = 20;

/// What a product has and wants.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) weight: u32,
    /// What it used in the window, with what is lent to it.
    pub(super) used: u64,
    /// Units that its calls wait for.
    pub(super) waits: u64,
    /// The most it used in a window of late; `None` for one that has not been here so long, which may want its whole share.
    pub(super) habit: Option<u64>,
    /// Its next call: when its turn came, background calls last, and its cost.
    pub(super) next_cost: Option<((bool, i64), u64)>,
}

/// The shares of a pool's products at one time.
///
/// Each is guaranteed its part of the limit by weight. Beyond it a product may use what the others are not expected to
/// want: a product is expected to use what it used in the window before and a little more. Of those that wait, the one
/// that used the least for its weight comes first.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    limit: Option<u64>,
    used: u64,
    claims: BTreeMap<String, Claim>,
    weights: u64,
}

impl Shares {
    /// Without any product yet; `used` is everything that counts, whoever used it.
    pub(super) fn new(limit: Option<u64>, used: u64) -> Self {
        Self { limit, used, claims: BTreeMap::new(), weights: 0 }
    }

    pub(super) fn add(&mut self, product: &str, claim: Claim) {
        self.weights += u64::from(claim.weight);
        self.claims.insert(product.to_owned(), claim);
    }

    pub(super) fn products(&self) -> impl Iterator<Item = &str> {
        self.claims.keys().map(String::as_str)
    }

    /// The units that a product can count on.
    pub(super) fn guarantee(&self, product: &str) -> Option<u64> {
        self.claims.get(product).and_then(|claim| self.part(claim))
    }

    fn part(&self, claim: &Claim) -> Option<u64> {
        self.limit.map(|limit| limit * u64::from(claim.weight) / self.weights.max(1))
    }

    /// What is kept free for a product.
    fn reserved(&self, claim: &Claim) -> u64 {
        let part = self.part(claim).unwrap_or(0);
        let expected = match claim.habit {
            Some(peak) => part.min(peak.max(claim.used + claim.waits) + part / HEADROOM),
            None => part,
        };
        let left = expected.saturating_sub(claim.used);
        match claim.next_cost {
            // It waits for more than is kept: no use to it, and to others perhaps.
            Some((_, cost)) if cost > left => 0,
            _ => left,
        }
    }

    /// The product whose call is served next; `None` when nothing can be given.
    pub(super) fn next(&self) -> Option<String> {
        let waiting = self.claims.iter().filter_map(|(name, claim)| Some((name, claim, claim.next_cost?)));
        // Without division: a/b < c/d as a·d < c·b.
        let (name, claim, (_, cost)) = waiting.min_by(|(_, a, (a_at, _)), (_, b, (b_at, _))| {
            let (a_part, b_part) = (a.used * u64::from(b.weight), b.used * u64::from(a.weight));
            a_part.cmp(&b_part).then_with(|| a_at.cmp(b_at))
        })?;
        let Some(limit) = self.limit else { return Some(name.clone()) };
        // A dear call is not overtaken by cheap ones: what comes free is kept for it.
        let free = limit.saturating_sub(self.used).checked_sub(cost)?;
        if claim.used + cost <= self.part(claim).unwrap_or(0) {
            return Some(name.clone());
        }
        let others = self.claims.iter().filter(|(other, _)| *other != name);
        let reserved: u64 = others.map(|(_, claim)| self.reserved(claim)).sum();
        (free >= reserved).then(|| name.clone())
    }

    /// A product's call was served; its next one is this.
    pub(super) fn served(&mut self, product: &str, cost: u64, next: Option<((bool, i64), u64)>) {
        self.used += cost;
        if let Some(claim) = self.claims.get_mut(product) {
            claim.used += cost;
            claim.waits = claim.waits.saturating_sub(cost);
            claim.next_cost = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(weight: u32, calls: u64, habit: Option<u64>) -> Claim {
        Claim { weight, used: 0, waits: calls * 3, habit, next_cost: (calls > 0).then_some(((false, 0), 3)) }
    }

    /// Serves until nothing more is given; what each used.
    fn serve(limit: u64, claims: &[(&str, Claim)]) -> BTreeMap<String, u64> {
        let mut shares = Shares::new(Some(limit), 0);
        claims.iter().for_each(|(name, claim)| shares.add(name, claim.clone()));
        while let Some(product) = shares.next() {
            let left = shares.claims[&product].waits.saturating_sub(3);
            shares.served(&product, 3, (left > 0).then_some(((false, 0), 3)));
        }
        shares.claims.into_iter().map(|(name, claim)| (name, claim.used)).collect()
    }

    #[test]
    fn greedy_products_use_everything_each_by_its_weight() {
        let used =
            serve(900, &[("a", claim(300, 999, None)), ("b", claim(200, 999, None)), ("c", claim(100, 999, None))]);
        assert_eq!(used.into_values().collect::<Vec<_>>(), [450, 300, 150]);
    }

    #[test]
    fn what_is_too_little_for_a_call_is_not_kept() {
        let used = serve(60, &[("a", claim(1, 99, None)), ("b", claim(1, 99, None)), ("c", claim(1, 99, None))]);
        assert_eq!(used.values().sum::<u64>(), 60);
    }

    #[test]
    fn what_one_leaves_the_others_get_but_for_what_it_is_used_to() {
        let used = serve(900, &[("a", claim(100, 999, None)), ("b", claim(100, 0, Some(30)))]);
        assert_eq!(used["a"], (900 - 30 - 450 / 20) / 3 * 3, "in whole calls");
        let used = serve(900, &[("a", claim(100, 999, None)), ("b", claim(100, 0, None))]);
        assert_eq!(used["a"], 450, "a newcomer's whole share is kept");
    }
}
