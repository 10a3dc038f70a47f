//! Calls that services sign: their keys, and the check of each signature.

mod registry;
mod routes;
mod service;
mod signed;
mod store;

pub use routes::routes;
pub use service::ServiceKeys;
pub use signed::SignedCalls;
