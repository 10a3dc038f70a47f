//! What people have decided on the use of their data.

mod consents;
mod routes;
mod store;
mod verdict;

pub use consents::ConsentService;
pub use routes::routes;
pub(crate) use verdict::ConsentSubject;
