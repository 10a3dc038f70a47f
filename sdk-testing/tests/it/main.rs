//! The tools as a test uses them.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

mod cassettes;
mod faults;
#[cfg(feature = "meta")]
mod meta;
