//! What Meta told of pages, Instagram accounts and ads besides leads: kept, announced, listed.

mod routes;
mod service;
mod store;

pub use routes::routes;
pub use service::{Notifications, ToldChange};
