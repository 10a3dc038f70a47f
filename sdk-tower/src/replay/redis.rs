//! A memory in Redis.

use std::fmt;
use std::time::SystemTime;

use acd_core::replay::{ReplayGuard, Sighting};
use acd_core::{Error, ErrorKind, Result, Runtime};
use redis::aio::ConnectionLike;
use redis::{Cmd, FromRedisValue};

/// A [`ReplayGuard`] in Redis 7 or newer, shared by every instance that uses the same server or cluster: one
/// `SET … NX PX` of one key a message, so that any node may hold it.
///
/// `C` is any shared connection of the crate `redis`: `MultiplexedConnection`, `ConnectionManager` or `ClusterConnection`.
/// Give it a response timeout, as a request waits for the answer. The server must not evict keys that have not ended
/// (`maxmemory-policy noeviction`), and a failover to a replica that lags behind forgets what it had not received: where that
/// must not be, take `PostgresReplayGuard`.
#[derive(Clone)]
pub struct RedisReplayGuard<C> {
    connection: C,
    runtime: Runtime,
    prefix: String,
}

impl<C: ConnectionLike + Clone + Send + Sync> RedisReplayGuard<C> {
    /// A memory over this connection, with keys that begin with `acd:replay:`.
    pub fn new(connection: C, runtime: Runtime) -> Self {
        Self { connection, runtime, prefix: "acd:replay:".to_owned() }
    }

    /// Replaces the beginning of the keys. Instances that accept the same messages must use the same.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        command.query_async(&mut self.connection.clone()).await.map_err(|cause| {
            let away = "the memory of messages in Redis cannot be asked";
            Error::new(ErrorKind::Environment, away).with_source(cause).with_retryable(true)
        })
    }
}

impl<C: ConnectionLike + Clone + Send + Sync> ReplayGuard for RedisReplayGuard<C> {
    async fn check_and_remember(&self, key: &str, until: SystemTime) -> Result<Sighting> {
        // A time from now, not a time of day: the clocks of Redis and of this machine need not agree.
        let life = until.duration_since(self.runtime.wall()).unwrap_or_default();
        let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1);
        let key = self.key(key);
        let mut set = redis::cmd("SET");
        set.arg(&key).arg(1).arg("NX").arg("PX").arg(life);
        if self.ask::<Option<String>>(&set).await?.is_some() {
            return Ok(Sighting::First);
        }
        let mut extend = redis::cmd("PEXPIRE");
        self.ask::<()>(extend.arg(&key).arg(life).arg("GT")).await?;
        Ok(Sighting::Repeated)
    }

    async fn forget(&self, key: &str) -> Result<()> {
        let mut delete = redis::cmd("DEL");
        self.ask(delete.arg(self.key(key))).await
    }
}

impl<C> fmt::Debug for RedisReplayGuard<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisReplayGuard").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
