//! Attribution: touches and conversions taken from events, and reports of which led to which.

mod capture;
mod check;
mod credit;
pub(super) mod money;
mod routes;
mod rule;
mod service;
mod settle;
mod signal;
mod store;
mod touch;

pub use capture::Capture;
pub(crate) use capture::Captured;
pub use routes::routes;
pub(crate) use rule::Counted;
pub use service::Attribution;
pub(crate) use signal::{Hints, Signal};
pub(crate) use touch::ActorId;
