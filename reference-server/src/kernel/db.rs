//! The pool, and transactions that run as the principal of the request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use acd_platform::ProductSlug;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, FromRow, Postgres};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::call::Call;
use super::conn::Conn;
use super::principal::{Actor, DbRole, Principal};
use super::problem::{Problem, Result};

const PLANNED_ONCE: &str = "; SET LOCAL plan_cache_mode = force_generic_plan";

/// The statistics of a queue are never right: it is empty when they are taken and full when they are used, or the other way
/// round. Its indexes are made for its statements, so the planner is told to take them for each row by itself, and to look anew
/// how large the queue is.
const QUEUE: &str = "; SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_seqscan = off; \
                     SET LOCAL enable_bitmapscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

/// For what a crash of the database may undo, since whoever was told of it will then be refused and begin anew.
const UNFLUSHED: &str = "; SET LOCAL synchronous_commit = off";

/// How the pool is sized.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// Most connections in all.
    pub max: u32,
    /// Most transactions one product may have open at a time.
    pub per_product: u32,
    /// How long a request waits for a connection before it gets 503.
    pub acquire_timeout: Duration,
    /// How long one statement may run.
    pub statement_timeout: Duration,
    /// Whether statements are prepared by name. Off behind a pooler that gives each transaction another connection.
    pub named_statements: bool,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            max: 20,
            per_product: 12,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            named_statements: true,
        }
    }
}

/// Access to the database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    settings: Arc<PoolSettings>,
    shares: Arc<Mutex<HashMap<ProductSlug, Arc<Semaphore>>>>,
}

/// An open transaction under a principal's role. Rolled back when dropped.
pub struct Tx {
    inner: sqlx::Transaction<'static, Postgres>,
    named_statements: bool,
    _share: Option<OwnedSemaphorePermit>,
}

impl Db {
    /// A pool over these options. Connects when first used.
    pub fn new(options: PgConnectOptions, settings: PoolSettings) -> Self {
        // PgBouncer refuses parameters it does not know; the default of PostgreSQL 12 and newer is as exact.
        let options = options.application_name("acd").extra_float_digits(None);
        let options = if settings.named_statements { options } else { options.statement_cache_capacity(0) };
        let pool = PgPoolOptions::new()
            .max_connections(settings.max)
            .acquire_timeout(settings.acquire_timeout)
            .idle_timeout(Duration::from_secs(300))
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Self { pool, settings: Arc::new(settings), shares: Arc::default() }
    }

    /// The pool itself, for what must run as the login role: migrations and health.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Opens a transaction as the principal: role, claims, request id and time limit in one round trip.
    ///
    /// # Errors
    /// 503 when the product has its whole share of connections in use, none comes free in time,
    /// or the database is away.
    pub async fn scoped(&self, principal: &Principal) -> Result<Tx> {
        self.shared(principal, "").await
    }

    /// The same for statements whose best plan never depends on their values, as a read by primary key: planned once.
    /// Planning a read of the partitioned events anew costs several times the read.
    ///
    /// # Errors
    /// As [`Db::scoped`].
    pub async fn scoped_planned_once(&self, principal: &Principal) -> Result<Tx> {
        self.shared(principal, PLANNED_ONCE).await
    }

    async fn shared(&self, principal: &Principal, more: &str) -> Result<Tx> {
        let share = match principal.product() {
            Some(product) => Some(self.share(product).await?),
            None => None,
        };
        let mut tx = self.open(begin_statement(principal, self.settings.statement_timeout) + more).await?;
        tx._share = share;
        Ok(tx)
    }

    /// The same for work done on behalf of many requests at once: it does not count towards a product's share, and
    /// its statements, which take arrays of any length, are planned once instead of each time.
    ///
    /// # Errors
    /// 503 when no connection comes free in time or the database is away.
    pub async fn bulk(&self, principal: &Principal) -> Result<Tx> {
        let begin = begin_statement(principal, self.settings.statement_timeout);
        self.open(begin + PLANNED_ONCE).await
    }

    /// The same, holding this advisory lock until its end, as others may.
    ///
    /// # Errors
    /// As [`Db::bulk`].
    pub async fn bulk_under_lock(&self, principal: &Principal, lock: i64) -> Result<Tx> {
        let begin = begin_statement(principal, self.settings.statement_timeout);
        self.open(format!("{begin}{PLANNED_ONCE}; SELECT pg_advisory_xact_lock_shared({lock})")).await
    }

    /// A transaction over a queue: planned by its indexes.
    ///
    /// # Errors
    /// As [`Db::scoped`].
    pub async fn queue(&self, principal: &Principal) -> Result<Tx> {
        self.shared(principal, QUEUE).await
    }

    /// The same for taking work out of a queue: the commit does not wait for the disk. A crash of the database may undo it,
    /// then the work waits again and whoever had it finds its lease gone. A later commit that waits makes this one durable too.
    ///
    /// # Errors
    /// As [`Db::scoped`].
    pub async fn queue_unflushed(&self, principal: &Principal) -> Result<Tx> {
        self.shared(principal, &[QUEUE, UNFLUSHED].concat()).await
    }

