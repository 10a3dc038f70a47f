//! A private PostgreSQL cluster that acd runs when no `DATABASE_URL` is set.
//!
//! It lives under the data folder, listens on a Unix socket only (so it never collides with a PostgreSQL of the
//! system), keeps data as safely as a server would, and ends with acd. Several acd processes of one data folder share
//! it. As root it runs under an unprivileged account, because PostgreSQL refuses to run as root.

mod account;
pub mod binaries;
mod error;
mod home;
mod initdb;
mod postmaster;
mod settings;
mod supervisor;

pub use binaries::Binaries;
pub use error::EmbeddedError;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};
use tokio::sync::oneshot;

use supervisor::{Stop, Supervisor};

/// The database that [`EmbeddedCluster::start`] makes sure exists.
pub const DATABASE: &str = "acd";

/// The role that owns everything in the embedded cluster.
pub const SUPERUSER: &str = "acd";

/// How safely the cluster keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// What is committed survives a crash of the process and of the machine.
    Durable,
    /// Nothing is forced to disk. Only for tests that throw their data away.
    TestOnlyFast,
}

/// Where the cluster lives and how it keeps its data.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// The data folder of acd; the cluster is its sub-folder `postgres`. Made when missing.
    pub data_dir: PathBuf,
    /// How safely the data is kept.
    pub durability: Durability,
}

/// A running cluster, or a share in one that another acd process owns.
///
/// Dropping it stops the cluster in the background; [`stop`](Self::stop) waits for that.
#[derive(Debug)]
pub struct EmbeddedCluster {
    socket_dir: PathBuf,
    requests: Sender<Stop>,
}

impl EmbeddedCluster {
    /// Starts the cluster, or joins the one that another process of the same data folder runs.
    ///
    /// A cluster that was killed recovers. One that dies later is restarted with growing delay, up to 10 s.
    ///
    /// # Errors
    /// When PostgreSQL is missing, too old or does not start; each error names the cause and the remedy.
    pub async fn start(options: EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let (ready, is_ready) = oneshot::channel();
        let (requests, inbox) = channel();
        let data_dir = options.data_dir.clone();
        // The system ends the server together with the thread that started it, so that thread must not be one of
        // the runtime's, which come and go.
        thread::Builder::new()
            .name("acd-postgres".to_owned())
            .spawn(move || Supervisor::run(options, ready, &inbox))
            .map_err(EmbeddedError::file("start a thread for", data_dir))?;
        let socket_dir = is_ready.await.map_err(|_| EmbeddedError::SupervisorGone)??;
        let cluster = Self { socket_dir, requests };
        cluster.ensure_database().await?;
        Ok(cluster)
    }

    /// The server that would run the cluster of this data folder. Starts and makes nothing.
    ///
    /// # Errors
    /// When none is installed, or not the one that the data needs.
    pub fn installed_for(data_dir: &Path) -> Result<Binaries, EmbeddedError> {
        let data = data_dir.join("postgres").join("data");
        Binaries::find(home::data_major(&data)?, &data)
    }

    /// Whether the data folder holds a cluster already, as far as this user may see.
    pub fn exists(data_dir: &Path) -> bool {
        data_dir.join("postgres").join("data").join("PG_VERSION").exists()
    }

    /// How to connect to one of its databases, such as [`DATABASE`], as [`SUPERUSER`].
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_dir)
            .port(settings::PORT)
            .username(SUPERUSER)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// The same as a URL that psql, pgbench and other clients take.
    pub fn url(&self, database: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("host", &self.socket_dir.to_string_lossy());
        query.append_pair("port", &settings::PORT.to_string());
        format!("postgresql://{SUPERUSER}@localhost/{database}?{}", query.finish())
    }

    /// The folder that holds the socket.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Stops the cluster when this process owns it, and waits until it has ended. Connections are cut.
    ///
    /// # Errors
    /// [`EmbeddedError::NotStopped`] when it does not end even when killed.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        let (reply, done) = oneshot::channel();
        self.requests.send(reply).map_err(|_| EmbeddedError::SupervisorGone)?;
        done.await.map_err(|_| EmbeddedError::SupervisorGone)?
    }

    async fn ensure_database(&self) -> Result<(), EmbeddedError> {
        let failed = |cause| EmbeddedError::Sql { database: DATABASE.to_owned(), cause };
        let mut connection = PgConnection::connect_with(&self.connect_options("postgres")).await.map_err(failed)?;
        let found: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = $1")
            .bind(DATABASE)
            .fetch_optional(&mut connection)
            .await
            .map_err(failed)?;
        if found.is_none() {
            match sqlx::query("CREATE DATABASE acd").execute(&mut connection).await {
                // Another process that joined at the same moment was faster.
                Err(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("42P04" | "23505")) => {}
                Err(error) => return Err(failed(error)),
                Ok(_) => {}
            }
        }
        connection.close().await.map_err(failed)
    }
}
