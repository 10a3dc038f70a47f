//! Ad sets.

use acd_core::TimeoutClass;
use acd_meta::AdSetId;
use acd_meta::ads::ad_sets::{AdSet, CreateAdSet, UpdateAdSet};

use super::object::hub_object;

hub_object!(HubAdSetsClient, "ad sets", "ad_sets", AdSetId, AdSet, CreateAdSet, UpdateAdSet);
