//! Settings: from the environment and one optional file, each listed here and nowhere else.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use acd_core::Secret;
use acd_meta::GraphVersion;

use crate::ads::MetaSettings;
use crate::gateway::JwtSettings;
use crate::kernel::client::TrustedProxies;
use crate::kernel::db::PoolSettings;

/// A setting: its name in the environment, its default and what it does.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The variable's name. In the file it is the same in lower case without `ACD_`.
    pub name: &'static str,
    /// The value when it is not set, in words where it is not fixed.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
}

macro_rules! settings {
    ($($name:literal, $default:literal, $secret:literal, $help:literal;)*) => {
        /// Every setting there is.
        pub const SETTINGS: &[Setting] =
            &[$(Setting { name: $name, default: $default, help: $help, secret: $secret }),*];
    };
}

settings! {
    "DATABASE_URL", "an embedded PostgreSQL under ACD_DATA_DIR", true, "PostgreSQL 15 or newer, as postgres://user:password@host/database";
    "ACD_CONFIG", "acd.toml where it exists", false, "file to read settings from";
    "ACD_LISTEN", "127.0.0.1:4400", false, "address and port to serve on";
    "ACD_TRUSTED_PROXIES", "none: the connection's own address counts", false, "addresses and networks of the proxies in front, separated by commas, whose `X-Forwarded-For` is believed, such as 10.0.0.0/8";
    "ACD_DATA_DIR", ".acd", false, "folder of the embedded PostgreSQL and of the secrets made for it";
    "ACD_KEY_SECRET", "made once with the embedded PostgreSQL", true, "secret of the keyed hash of API keys: 32 bytes or more in base64, the same on every replica";
    "ACD_DB_POOL", "20", false, "most database connections of this process";
    "ACD_DB_POOL_PER_PRODUCT", "12", false, "most transactions one product may have open at a time in this process";
    "ACD_DB_ACQUIRE_TIMEOUT_MS", "5000", false, "milliseconds a request waits for a connection before it gets 503";
    "ACD_DB_STATEMENT_TIMEOUT_MS", "30000", false, "milliseconds one statement may run";
    "ACD_DB_POOLER", "session", false, "`transaction` behind a pooler that gives each transaction another connection, else `session`";
    "ACD_INGEST_LANES", "2", false, "transactions that store events side by side";
    "ACD_JOBS_CONCURRENCY", "16", false, "jobs of the server's own that this process does side by side; 0 leaves them to others";
    "ACD_JOBS_LISTEN_URL", "the database, unless ACD_DB_POOLER is `transaction`", true, "PostgreSQL past the pooler, to hear of jobs at once; without it a pooler costs up to a second";
    "ACD_JOBS_KEEP_DAYS", "7", false, "days for which jobs are kept that succeeded or were cancelled";
    "ACD_JOBS_KEEP_DEAD_DAYS", "30", false, "days for which jobs are kept that were given up";
    "ACD_ADS_KEEP_PUBLICATIONS_DAYS", "90", false, "days for which publications of ads are kept after they ended; what they made stays";
    "ACD_ADS_KEEP_LOGS_DAYS", "400", false, "days for which outcomes of conversions, and changes made at Meta past the server, are kept";
    "ACD_JWT_SECRET", "none: HS256 tokens are refused", true, "shared secret of HS256 tokens, as a Supabase project shows it";
    "ACD_JWKS_URL", "none: RS256 and ES256 tokens are refused", false, "URL of the token issuer's published keys";
    "ACD_JWT_AUDIENCE", "authenticated", false, "the audience that a token must name";
    "ACD_JWT_ISSUER", "any", false, "the issuer that a token must name";
    "META_ACCESS_TOKEN", "none: Meta is simulated in this process", true, "access token of Meta's Graph API, best a system user's";
    "META_APP_SECRET", "none", true, "secret of Meta's app, with which each call proves that it is the app's";
    "META_VERIFY_TOKEN", "none: webhooks of Meta are not taken", true, "what Meta is given with the address of webhooks, /v1/webhooks/meta; needs META_APP_SECRET";
    "META_FORMER_APP_SECRETS", "none", true, "secrets by which webhooks may be signed besides META_APP_SECRET, separated by commas, as while it is replaced";
    "META_API_VERSION", "v26.0", false, "version of Meta's Graph API";
    "META_BASE_URL", "https://graph.facebook.com", false, "another server than Meta's, such as one of `acd simulate`";
    "ACD_FETCH_PRIVATE", "false", false, "whether files that products name, as the images of ads, are fetched from addresses that are not public: `true` or `false`";
    "ACD_MIGRATIONS_DIR", "none", false, "folder with products/SLUG/ migrations of your own, run after the built-in ones";
    "ACD_LOG", "info", false, "what to log, for example info,acd_server=debug; commands other than serve log warn";
    "ACD_LOG_FORMAT", "json, or text on a terminal", false, "`json` or `text`";
}

