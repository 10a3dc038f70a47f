//! What most programs need: `use acd_sdk::prelude::*;`.
//!
//! `Page` is left out, as it is an event in `analytics` and a part of a list in `platform`.

pub use acd_core::{Error, ErrorKind, RetryConfig, Secret};

#[cfg(feature = "analytics")]
pub use acd_analytics::{Alias, AnalyticsClient, Context, Group, Identify, Screen, Track};

#[cfg(feature = "platform")]
pub use acd_platform::{
    ApiKeyId, AssetId, ContentHash, EventId, Items, ListPosition, Paged, PersonId, PlatformClient, ProductSlug, UserId,
    assets::{Asset, AssetSource, AssetType, CreateAsset, ListAssets, UpdateAsset},
    entitlements::{Entitlement, EntitlementSource, EntitlementStatus, ListEntitlements, Plan, PutEntitlement, Role},
    events::{CountEvents, Event, EventCounts, ListEvents},
    keys::{ApiKey, CreateApiKey, ListApiKeys, NewApiKey, RotateApiKey, Scope},
    persons::{ListTimeline, LookupPerson, Person},
    users::{CreateUser, ListUsers, Me, UpdateUser, User},
};
