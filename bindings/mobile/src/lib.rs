#![doc = include_str!("../README.md")]

mod analytics;
mod error;
mod executor;
mod session;

pub use analytics::{
    Advertising, Analytics, AnalyticsConfig, AnalyticsIds, AnalyticsStats, AppInfo, DeviceInfo, InstallAttribution,
    Network, Opening, OpeningKind, Platform, ScreenInfo, ScreenView, TrackedEvent,
};
pub use error::{Failure, MobileError};
pub use session::{
    Entitlement, EntitlementSource, EntitlementStatus, Identity, Plan, Profile, Role, SecureStorage, Session,
    SessionRefresher, SessionTokens, StorageError, TokenError,
};

uniffi::setup_scaffolding!();
