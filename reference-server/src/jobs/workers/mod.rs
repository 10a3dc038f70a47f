//! Works on jobs in this process: claims as many as it has room for, runs their handlers, keeps their leases, says what came of
//! them.

mod acks;
mod attempt;
mod dispatch;
mod heartbeat;
mod held;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::held::Held;
pub(super) use self::held::ProgressSender;
use super::handler::{AnyHandler, Handler};
use super::service::Jobs;
use crate::kernel::principal::Principal;
use crate::kernel::request_id::RequestId;

const LEASE: Duration = Duration::from_secs(15);
const GRACE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_secs(1);
const CONCURRENCY: usize = 16;
const BATCH: usize = 100;

/// Workers of this process, under construction.
pub struct WorkersBuilder {
    jobs: Jobs,
    handlers: HashMap<String, Arc<dyn AnyHandler>>,
    name: String,
    concurrency: usize,
    batch: usize,
    lease: Duration,
    grace: Duration,
    poll: Duration,
}

/// Workers of this process: one loop that claims, and as many handlers side by side as it has room for. A process may have
/// several, and several processes share the queue.
pub struct Workers(Arc<Shared>);

/// What the tasks of the workers share.
struct Shared {
    jobs: Jobs,
    principal: Principal,
    handlers: HashMap<String, Arc<dyn AnyHandler>>,
    kinds: Vec<String>,
    name: String,
    concurrency: usize,
    batch: usize,
    lease: Duration,
    grace: Duration,
    poll: Duration,
    held: Arc<Held>,
    /// Set when the handlers had their time: what they hold goes back.
    handing_back: CancellationToken,
}

impl WorkersBuilder {
    /// Also does jobs of this kind. The last handler of a kind counts.
    #[must_use]
    pub fn handle<H: Handler>(mut self, handler: H) -> Self {
        self.handlers.insert(H::KIND.to_owned(), Arc::new(handler));
        self
    }

    /// Who it is, for whoever looks at a job; made of the process id when not set. Cut at 100 characters.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into().chars().take(100).collect();
        self
    }

    /// Jobs side by side, at least 1; 16 when not set.
    #[must_use]
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.concurrency = jobs.clamp(1, 10_000);
        self
    }

    /// Most jobs claimed, and most finished, in one transaction, 1 to 1,000; 100 when not set.
    #[must_use]
    pub fn batch(mut self, jobs: usize) -> Self {
        self.batch = jobs.clamp(1, 1_000);
        self
    }

    /// How long a job is held without a heartbeat, at least a tenth of a second; 15 s when not set. When this process dies, its
    /// jobs go to another after at most that long.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(100));
        self
    }

    /// How long handlers may go on once the workers are asked to stop; 10 s when not set. What is not done then goes back.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// How often to look for jobs when nothing tells of any; 1 s when not set.
    #[must_use]
    pub fn poll(mut self, poll: Duration) -> Self {
        self.poll = poll.max(Duration::from_millis(5));
        self
    }

    /// The workers, which do nothing until they run.
    #[must_use]
    pub fn build(self) -> Workers {
        let mut kinds: Vec<String> = self.handlers.keys().cloned().collect();
        kinds.sort_unstable();
        Workers(Arc::new(Shared {
            jobs: self.jobs,
            principal: Principal::service(RequestId::new()),
            handlers: self.handlers,
            kinds,
            name: self.name,
            concurrency: self.concurrency,
            batch: self.batch,
            lease: self.lease,
            grace: self.grace,
            poll: self.poll,
            held: Arc::default(),
            handing_back: CancellationToken::new(),
        }))
    }
}

impl Workers {
    /// Workers over these jobs that do nothing yet.
    pub fn builder(jobs: Jobs) -> WorkersBuilder {
        WorkersBuilder {
            jobs,
            handlers: HashMap::new(),
            name: format!("acd-{}-{:04x}", std::process::id(), Uuid::new_v4().as_u128() & 0xffff),
            concurrency: CONCURRENCY,
            batch: BATCH,
            lease: LEASE,
            grace: GRACE,
            poll: POLL,
        }
    }

    /// Works until the token is cancelled, then lets the handlers finish within the grace and hands back what is left. Dropping
    /// it instead is a crash: the leases end by themselves.
    pub async fn run(self, until: CancellationToken) {
        let Self(shared) = self;
        if shared.kinds.is_empty() {
            return;
        }
        // Ends with this future, however that ends.
        let mut beating = JoinSet::new();
        beating.spawn(heartbeat::beat(Arc::clone(&shared)));
        dispatch::run(shared, &until).await;
        beating.shutdown().await;
    }
}

impl Shared {
    fn lease(&self) -> TimeDelta {
        TimeDelta::from_std(self.lease).unwrap_or(TimeDelta::MAX)
    }
}

impl fmt::Debug for WorkersBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkersBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").field("name", &self.0.name).field("kinds", &self.0.kinds).finish_non_exhaustive()
    }
}
