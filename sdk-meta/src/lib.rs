#![doc = include_str!("../README.md")]

mod access;
mod answers;
mod call;
mod client;
mod config;
mod error;
mod fields;
mod generic;
mod hex;
mod id;
pub mod limits;
mod macros;
mod money;
mod page;
mod rupload;
mod text;
mod time;
mod version;

pub mod accounts;
pub mod ads;
pub mod audiences;
pub mod batch;
pub mod conversions;
pub mod estimates;
pub mod insights;
pub mod instagram;
pub mod leads;
pub mod media;
pub mod targeting_search;
pub mod tokens;
pub mod webhooks;

pub use acd_core::paging::{Items, ListPosition, Paged, Pages};
pub use answers::{Created, Done, Filter, FilterOperator, List};
pub use call::MetaCall;
pub use client::MetaClient;
pub use config::MetaClientBuilder;
pub use error::{ApiError, Error, ErrorClass, ErrorKind, MetaError, Result};
pub use id::{
    AdAccountId, AdId, AdLabelId, AdRequestId, AdRequestSetId, AdSetId, AppId, AsyncSessionId, AudienceId, BusinessId,
    CampaignId, CreativeId, HighDemandPeriodId, IgContainerId, IgMediaId, IgUserId, LeadFormId, LeadId, PageId,
    PixelId, ReportRunId, SavedAudienceId, VideoId,
};
pub use limits::{AccessTier, MetaLimits, Usage};
pub use money::{Decimal, MinorUnits, has_minor_unit};
pub use page::Page;
pub use time::{TimeRange, Timestamp};
pub use version::{GraphVersion, VersionError};

/// Every call of this crate with its safety, cost and limit pools.
pub fn operations() -> impl Iterator<Item = acd_core::Operation> {
    let modules = [
        accounts::OPERATIONS,
        ads::ad_sets::OPERATIONS,
        ads::ads::OPERATIONS,
        ads::budget_schedules::OPERATIONS,
        ads::campaigns::OPERATIONS,
        ads::creatives::OPERATIONS,
        ads::labels::OPERATIONS,
        ads::request_sets::OPERATIONS,
        audiences::OPERATIONS,
        batch::OPERATIONS,
        conversions::OPERATIONS,
        estimates::OPERATIONS,
        insights::OPERATIONS,
        instagram::OPERATIONS,
        leads::OPERATIONS,
        media::OPERATIONS,
        targeting_search::OPERATIONS,
        tokens::OPERATIONS,
        webhooks::OPERATIONS,
    ];
    modules.into_iter().flatten().copied()
}

#[cfg(test)]
mod spec;
#[cfg(test)]
mod testing;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::ads::campaigns::{CreateCampaign, Objective};
    use crate::insights::{InsightsOf, InsightsQuery};
    use crate::instagram::{CreateContainer, ImagePost, Reel};

    #[test]
    fn operations_have_names_of_their_own_that_begin_with_the_provider() {
        let mut seen = HashSet::new();
        for operation in operations() {
            assert!(operation.name().starts_with("meta.") && seen.insert(operation.name()), "{}", operation.name());
        }
    }

    #[test]
    fn what_makes_several_calls_may_move_between_threads() {
        fn check(_: impl Future + Send) {}
        let (_, meta) = testing::scripted([]);
        let account = AdAccountId::from("1");
        let campaign = CreateCampaign::new("n", Objective::Sales, []);
        check(meta.campaigns().create_once(&account, "label", &campaign));
        check(meta.insights().report(&InsightsOf::Account(account.clone()), &InsightsQuery::default()));
        let reel = CreateContainer::reel(Reel::uploaded());
        check(meta.instagram().post_video(&"1".into(), &reel, bytes::Bytes::new()));
        check(meta.instagram().post(&"1".into(), &CreateContainer::image(ImagePost::new("u"))));
    }
}
