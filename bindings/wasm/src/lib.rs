//! The WebAssembly module of `@acd/sdk`: the one request pipeline for JavaScript.
//!
//! What crosses the boundary is text and bytes. A call is named by its [`Operation`](acd_core::Operation), of which the
//! module has those of every client crate, and its answer is the server's own JSON: types are TypeScript's business, and
//! no type of the wire is compiled in here. An error is an [`ErrorView`](acd_core::ErrorView) as JSON.

mod catalogue;
#[cfg(feature = "platform")]
mod client;
#[cfg(feature = "platform")]
mod exchange;
#[cfg(feature = "platform")]
mod headers;
#[cfg(feature = "platform")]
mod host;
#[cfg(feature = "meta")]
mod meta;
mod parameters;
mod tickets;

pub use catalogue::operations;
#[cfg(feature = "platform")]
pub use client::ApiClient;
#[cfg(feature = "platform")]
pub use exchange::{answered, broke, failed, kept};
#[cfg(feature = "platform")]
pub use host::Host;
#[cfg(feature = "meta")]
pub use meta::{MetaClient, SendOptions, hash_users, normalize_currency, normalize_user_value};
