//! Campaigns.

use acd_core::TimeoutClass;
use acd_meta::CampaignId;
use acd_meta::ads::campaigns::{Campaign, CreateCampaign, UpdateCampaign};

use super::object::hub_object;

hub_object!(HubCampaignsClient, "campaigns", "campaigns", CampaignId, Campaign, CreateCampaign, UpdateCampaign);