/// Where clients look for their server and key. They may be set in the same shell and mean nothing here.
const CLIENT_NAMES: [&str; 2] = ["ACD_URL", "ACD_KEY"];

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A name that is no setting.
    #[error("{place}: {name} is no setting{hint}; `acd config` lists them all")]
    Unknown {
        /// Where it stands.
        place: String,
        /// The name.
        name: String,
        /// A name that was perhaps meant.
        hint: String,
    },
    /// A value that does not fit.
    #[error("{name}: {why}")]
    Invalid {
        /// The setting.
        name: &'static str,
        /// What is wrong and what would be right.
        why: String,
    },
    /// The file cannot be read.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// The settings of jobs.
#[derive(Clone, Debug)]
pub struct JobsConfig {
    /// The server's own jobs side by side.
    pub concurrency: usize,
    /// Where to listen past a pooler.
    pub listen_url: Option<Secret>,
    /// Days for which jobs are kept that succeeded or were cancelled.
    pub keep_days: u32,
    /// Days for which jobs are kept that were given up.
    pub keep_dead_days: u32,
    /// Days for which publications are kept that ended.
    pub keep_publications_days: u32,
    /// Days for which outcomes of conversions and changes made at Meta are kept.
    pub keep_ads_logs_days: u32,
}

/// The settings of a process.
#[derive(Clone, Debug)]
pub struct Config {
    /// The outside database; `None` for the embedded one.
    pub database_url: Option<Secret>,
    /// Where to serve.
    pub listen: SocketAddr,
    /// Who is believed about where requests come from.
    pub trusted_proxies: TrustedProxies,
    /// Folder of the embedded database.
    pub data_dir: PathBuf,
    /// Secret of the keyed hash, where it is set.
    pub key_secret: Option<Secret>,
    /// The pool.
    pub pool: PoolSettings,
    /// Transactions that store events side by side.
    pub ingest_lanes: usize,
    /// Jobs.
    pub jobs: JobsConfig,
    /// JWTs.
    pub jwt: JwtSettings,
    /// Meta; `None` to simulate it.
    pub meta: Option<MetaSettings>,
    /// Whether files are fetched from addresses that are not public.
    pub fetches_private: bool,
    /// Folder with migrations of the products' own.
    pub migrations_dir: Option<PathBuf>,
    /// What to log.
    pub log: String,
    /// Whether to log JSON; `None` to decide by the terminal.
    pub log_json: Option<bool>,
    /// What was set, by name: the value, hidden where it is secret, and where it was set.
    pub origins: BTreeMap<&'static str, (String, String)>,
}

impl Config {
    /// Reads the environment of the process and the file it names.
    ///
    /// # Errors
    /// Names the setting and what would be right.
    pub fn from_process() -> Result<Self, ConfigError> {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self::read(&environment)
    }

