//! The client against a pretended server and a clock that moves only when told.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails it as the test itself does")]

mod app;
mod batching;
mod consent;
mod durable;
mod ending;
mod failures;
mod killed;
mod overflow;
mod request;
mod sender;
mod store;
mod support;
