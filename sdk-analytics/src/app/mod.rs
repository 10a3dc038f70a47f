//! Events of an app on a person's own device: whose they are, and which release, is remembered between processes.

mod client;
mod device;
mod error;
mod lifecycle;
mod memory;
mod surroundings;

pub use client::{AppClient, AppIds};
pub use device::{Advertising, Device, Network};
pub use error::AppError;
pub use lifecycle::{Campaign, InstallAttribution, Opening, OpeningKind};