    /// Reads these variables and the file they name. The environment goes over the file.
    ///
    /// # Errors
    /// Names the setting and what would be right.
    pub fn read(environment: &[(String, String)]) -> Result<Self, ConfigError> {
        let mut found: BTreeMap<&'static str, (String, String)> = BTreeMap::new();
        let named = environment.iter().find(|(name, _)| name == "ACD_CONFIG").map(|(_, path)| PathBuf::from(path));
        let file = named.clone().unwrap_or_else(|| PathBuf::from("acd.toml"));
        if named.is_some() || file.exists() {
            read_file(&file, &mut found)?;
        }
        for (name, value) in environment {
            match SETTINGS.iter().find(|setting| setting.name == name) {
                Some(setting) if !value.is_empty() => {
                    found.insert(setting.name, (value.clone(), "environment".to_owned()));
                }
                // Set but empty counts as not set, as everywhere in a shell.
                Some(_) => {}
                None if CLIENT_NAMES.contains(&name.as_str()) => {}
                None if name.starts_with("ACD_") => return Err(unknown("environment".to_owned(), name)),
                None => {}
            }
        }
        Self::build(found)
    }

    fn build(found: BTreeMap<&'static str, (String, String)>) -> Result<Self, ConfigError> {
        let text = |name: &'static str| found.get(name).map(|(value, _)| value.clone());
        let secret = |name: &'static str| text(name).map(Secret::new);
        let defaults = PoolSettings::default();
        let database_url = secret("DATABASE_URL");
        let key_secret = secret("ACD_KEY_SECRET");
        if database_url.is_some() && key_secret.is_none() {
            return Err(ConfigError::Invalid {
                name: "ACD_KEY_SECRET",
                why: "must be set when DATABASE_URL is, to the same value on every replica; make one with `openssl rand -base64 32`".into(),
            });
        }
        let named_statements = match text("ACD_DB_POOLER").as_deref() {
            None | Some("session") => true,
            Some("transaction") => false,
            Some(_) => return Err(invalid("ACD_DB_POOLER", "must be `session` or `transaction`")),
        };
        let log_json = match text("ACD_LOG_FORMAT").as_deref() {
            None => None,
            Some("json") => Some(true),
            Some("text") => Some(false),
            Some(_) => return Err(invalid("ACD_LOG_FORMAT", "must be `json` or `text`")),
        };
        let fetches_private = match text("ACD_FETCH_PRIVATE").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(invalid("ACD_FETCH_PRIVATE", "must be `true` or `false`")),
        };
        let number = |name: &'static str, default: u64, least: u64, most: u64| match text(name) {
            None => Ok(default),
            Some(value) => value
                .parse()
                .ok()
                .filter(|number| (least..=most).contains(number))
                .ok_or_else(|| invalid(name, &format!("must be a whole number from {least} to {most}"))),
        };
        let small = |name, default: u32, most| {
            number(name, u64::from(default), 1, most).map(|value| u32::try_from(value).unwrap_or(u32::MAX))
        };
        let pool = PoolSettings {
            max: small("ACD_DB_POOL", defaults.max, 1_000)?,
            per_product: small("ACD_DB_POOL_PER_PRODUCT", defaults.per_product, 1_000)?,
            acquire_timeout: Duration::from_millis(number("ACD_DB_ACQUIRE_TIMEOUT_MS", 5_000, 10, 600_000)?),
            statement_timeout: Duration::from_millis(number("ACD_DB_STATEMENT_TIMEOUT_MS", 30_000, 10, 55_000)?),
            named_statements,
        };
        let listen = match text("ACD_LISTEN") {
            None => SocketAddr::from(([127, 0, 0, 1], 4400)),
            Some(value) => value
                .parse()
                .map_err(|_| invalid("ACD_LISTEN", "must be an address and port, such as 127.0.0.1:4400"))?,
        };
        let trusted_proxies = text("ACD_TRUSTED_PROXIES").unwrap_or_default();
        let trusted_proxies = trusted_proxies.parse().map_err(|why: String| invalid("ACD_TRUSTED_PROXIES", &why))?;
        let jwks_url = text("ACD_JWKS_URL");
        if jwks_url.as_deref().is_some_and(|url| !url.starts_with("https://") && !is_local(url)) {
            return Err(invalid("ACD_JWKS_URL", "must be an https:// URL (http:// is allowed for this machine alone)"));
        }
        if jwks_url.as_deref().is_some_and(|url| url.contains(['{', '}', '?', '#'])) {
            return Err(invalid("ACD_JWKS_URL", "must be a plain URL, without a query"));
        }
        Ok(Self {
            database_url,
            listen,
            trusted_proxies,
            data_dir: text("ACD_DATA_DIR").map_or_else(|| PathBuf::from(".acd"), PathBuf::from),
            key_secret,
            pool,
            ingest_lanes: small("ACD_INGEST_LANES", 2, 64)? as usize,
            jobs: JobsConfig {
                concurrency: usize::try_from(number("ACD_JOBS_CONCURRENCY", 16, 0, 1_000)?).unwrap_or(1_000),
                listen_url: secret("ACD_JOBS_LISTEN_URL"),
                keep_days: small("ACD_JOBS_KEEP_DAYS", 7, 3_650)?,
                keep_dead_days: small("ACD_JOBS_KEEP_DEAD_DAYS", 30, 3_650)?,
                keep_publications_days: small("ACD_ADS_KEEP_PUBLICATIONS_DAYS", 90, 3_650)?,
                // Not sooner than a repetition of a conversion is none any more.
                keep_ads_logs_days: number("ACD_ADS_KEEP_LOGS_DAYS", 400, 3, 3_650)
                    .map(|days| u32::try_from(days).unwrap_or(u32::MAX))?,
            },
            jwt: JwtSettings {
                secret: secret("ACD_JWT_SECRET"),
                jwks_url,
                audience: text("ACD_JWT_AUDIENCE").unwrap_or_else(|| "authenticated".to_owned()),
                issuer: text("ACD_JWT_ISSUER"),
            },
            meta: meta_settings(secret, text)?,
            fetches_private,
            migrations_dir: text("ACD_MIGRATIONS_DIR").map(PathBuf::from),
            log: text("ACD_LOG").unwrap_or_else(|| "info".to_owned()),
            log_json,
            origins: found
                .into_iter()
                .map(|(name, (value, place))| {
                    let secret = SETTINGS.iter().any(|setting| setting.name == name && setting.secret);
                    (name, (if secret { "[redacted]".to_owned() } else { value }, place))
                })
                .collect(),
        })
    }
}

