//! Memories of what was taken, shared by several instances.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;

#[cfg(feature = "postgres")]
pub use postgres::PostgresReplayGuard;
#[cfg(feature = "redis")]
pub use redis::RedisReplayGuard;
