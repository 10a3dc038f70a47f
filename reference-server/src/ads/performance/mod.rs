//! What ads did, kept day by day: synced from Meta each hour, refreshed while somebody asks, with what was changed past the
//! server, and which ads do better than the others.
//!
//! See docs/guides/insights.md.

mod account;
mod assets;
mod changes;
mod conditional;
mod daily;
mod figures;
mod fresh;
mod jobs;
mod objects;
mod own;
mod reading;
mod routes;
mod row;
mod service;
mod store;
mod sync;
mod winners;

pub use jobs::handled;
pub use routes::routes;
pub use service::Performance;