    /// Calls a function as the service itself, in a transaction of its own and one round trip, and gives the rows. Without
    /// `waits_for_disk` the commit is as in [`Db::queue_unflushed`].
    ///
    /// A connection may die after the call and before the answer; it is then called again. Whoever drops the future does not
    /// undo the call.
    ///
    /// # Errors
    /// 503 when no connection comes free in time or the database is away.
    pub async fn call<T>(&self, call: &Call, waits_for_disk: bool) -> Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, PgRow>,
    {
        let sql = format!(
            "SET LOCAL ROLE {}; SET LOCAL statement_timeout = {}{}; {}",
            DbRole::Service.as_str(),
            self.settings.statement_timeout.as_millis(),
            if waits_for_disk { "" } else { UNFLUSHED },
            call.statement(),
        );
        let rows = self.again_on_dead(|| sqlx::raw_sql(AssertSqlSafe(sql.clone())).fetch_all(&self.pool)).await?;
        Ok(rows.iter().map(T::from_row).collect::<sqlx::Result<_>>()?)
    }

    /// Whether a session of PostgreSQL stays with its connection, as `LISTEN` needs it.
    pub fn keeps_sessions(&self) -> bool {
        self.settings.named_statements
    }

    async fn open(&self, begin: String) -> Result<Tx> {
        let started = Instant::now();
        let begun = self.again_on_dead(|| self.pool.begin_with(AssertSqlSafe(begin.clone()))).await;
        metrics::histogram!("acd_db_begin_seconds").record(started.elapsed());
        Ok(Tx { inner: begun?, named_statements: self.settings.named_statements, _share: None })
    }

    /// A connection that died while idle is found out by its first use.
    async fn again_on_dead<T, F>(&self, work: impl Fn() -> F) -> sqlx::Result<T>
    where
        F: Future<Output = sqlx::Result<T>>,
    {
        let mut done = work().await;
        for _ in 0..self.settings.max {
            match &done {
                Err(sqlx::Error::Io(_)) => {}
                Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("57P01") => {}
                _ => break,
            }
            if self.pool.num_idle() == 0 {
                break;
            }
            done = work().await;
        }
        done
    }

    async fn share(&self, product: &ProductSlug) -> Result<OwnedSemaphorePermit> {
        let semaphore = {
            let mut shares = self.shares.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            Arc::clone(
                shares
                    .entry(product.clone())
                    .or_insert_with(|| Arc::new(Semaphore::new(self.settings.per_product as usize))),
            )
        };
        match tokio::time::timeout(self.settings.acquire_timeout, semaphore.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                metrics::counter!("acd_db_share_exhausted_total", "product" => product.to_string()).increment(1);
                Err(Problem::unavailable(
                    "product_busy",
                    "this product has its whole share of database connections in use; try again shortly",
                ))
            }
        }
    }

    /// Records the pool's size and use.
    pub fn record_metrics(&self) {
        let size = self.pool.size();
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        metrics::gauge!("acd_db_pool_connections", "state" => "open").set(size);
        metrics::gauge!("acd_db_pool_connections", "state" => "in_use").set(size.saturating_sub(idle));
        let saturation = f64::from(size.saturating_sub(idle)) / f64::from(self.settings.max.max(1));
        metrics::gauge!("acd_db_pool_saturation").set(saturation);
    }
}

impl Tx {
    /// The connection inside the transaction.
    pub fn conn(&mut self) -> Conn<'_> {
        Conn::new(&mut self.inner, self.named_statements)
    }

    /// Goes on as another actor with the same database role.
    pub async fn become_actor(&mut self, actor: &Actor) -> Result<()> {
        let statement = claims_statement(actor);
        let statement = statement.trim_start_matches("; ").to_owned();
        if !statement.is_empty() {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(self.conn()).await?;
        }
        Ok(())
    }

    /// Goes on as the service itself, for what a change causes and its actor may not write.
    pub async fn become_service(&mut self) -> Result<()> {
        let statement = format!("SET LOCAL ROLE {}", DbRole::Service.as_str());
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(self.conn()).await?;
        Ok(())
    }

    /// Makes it all durable.
    pub async fn commit(self) -> Result<()> {
        Ok(self.inner.commit().await?)
    }
}

/// The statement that opens a transaction as this principal. Every value in it is of a type that needs no quoting.
pub fn begin_statement(principal: &Principal, statement_timeout: Duration) -> String {
    let mut sql = format!(
        "BEGIN; SET LOCAL ROLE {}; SET LOCAL application_name = 'acd {}'; SET LOCAL statement_timeout = {}",
        principal.role().as_str(),
        principal.request_id.as_str(),
        statement_timeout.as_millis(),
    );
    sql.push_str(&claims_statement(&principal.actor));
    sql
}

/// The claims of an actor, each set on its own, so that none is left from an actor before.
pub fn claims_statement(actor: &Actor) -> String {
    match actor {
        Actor::Product(product) => format!("; SET LOCAL acd.product = '{product}'"),
        Actor::User(user) => {
            format!("; SET LOCAL request.jwt.claims = '{{\"sub\":\"{user}\",\"role\":\"authenticated\"}}'")
        }
        Actor::Admin | Actor::Service => String::new(),
    }
}
