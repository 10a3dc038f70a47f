//! Advertising: Meta's ad accounts, shared by the products.

mod accounts;
mod connection;
mod insights;
mod kind;
mod limits;
mod objects;
pub mod pool;
mod problem;
mod routes;
mod service;
mod store;

pub use connection::{Meta, MetaSettings};
pub use routes::routes;
pub use service::Ads;
