//! The client against a pretended server and a clock that moves only when told.

mod batching;
mod consent;
#[cfg(feature = "durable")]
mod durable;
mod ending;
mod failures;
#[cfg(feature = "durable")]
mod killed;
mod overflow;
mod request;
mod support;
