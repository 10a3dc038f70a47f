//! Leads: told of by webhooks, fetched once, and each a person. See docs/guides/leads-and-audiences.md.

mod capture;
mod contact;
mod routes;
mod service;
mod store;

pub(crate) use capture::CaptureLead;
pub use routes::routes;
pub(crate) use service::is_meta_id;
pub use service::{Leads, ToldLead};
