//! Pixels that are left alone for a while, after Meta took nothing of a whole request.
//!
//! What such a failure says, that Meta is away, that the limit is reached, that the token is refused, holds for whatever else
//! waits for the same pixel. Each replica finds out for itself: that costs a request each, and no agreement.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acd_platform::ProductSlug;
use chrono::{DateTime, Utc};

/// A pixel, and the product that sends to it.
type ProductPixel = (ProductSlug, String);

/// Until when each pixel of a product is left alone. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Pauses(Arc<Mutex<HashMap<ProductPixel, DateTime<Utc>>>>);

impl Pauses {
    /// Leaves a pixel alone until this moment.
    pub(super) fn begin(&self, product: &ProductSlug, pixel: &str, until: DateTime<Utc>) {
        self.all().insert((product.clone(), pixel.to_owned()), until);
    }

    /// Whether a pixel is left alone now.
    pub(super) fn hold(&self, product: &ProductSlug, pixel: &str, now: DateTime<Utc>) -> bool {
        let mut all = self.all();
        // What is over is forgotten here: pixels come and go with the switches.
        all.retain(|_, until| *until > now);
        all.contains_key(&(product.clone(), pixel.to_owned()))
    }

    fn all(&self) -> MutexGuard<'_, HashMap<ProductPixel, DateTime<Utc>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_pause_holds_for_its_pixel_until_its_end() {
        let (pauses, now) = (Pauses::default(), DateTime::<Utc>::UNIX_EPOCH);
        let (pct, other) = ("pct".parse().unwrap(), "portal28".parse().unwrap());
        pauses.clone().begin(&pct, "7", now + TimeDelta::seconds(5));
        assert!(pauses.hold(&pct, "7", now));
        assert!(!pauses.hold(&pct, "8", now) && !pauses.hold(&other, "7", now));
        assert!(!pauses.hold(&pct, "7", now + TimeDelta::seconds(5)));
    }
}
