#![doc = include_str!("../README.md")]

mod answer;
mod layer;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod replay;
mod service;

pub use acd_core::signing::VerifiedService;
pub use layer::VerifySignatureLayer;
#[cfg(feature = "postgres")]
pub use replay::PostgresReplayGuard;
#[cfg(feature = "redis")]
pub use replay::RedisReplayGuard;
pub use service::{ResponseBody, VerifySignature};
