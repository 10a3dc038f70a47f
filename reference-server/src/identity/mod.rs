//! Who people are: persons behind the ids of all products, users with a profile, and what users may use.

mod entitlements;
mod persons;
mod routes;
mod store;
mod subject;
mod users;

pub use entitlements::Entitlements;
pub use persons::Persons;
pub use routes::routes;
pub(crate) use store::persons::{Claim, Contact, EventIds, LeadClaim};
pub(crate) use subject::Subject;
pub use users::Users;
