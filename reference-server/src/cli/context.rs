//! What every command shares: settings, and the way to the database.

use std::io::Write;
use std::path::Path;

use acd_core::{Runtime, Secret};
use acd_testing::MetaSimulator;
use base64::Engine;
use chrono::TimeDelta;
use sqlx::postgres::PgConnectOptions;

use crate::ads::Meta;
use crate::app::{App, Parts};
use crate::config::{Config, ConfigError};
use crate::gateway::{JwtVerifier, KeyHasher};
use crate::jobs::JobSettings;
use crate::kernel::clock::Clock;
use crate::kernel::db::Db;
use crate::kernel::embedded::{DATABASE, Durability, EmbeddedCluster, EmbeddedOptions};
use crate::kernel::fetch::Fetcher;
use crate::kernel::group::GroupSettings;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The settings of a command.
#[derive(Debug)]
pub struct Context {
    /// The settings.
    pub config: Config,
}

/// A way to the database; with the embedded cluster, that runs as long as this lives.
pub struct Session {
    /// The database.
    pub db: Db,
    cluster: Option<EmbeddedCluster>,
}

impl Context {
    /// A context with these settings.
    pub fn new(config: Config) -> Self {
        Self { config }
    }

    /// Connects to the database of the settings, starting or joining the embedded one where none is set.
    ///
    /// # Errors
    /// When the URL is not one, or the embedded cluster does not start.
    pub async fn connect(&self) -> Result<Session, Error> {
        let (options, cluster) = match &self.config.database_url {
            Some(url) => (options_of("DATABASE_URL", url)?, None),
            None => {
                let cluster = EmbeddedCluster::start(EmbeddedOptions {
                    data_dir: self.config.data_dir.clone(),
                    durability: Durability::Durable,
                })
                .await?;
                (cluster.connect_options(DATABASE), Some(cluster))
            }
        };
        Ok(Session { db: Db::new(options, self.config.pool.clone()), cluster })
    }

    /// The hasher of API keys, with the secret of the settings or the one made for the embedded database.
    ///
    /// # Errors
    /// When the secret is unusable or cannot be kept.
    pub fn key_hasher(&self) -> Result<KeyHasher, Error> {
        let secret = match &self.config.key_secret {
            Some(secret) => secret.clone(),
            None => kept_secret(&self.config.data_dir.join("key_secret"))?,
        };
        KeyHasher::new(&secret)
            .map_err(|why| ConfigError::Invalid { name: "ACD_KEY_SECRET", why: why.to_owned() }.into())
    }

    /// The application over a database.
    ///
    /// # Errors
    /// When a secret or URL of the settings is unusable.
    pub fn app(&self, db: Db, meta: Option<Meta>) -> Result<App, Error> {
        let writer = GroupSettings { lanes: self.config.ingest_lanes, ..GroupSettings::default() };
        let jwt = JwtVerifier::new(&self.config.jwt)?;
        let fetcher = Fetcher::new(self.config.fetches_private)?;
        let proxies = self.config.trusted_proxies.clone();
        let (clock, hasher) = (Clock::system(), self.key_hasher()?);
        Ok(App::new(Parts { db, clock, hasher, jwt, writer, meta, fetcher, proxies }))
    }
}

impl Context {
    /// The way to Meta: with the token of the settings, or to a simulator in this process where there is none.
    ///
    /// # Errors
    /// When a setting is unusable, or the simulator finds no port.
    pub async fn meta(&self, db: Db) -> Result<Meta, Error> {
        match &self.config.meta {
            Some(settings) => Ok(Meta::connect(db, settings.clone())?),
            None => {
                let runtime = Runtime::system();
                let simulator = MetaSimulator::builder().runtime(runtime.clone()).start().await?;
                Ok(Meta::simulated(db, simulator, runtime)?)
            }
        }
    }
}

impl Context {
    /// How this process treats jobs.
    ///
    /// # Errors
    /// When the URL to listen on is not one.
    pub fn job_settings(&self) -> Result<JobSettings, Error> {
        let jobs = &self.config.jobs;
        let listen = jobs.listen_url.as_ref().map(|url| options_of("ACD_JOBS_LISTEN_URL", url)).transpose()?;
        Ok(JobSettings {
            concurrency: jobs.concurrency,
            listen,
            keep_done: TimeDelta::days(i64::from(jobs.keep_days)),
            keep_dead: TimeDelta::days(i64::from(jobs.keep_dead_days)),
            keep_publications: TimeDelta::days(i64::from(jobs.keep_publications_days)),
            keep_ads_logs: TimeDelta::days(i64::from(jobs.keep_ads_logs_days)),
        })
    }
}

fn options_of(name: &'static str, url: &Secret) -> Result<PgConnectOptions, ConfigError> {
    url.expose().parse().map_err(|error| {
        // The parser's message may quote the URL, and so the password.
        drop::<sqlx::Error>(error);
        let why = "must be a URL such as postgres://user:password@host:5432/database".to_owned();
        ConfigError::Invalid { name, why }
    })
}

impl Session {
    /// Closes the connections, and stops the embedded cluster where this process started it.
    ///
    /// # Errors
    /// When the cluster does not end.
    pub async fn close(self) -> Result<(), Error> {
        self.db.pool().close().await;
        match self.cluster {
            Some(cluster) => Ok(cluster.stop().await?),
            None => Ok(()),
        }
    }
}

/// Reads the secret that was made for the embedded database, or makes it.
fn kept_secret(path: &Path) -> Result<Secret, Error> {
    let read = || -> Result<Secret, Error> {
        std::fs::read_to_string(path)
            .map(Secret::new)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()).into())
    };
    if path.exists() {
        return read();
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    }
    let mut bytes = zeroize::Zeroizing::new([0_u8; 32]);
    getrandom::fill(bytes.as_mut()).map_err(|error| format!("no random numbers from the system: {error}"))?;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes.as_ref());
    // Written apart and linked into place: another process sees the whole secret or none, and the first one wins.
    let fresh = path.with_extension(format!("{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&fresh).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| format!("{} cannot be written: {error}", fresh.display()))?;
    let linked = std::fs::hard_link(&fresh, path);
    std::fs::remove_file(&fresh).map_err(|error| format!("{} cannot be removed: {error}", fresh.display()))?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(format!("{} cannot be written: {error}", path.display()).into())
        }
        _ => read(),
    }
}
