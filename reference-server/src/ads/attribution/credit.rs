//! Sums by currency, gathered into what a report shows.

use std::collections::BTreeMap;

use acd_platform::attribution::{Credit, MoneySum};

use super::store::report::Sums;

/// A credit under construction.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    conversions: i64,
    refunds: i64,
    by_currency: BTreeMap<String, (i64, i64)>,
}

impl Gathered {
    /// Adds sums in one currency.
    pub(super) fn add(&mut self, sums: &Sums) {
        self.conversions += sums.conversions;
        self.refunds += sums.refunds;
        if let Some(currency) = &sums.currency {
            let (revenue, refunded) = self.by_currency.entry(currency.clone()).or_default();
            *revenue = revenue.saturating_add(sums.revenue);
            *refunded = refunded.saturating_add(sums.refunded);
        }
    }
}

impl From<Gathered> for Credit {
    fn from(gathered: Gathered) -> Self {
        let count = |count: i64| u64::try_from(count).unwrap_or_default();
        let values = gathered.by_currency.into_iter().filter(|(_, sums)| *sums != (0, 0));
        Self {
            conversions: count(gathered.conversions),
            refunds: count(gathered.refunds),
            values: values
                .map(|(currency, (revenue, refunded))| MoneySum {
                    currency,
                    revenue_minor: revenue,
                    refunded_minor: refunded,
                    net_minor: revenue.saturating_sub(refunded),
                })
                .collect(),
        }
    }
}
