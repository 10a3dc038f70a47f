//! Files that products share: where each is, what it is, and whose.

mod routes;
mod service;
mod store;

pub use routes::routes;
pub use service::Assets;
