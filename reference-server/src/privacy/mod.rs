//! What people have decided on the use of their data.

mod consents;
mod routes;
mod store;

pub use consents::ConsentService;
pub use routes::routes;
