//! Ads.

use acd_core::TimeoutClass;
use acd_meta::AdId;
use acd_meta::ads::ads::{Ad, CreateAd, UpdateAd};

use super::object::hub_object;

hub_object!(HubAdsClient, "ads", "ads", AdId, Ad, CreateAd, UpdateAd);
