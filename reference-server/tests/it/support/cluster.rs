//! One PostgreSQL for the whole test run, and a migrated database of its own for each test that asks.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acd_server::kernel::embedded::{Durability, EmbeddedCluster, EmbeddedOptions};
use acd_server::kernel::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

/// Any account may enter it, so the tests run as root too.
const PARENT: &str = "/tmp";
const PREFIX: &str = "acd-test-";
const TEMPLATE: &str = "acd_template";

/// A database with all shared migrations, that no other test knows.
#[derive(Clone)]
pub(crate) struct TestDatabase {
    /// How to connect to it as the superuser.
    pub(crate) options: PgConnectOptions,
    /// The same as a URL, for `DATABASE_URL`.
    pub(crate) url: String,
    in_use: Arc<InUse>,
}

/// A run makes a hundred databases, which is a gigabyte: each is dropped when the next is made after its test.
struct InUse(String);

static FINISHED: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Drop for InUse {
    fn drop(&mut self) {
        FINISHED.lock().unwrap().push(std::mem::take(&mut self.0));
    }
}

impl TestDatabase {
    /// A pool over it, which keeps it. Make it inside the test: connections belong to the test's runtime.
    pub(crate) fn pool(&self) -> PgPool {
        let in_use = Arc::clone(&self.in_use);
        let options = PgPoolOptions::new().max_connections(8).after_connect(move |_, _| {
            let _ = &in_use;
            Box::pin(async { Ok(()) })
        });
        options.connect_lazy_with(self.options.clone())
    }

    /// The same database, reached in another way.
    pub(crate) fn by(&self, options: PgConnectOptions) -> Self {
        Self { options, ..self.clone() }
    }
}

/// A fresh copy of the migrated template.
pub(crate) async fn fresh_database() -> TestDatabase {
    static MIGRATED: OnceCell<()> = OnceCell::const_new();
    MIGRATED.get_or_init(make_template).await;
    copy_of(TEMPLATE).await
}

/// A database without any table.
pub(crate) async fn empty_database() -> TestDatabase {
    copy_of("template0").await
}

async fn copy_of(template: &str) -> TestDatabase {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let finished = std::mem::take(&mut *FINISHED.lock().unwrap());
    for name in finished {
        administer(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
    administer(&format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")).await;
    let cluster = cluster().await;
    TestDatabase { options: cluster.connect_options(&name), url: cluster.url(&name), in_use: Arc::new(InUse(name)) }
}

async fn make_template() {
    administer(&format!("CREATE DATABASE {TEMPLATE}")).await;
    let pool = PgPoolOptions::new().connect_lazy_with(cluster().await.connect_options(TEMPLATE));
    Migrator::new(None).unwrap().up(&pool, None).await.unwrap();
    // A database can be copied only while nobody is connected to it.
    pool.close().await;
}

async fn administer(sql: &str) {
    let options = cluster().await.connect_options("postgres");
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// The cluster of this process. It ends with it; what is left on disk the next run removes.
pub(crate) async fn cluster() -> &'static EmbeddedCluster {
    static CLUSTER: OnceCell<EmbeddedCluster> = OnceCell::const_new();
    let start = async || {
        // Not waited for: it may be much, and nothing depends on it.
        std::thread::spawn(remove_leftovers);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(PARENT).unwrap().keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let options = EmbeddedOptions { data_dir: folder, durability: Durability::TestOnlyFast };
        EmbeddedCluster::start(options).await.unwrap()
    };
    CLUSTER.get_or_init(start).await
}

fn remove_leftovers() {
    let folders = fs::read_dir(PARENT).unwrap().filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let ours = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
    for folder in folders.filter(ours).filter(|folder| abandoned(folder)) {
        // Another run may be removing the same one.
        let _ = fs::remove_dir_all(folder);
    }
}

/// Whoever runs a cluster holds its lock; a young folder may not have one yet.
fn abandoned(folder: &Path) -> bool {
    let Ok(lock) = File::open(folder.join("postgres.lock")) else { return false };
    let age = lock.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|made| made.elapsed().ok());
    age.is_some_and(|age| age > Duration::from_secs(60)) && lock.try_lock().is_ok()
}
