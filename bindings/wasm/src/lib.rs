//! The WebAssembly module of `@acd/sdk`: the one request pipeline for JavaScript.
//!
//! What crosses the boundary is text and bytes. A call is named by its [`Operation`](acd_core::Operation), of which the
//! module has those of every client crate, and its answer is the server's own JSON: types are TypeScript's business, and
//! no type of the wire is compiled in here. An error is an [`ErrorView`](acd_core::ErrorView) as JSON.

mod calls;
mod catalogue;
mod exchange;
mod headers;
mod host;
mod meta;
mod parameters;
mod platform;
mod tickets;

pub use catalogue::operations;
pub use exchange::{answered, broke, failed, kept};
pub use host::Host;
pub use meta::{MetaClient, hash_users, normalize_currency, normalize_user_value, user_keys};
pub use platform::PlatformClient;
