//! The middleware in front of axum, over real stores.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

mod attacks;
mod bodies;
mod end_to_end;
mod replay;
mod support;
