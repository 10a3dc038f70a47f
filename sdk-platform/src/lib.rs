#![doc = include_str!("../README.md")]

mod id;
mod page;
mod problem;
mod product;

pub mod events;
pub mod keys;
pub mod persons;

pub use id::{ApiKeyId, AssetId, EventId, IdError, PersonId, UserId};
pub use page::Page;
pub use problem::Problem;
pub use product::{ProductError, ProductSlug};
