#![doc = include_str!("../README.md")]

pub use acd_core as core;

#[cfg(feature = "analytics")]
pub use acd_analytics as analytics;
#[cfg(feature = "meta")]
pub use acd_meta as meta;
#[cfg(feature = "platform")]
pub use acd_platform as platform;

pub mod prelude;
