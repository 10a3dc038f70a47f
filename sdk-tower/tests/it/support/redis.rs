//! A Redis of the test's own, and one that is a whole cluster.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, FromRedisValue};
use tokio::time::interval;

/// Ends what would never end: the client's own limits of a second and less are short where many programs share a processor.
const DEADLINE: Duration = Duration::from_secs(60);
/// Ports that a system gives to nobody who does not ask for them by number, as it does those 10,000 above.
const PORTS: Range<u16> = 12_000..17_000;

/// A running server; it ends when this is dropped.
pub(crate) struct Redis {
    process: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Redis {
    /// Starts `redis-server` (Debian's package of that name) on a free port, keeping nothing on disk.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same as a cluster of one node that holds every slot.
    pub(crate) async fn start_cluster() -> Self {
        let redis = Self::start_with(&["--cluster-enabled", "yes"]).await;
        let mut connection = redis.connection().await;
        let mut add = redis::cmd("CLUSTER");
        let () = add.arg("ADDSLOTSRANGE").arg(0).arg(16_383).query_async(&mut connection).await.unwrap();
        let is_ready = async || {
            let mut info = redis::cmd("CLUSTER");
            let info: String = info.arg("INFO").query_async(&mut connection.clone()).await.ok()?;
            info.contains("cluster_state:ok").then_some(())
        };
        until("the cluster is whole", is_ready).await;
        redis
    }

    async fn start_with(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port"]).arg(port.to_string());
        let started = command.arg("--dir").arg(folder.path()).args(more).stdout(Stdio::null()).spawn();
        let process = match started {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!("redis-server is not installed: apt-get install redis-server")
            }
            started => started.unwrap(),
        };
        let redis = Self { process, url: format!("redis://127.0.0.1:{port}/"), _folder: folder };
        until("Redis answers", async || redis.try_connection().await.ok()).await;
        redis
    }

    async fn try_connection(&self) -> redis::RedisResult<MultiplexedConnection> {
        let patient =
            AsyncConnectionConfig::new().set_connection_timeout(Some(DEADLINE)).set_response_timeout(Some(DEADLINE));
        redis::Client::open(self.url.as_str())?.get_multiplexed_async_connection_with_config(&patient).await
    }

    pub(crate) async fn connection(&self) -> MultiplexedConnection {
        self.try_connection().await.unwrap()
    }

    pub(crate) async fn cluster_connection(&self) -> ClusterConnection {
        let client =
            ClusterClient::builder([self.url.as_str()]).connection_timeout(DEADLINE).response_timeout(DEADLINE);
        client.build().unwrap().get_async_connection().await.unwrap()
    }

    /// The answer to a command with one argument.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &str, argument: &str) -> T {
        redis::cmd(command).arg(argument).query_async(&mut self.connection().await).await.unwrap()
    }

    pub(crate) fn stop(&mut self) {
        // It may have ended by itself, then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port whose fellow for a cluster's own bus, 10,000 above, is free too.
fn free_port() -> u16 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    // Other runs begin elsewhere.
    let first = std::process::id() as usize * 50 + NEXT.fetch_add(1, Ordering::Relaxed);
    let is_free =
        |port: &u16| [*port, *port + 10_000].iter().all(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    PORTS.cycle().skip(first % PORTS.len()).take(PORTS.len()).find(is_free).expect("a port is free")
}

/// Looks again and again until the condition gives a value.
async fn until<T>(what: &str, condition: impl AsyncFn() -> Option<T>) -> T {
    let (started, mut looks) = (Instant::now(), interval(Duration::from_millis(5)));
    loop {
        looks.tick().await;
        if let Some(value) = condition().await {
            return value;
        }
        assert!(started.elapsed() < DEADLINE, "did not happen in time: {what}");
    }
}
