//! Assertions that say what they found.

mod error;
mod request;

pub use error::{ErrorCheck, check_error};
pub use request::{RequestCheck, Requests};