/// The settings of Meta. What belongs to a token is of no use without one, and so perhaps forgotten.
fn meta_settings(
    secret: impl Fn(&'static str) -> Option<Secret>,
    text: impl Fn(&'static str) -> Option<String>,
) -> Result<Option<MetaSettings>, ConfigError> {
    let Some(token) = secret("META_ACCESS_TOKEN") else {
        let dependent = ["META_APP_SECRET", "META_BASE_URL", "META_VERIFY_TOKEN", "META_FORMER_APP_SECRETS"];
        return match dependent.into_iter().find(|name| text(name).is_some()) {
            Some(name) => Err(invalid(name, "goes together with META_ACCESS_TOKEN, which is not set")),
            None => Ok(None),
        };
    };
    let version = text("META_API_VERSION").map(|version| version.parse()).transpose();
    let version: Option<GraphVersion> =
        version.map_err(|_| invalid("META_API_VERSION", "must be a version such as v26.0"))?;
    let base_url = text("META_BASE_URL");
    if base_url.as_deref().is_some_and(|url| !url.starts_with("https://") && !is_local(url)) {
        return Err(invalid("META_BASE_URL", "must be an https:// URL (http:// is allowed for this machine alone)"));
    }
    let app_secret = secret("META_APP_SECRET");
    let verify_token = secret("META_VERIFY_TOKEN");
    if app_secret.is_none() && (verify_token.is_some() || text("META_FORMER_APP_SECRETS").is_some()) {
        return Err(invalid("META_APP_SECRET", "is needed to take webhooks, which Meta signs with it"));
    }
    let former = text("META_FORMER_APP_SECRETS").unwrap_or_default();
    let former_app_secrets: Vec<Secret> =
        former.split(',').map(str::trim).filter(|secret| !secret.is_empty()).map(Secret::from).collect();
    let version = version.unwrap_or_default();
    Ok(Some(MetaSettings { token, app_secret, version, base_url, verify_token, former_app_secrets }))
}

fn is_local(url: &str) -> bool {
    ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"].iter().any(|start| url.starts_with(start))
}

fn invalid(name: &'static str, why: &str) -> ConfigError {
    ConfigError::Invalid { name, why: why.to_owned() }
}

fn unknown(place: String, name: &str) -> ConfigError {
    let hint = SETTINGS
        .iter()
        .map(|setting| (distance(setting.name, &name.to_ascii_uppercase()), setting.name))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, near)| format!(" (did you mean {near}?)"))
        .unwrap_or_default();
    ConfigError::Unknown { place, name: name.to_owned(), hint }
}

