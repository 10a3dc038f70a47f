#![doc = include_str!("../README.md")]

mod address;
mod auth;
pub mod breaker;
mod call;
mod classify;
mod client;
mod error;
mod form;
mod hedge;
mod hex;
pub mod json;
pub mod limits;
mod operation;
pub mod paging;
mod pipeline;
mod redact;
pub mod replay;
mod request;
mod response;
pub mod retry;
pub mod runtime;
mod secret;
pub mod signing;
pub mod telemetry;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod transport;
pub mod upload;
pub mod webhook;

pub use address::is_public_address;
#[cfg(feature = "token-file")]
pub use auth::FileTokenStore;
pub use auth::{
    Auth, Basic, Bearer, HeaderAuth, MemoryTokenStore, RefreshOptions, RefreshingBearer, StoreLock, Token,
    TokenProvider, TokenStore,
};
pub use breaker::{BreakerConfig, BreakerState, Breakers};
pub use call::{Attempt, Call, CallBuilder};
pub use classify::{Answer, Classify, Verdict};
pub use client::{Client, ClientBuilder, Timeouts};
pub use error::{AttemptView, Error, ErrorKind, ErrorView, Result};
pub use hedge::Hedge;
pub use limits::{Limits, OnLimit};
pub use operation::{Operation, Safety, TimeoutClass};
pub use pipeline::{Next, Policy};
pub use request::{Body, ByteStream, FormPart, Multipart, Request};
pub use response::Response;
pub use retry::{GiveUp, RetryBudgets, RetryConfig};
pub use runtime::Runtime;
pub use secret::Secret;
pub use signing::Signer;
pub use telemetry::Metrics;
#[allow(unused_imports, unreachable_pub, reason = "without a feature that brings a transport there is none")]
pub use transport::shipped::*;
pub use transport::{FetchFailure, Transport};
