//! Audiences: people of a product who agreed to it, at Meta. See docs/guides/leads-and-audiences.md.

mod check;
mod people;
mod renew;
mod routes;
mod service;
mod store;

pub(crate) use renew::{RenewAudience, RenewDueAudiences};
pub use routes::routes;
pub use service::Audiences;