/// Levenshtein distance.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.bytes().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

fn read_file(path: &Path, found: &mut BTreeMap<&'static str, (String, String)>) -> Result<(), ConfigError> {
    let of_file = |why: String| ConfigError::File { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map_err(|error| of_file(format!("cannot be read: {error}")))?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| of_file(error.message().to_owned()))?;
    for (key, value) in table {
        let setting = SETTINGS
            .iter()
            .find(|setting| setting.name.trim_start_matches("ACD_").eq_ignore_ascii_case(&key))
            .ok_or_else(|| unknown(path.display().to_string(), &key))?;
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            _ => return Err(invalid(setting.name, "must be a text or a whole number")),
        };
        found.insert(setting.name, (value, path.display().to_string()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::read(&pairs)
    }

    #[test]
    fn nothing_set_is_enough() {
        let config = read(&[("PATH", "/bin"), ("ACD_LOG", ""), ("ACD_KEY", "of a client")]).unwrap();
        assert!(config.database_url.is_none());
        assert_eq!(config.listen.port(), 4400);
        assert!(config.meta.is_none(), "Meta is simulated");
    }

    #[test]
    fn what_is_wrong_is_named_with_the_remedy() {
        for (pairs, says) in [
            (vec![("ACD_LISTEN", "4400")], "ACD_LISTEN: must be an address"),
            (
                vec![("ACD_TRUSTED_PROXIES", "10.0.0.0/8, proxy.local")],
                "ACD_TRUSTED_PROXIES: `proxy.local` is no address",
            ),
            (vec![("ACD_LISTN", "x")], "did you mean ACD_LISTEN?"),
            (vec![("ACD_DB_POOL", "0")], "from 1 to 1000"),
            (vec![("ACD_DB_POOLER", "pg")], "`session` or `transaction`"),
            (vec![("DATABASE_URL", "postgres://x")], "ACD_KEY_SECRET"),
            (vec![("ACD_JWKS_URL", "http://issuer.example/jwks")], "https"),
            (vec![("ACD_CONFIG", "/nonexistent.toml")], "cannot be read"),
            (vec![("META_APP_SECRET", "x")], "goes together with META_ACCESS_TOKEN"),
            (vec![("META_ACCESS_TOKEN", "x"), ("META_VERIFY_TOKEN", "y")], "META_APP_SECRET: is needed"),
            (vec![("META_ACCESS_TOKEN", "x"), ("META_API_VERSION", "26")], "a version such as v26.0"),
            (vec![("META_ACCESS_TOKEN", "x"), ("META_BASE_URL", "http://graph.example")], "https"),
        ] {
            let error = read(&pairs).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn the_environment_goes_over_the_file_and_secrets_stay_hidden() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("acd.toml");
        std::fs::write(&file, "listen = \"127.0.0.1:1\"\ndb_pool = 7\njwt_secret = \"planted-secret\"").unwrap();
        let config = read(&[("ACD_CONFIG", file.to_str().unwrap()), ("ACD_LISTEN", "127.0.0.1:2")]).unwrap();
        assert_eq!((config.listen.port(), config.pool.max), (2, 7));
        assert!(!format!("{:?}", config.jwt).contains("planted-secret"));
        std::fs::write(&file, "lisen = \"x\"").unwrap();
        let error = read(&[("ACD_CONFIG", file.to_str().unwrap())]).unwrap_err().to_string();
        assert!(error.contains("lisen is no setting"), "{error}");
    }
}
