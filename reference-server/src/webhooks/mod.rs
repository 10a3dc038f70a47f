//! What outside services tell of: taken in when its signature is right, kept before it is answered, worked on by jobs.

mod clean_up;
mod meta;
mod routes;
mod service;
mod simulated;
mod store;

pub(crate) use clean_up::CleanUpWebhooks;
pub(crate) use meta::ReadMeta;
pub use routes::routes;
pub use service::Webhooks;
