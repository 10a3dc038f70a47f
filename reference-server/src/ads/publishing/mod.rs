//! Publications: campaigns with their ad sets, creatives and ads, made at Meta as jobs.
//!
//! Everything that a publication makes carries its label, and one thing is made at a time. So what nobody heard the answer to, after
//! a crash for instance, is the one object with the label that is not known yet.

mod clean_up;
mod copy;
mod media;
mod outcome;
mod plan;
mod publisher;
mod routes;
mod service;
mod store;
mod template;
mod templates;
mod work;

pub use clean_up::CleanUpPublications;
pub use publisher::Publisher;
pub use routes::routes;
pub use service::Publishing;
