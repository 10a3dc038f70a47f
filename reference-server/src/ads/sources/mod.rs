//! Which pages, lead forms and Instagram accounts are a product's.

mod routes;
mod service;
mod store;

pub use routes::routes;
pub use service::Sources;
