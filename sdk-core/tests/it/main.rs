//! The pipeline over real sockets.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

mod boundaries;
mod cancellation;
mod connections;
mod errors;
mod exchange;
mod metrics;
mod proxies;
mod redaction;
mod refreshing;
mod retry_storm;
mod server;
mod signing_peer;
mod spans;
mod tls;
mod upload;
mod webhook;
mod wire;
