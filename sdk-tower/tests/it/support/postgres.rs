//! One PostgreSQL for the test run, and a database of its own for each test.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicU32, Ordering};

use acd_server::kernel::embedded::{Durability, EmbeddedCluster, EmbeddedOptions};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use tokio::sync::OnceCell;

/// The cluster of this process, which ends with it. Folders of this prefix are removed by the next run of the server's tests.
async fn cluster() -> &'static EmbeddedCluster {
    static CLUSTER: OnceCell<EmbeddedCluster> = OnceCell::const_new();
    let start = async || {
        // Any account may enter it, as PostgreSQL refuses to run as root.
        let folder = tempfile::Builder::new().prefix("acd-test-").tempdir_in("/tmp").unwrap().keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let options = EmbeddedOptions { data_dir: folder, durability: Durability::TestOnlyFast };
        EmbeddedCluster::start(options).await.unwrap()
    };
    CLUSTER.get_or_init(start).await
}

/// A pool over an empty database.
pub(crate) async fn database() -> PgPool {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let name = format!("replay_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let cluster = cluster().await;
    let mut connection = PgConnection::connect_with(&cluster.connect_options("postgres")).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("create database {name}"))).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    PgPoolOptions::new().max_connections(8).connect_lazy_with(cluster.connect_options(&name))
}
