//! The WebAssembly module of `@acd/sdk/analytics`: the queueing client with its pipeline, and nothing of the others, so that
//! a page loads no more than it needs.
//!
//! What crosses the boundary is text: an event as JSON in, its id out.

mod client;
mod event;
mod failure;
mod fields;
mod settings;
mod store;

pub use client::Analytics;
