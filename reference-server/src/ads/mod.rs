//! Advertising: Meta's ad accounts, shared by the products, what campaigns led to, which ads did best, and the conversions
//! that Meta is told of.

mod accounts;
pub mod attribution;
pub mod audiences;
mod clean_up;
mod conditions;
mod connection;
pub mod conversions;
mod insights;
mod kind;
pub mod leads;
mod limits;
pub mod notifications;
mod objects;
pub mod performance;
pub mod pool;
mod problem;
pub mod publishing;
mod routes;
mod service;
pub mod sources;
mod store;
pub mod verdict;

pub use clean_up::CleanUpLogs;
pub use connection::{Meta, MetaInbound, MetaSettings};
pub use routes::routes;
pub use service::Ads;
