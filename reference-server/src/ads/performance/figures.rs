//! Figures as the API shows them, from sums.

use std::ops::AddAssign;

use acd_platform::ads::daily::AdFigures;

use super::store::daily::Sums;

/// What counts as a conversion unless a request says otherwise.
pub(super) const PURCHASE: &str = "offsite_conversion.fb_pixel_purchase";
/// Ratios are shown with four digits after the point.
const DIGITS: f64 = 10_000.0;

impl AddAssign<&Self> for Sums {
    fn add_assign(&mut self, other: &Self) {
        self.currency.clone_from(&other.currency);
        for (sum, more) in [
            (&mut self.spend_minor, other.spend_minor),
            (&mut self.impressions, other.impressions),
            (&mut self.clicks, other.clicks),
            (&mut self.link_clicks, other.link_clicks),
            (&mut self.conversions, other.conversions),
            (&mut self.conversion_value_minor, other.conversion_value_minor),
            (&mut self.video_plays, other.video_plays),
            (&mut self.video_thruplays, other.video_thruplays),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}

impl From<Sums> for AdFigures {
    fn from(sums: Sums) -> Self {
        let spend = sums.spend_minor as f64;
        Self {
            spend_minor: sums.spend_minor,
            impressions: count(sums.impressions),
            clicks: count(sums.clicks),
            link_clicks: count(sums.link_clicks),
            conversions: count(sums.conversions),
            conversion_value_minor: sums.conversion_value_minor,
            video_plays: count(sums.video_plays),
            video_thruplays: count(sums.video_thruplays),
            ctr: ratio(sums.clicks as f64 * 100.0, sums.impressions),
            cpc_minor: ratio(spend, sums.clicks),
            cpm_minor: ratio(spend * 1_000.0, sums.impressions),
            cost_per_conversion_minor: ratio(spend, sums.conversions),
            currency: sums.currency,
        }
    }
}

/// A count; Meta's are never below zero.
pub(super) fn count(sum: i64) -> u64 {
    u64::try_from(sum).unwrap_or_default()
}

fn ratio(over: f64, under: i64) -> Option<f64> {
    (under > 0).then(|| rounded(over / under as f64))
}

/// As many digits as are shown.
pub(super) fn rounded(ratio: f64) -> f64 {
    (ratio * DIGITS).round() / DIGITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_there_where_they_can_be_said() {
        let sums = Sums { spend_minor: 1_000, impressions: 3_000, clicks: 7, conversions: 0, ..Sums::default() };
        let figures = AdFigures::from(sums);
        assert_eq!((figures.ctr, figures.cpc_minor, figures.cpm_minor), (Some(0.2333), Some(142.8571), Some(333.3333)));
        assert_eq!(figures.cost_per_conversion_minor, None);
        assert_eq!(AdFigures::from(Sums::default()).ctr, None);
    }
}
