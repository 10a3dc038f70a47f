//! What can go wrong.

pub use acd_core::{Error, ErrorKind, Result};
