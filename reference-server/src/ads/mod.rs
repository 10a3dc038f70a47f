//! Advertising: Meta's ad accounts, shared by the products, what campaigns led to, and which ads did best.

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
pub mod verdict;

pub use connection::{Meta, MetaSettings};
pub use routes::routes;
pub use service::Ads;
