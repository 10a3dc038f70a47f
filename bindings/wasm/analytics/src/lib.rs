//! The WebAssembly module of `@acd/sdk/analytics`: the queueing client, and nothing else, so that a page loads no more than it
//! needs. JavaScript makes the requests: no pipeline, and no reader of JSON, is compiled in.
//!
//! What crosses the boundary is numbers and texts: an event's free-form parts as the JSON that `JSON.stringify` made of them.

mod client;
mod event;
mod failure;
mod host;
mod sender;
mod settings;
mod store;

pub use client::Analytics;
pub use event::Kind;
