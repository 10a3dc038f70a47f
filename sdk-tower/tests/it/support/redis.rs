//! A Redis of the test's own, and one that is a whole cluster.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use tokio::time::interval;

const DEADLINE: Duration = Duration::from_secs(60);

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
        // The cluster's own bus takes the port 10,000 above, which must be one too.
        let port = loop {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            if port < 55_000 {
                break port;
            }
        };
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
        let client = redis::Client::open(redis.url.as_str()).unwrap();
        until("Redis answers", async || client.get_multiplexed_async_connection().await.ok()).await;
        redis
    }

    pub(crate) async fn connection(&self) -> MultiplexedConnection {
        redis::Client::open(self.url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    pub(crate) async fn cluster_connection(&self) -> ClusterConnection {
        ClusterClient::new([self.url.as_str()]).unwrap().get_async_connection().await.unwrap()
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
