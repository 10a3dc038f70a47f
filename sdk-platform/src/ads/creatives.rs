//! Creatives: what ads show. Links get Meta's ids as [UTM parameters](acd_meta::ads::url_tags::Utm) unless they have their own.

use acd_core::TimeoutClass;
use acd_meta::CreativeId;
use acd_meta::ads::creatives::{CreateCreative, Creative, UpdateCreative};

use super::object::hub_object;

hub_object!(HubCreativesClient, "creatives", "creatives", CreativeId, Creative, CreateCreative, UpdateCreative);
