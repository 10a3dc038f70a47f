#![doc = include_str!("../README.md")]

mod call;
mod client;
mod config;
mod error;
mod id;
mod page;
mod product;

pub mod events;
pub mod keys;
pub mod persons;

pub use call::PlatformCall;
pub use client::PlatformClient;
pub use config::PlatformClientBuilder;
pub use error::{Error, ErrorKind, Problem, Result};
pub use id::{ApiKeyId, AssetId, EventId, IdError, PersonId, UserId};
pub use page::{ItemStream, Page};
pub use product::{ProductError, ProductSlug};
