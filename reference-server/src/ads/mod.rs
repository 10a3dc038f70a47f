//! Advertising: Meta's ad accounts, shared by the products, and what campaigns led to.

mod accounts;
pub mod attribution;
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
