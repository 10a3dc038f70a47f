//! Who people are: persons behind the ids of all products.

mod persons;
mod routes;
mod store;

pub use persons::Persons;
pub use routes::routes;
pub(crate) use store::Claim;
