//! Who people are: persons behind the ids of all products, users with a profile, and what users may use.

mod entitlements;
mod persons;
mod routes;
mod store;
mod users;

pub use entitlements::Entitlements;
pub use persons::Persons;
pub use routes::routes;
pub(crate) use store::persons::{Claim, EventIds, LeadClaim};
pub use users::Users;
