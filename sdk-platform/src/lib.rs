#![doc = include_str!("../README.md")]

mod call;
mod client;
mod config;
mod content_hash;
mod error;
mod id;
mod named;
mod page;
mod patch;
mod product;
mod whole;

pub mod ads;
pub mod assets;
pub mod attribution;
pub mod conditions;
pub mod consents;
pub mod entitlements;
pub mod events;
pub mod jobs;
pub mod keys;
pub mod meta_events;
pub mod persons;
pub mod service_keys;
pub mod users;
pub mod webhooks;

pub use acd_core::paging::{Items, ListPosition, Paged, Pages};
pub use call::PlatformCall;
pub use client::PlatformClient;
pub use config::PlatformClientBuilder;
pub use content_hash::{ContentHash, ContentHashError};
pub use error::{Error, ErrorKind, Problem, Result};
pub use id::{
    AdAccountUseId, AdChangeId, AdTemplateId, ApiKeyId, AssetId, ConversionId, ConversionRuleId, EventId,
    HubAudienceId, HubLeadId, IdError, JobId, JobLeaseId, JobLimitId, JobScheduleId, MetaEventRuleId,
    MetaNotificationId, MetaSourceId, PersonId, PublicationId, ServiceKeyId, UserId,
};
pub use named::NameError;
pub use page::Page;
pub use product::{ProductError, ProductSlug};

/// Every call of this crate with its safety, cost and limit pools.
pub fn operations() -> impl Iterator<Item = acd_core::Operation> {
    let modules = [
        assets::OPERATIONS,
        attribution::OPERATIONS,
        consents::OPERATIONS,
        entitlements::OPERATIONS,
        events::OPERATIONS,
        jobs::OPERATIONS,
        keys::OPERATIONS,
        meta_events::OPERATIONS,
        persons::OPERATIONS,
        service_keys::OPERATIONS,
        users::OPERATIONS,
        webhooks::OPERATIONS,
    ];
    modules.into_iter().flatten().copied().chain(ads::operations())
}
