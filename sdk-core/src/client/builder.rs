//! Putting a client together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::{Client, Inner, Settings, Timeouts};
use crate::Result;
use crate::auth::{Auth, SharedAuth};
use crate::breaker::Breakers;
use crate::classify::Classify;
use crate::error::{Error, ErrorKind};
use crate::hedge::Hedge;
use crate::limits::Limits;
use crate::operation::TimeoutClass;
use crate::pipeline::{Parts, Pipeline, Policy, SharedPolicy};
use crate::request::BaseUrl;
use crate::retry::{RetryBudgets, RetryConfig};
use crate::runtime::Runtime;
use crate::signing::{SharedSigner, Signer};
use crate::telemetry::Metrics;
use crate::transport::{SharedTransport, Transport};

/// Settings of a [`Client`] in the making. Everything is checked once, in [`build`](Self::build).
///
/// The order in which policies run is fixed, whatever the order of the calls here:
/// operation span, overall deadline, idempotency key, **per-call policies**, retry, hedging; then for each attempt its
/// span, breaker, limits, credentials, **per-attempt policies**, signing, attempt timeout, wire log and the **transport**.
#[must_use]
pub struct ClientBuilder {
    base_url: String,
    settings: Settings,
    runtime: Runtime,
    parts: Parts,
    transport: Option<SharedTransport>,
    problem: Option<Error>,
}

impl ClientBuilder {
    pub(super) fn new(base_url: String) -> Self {
        Self {
            base_url,
            settings: Settings::default(),
            runtime: Runtime::system(),
            parts: Parts {
                per_call: Vec::new(),
                budgets: RetryBudgets::default(),
                breakers: Some(Breakers::default()),
                limits: Limits::default(),
                per_attempt: Vec::new(),
            },
            transport: None,
            problem: None,
        }
    }

    /// Sets the credentials of every call. Default: none.
    pub fn auth(mut self, auth: impl Auth) -> Self {
        self.settings.auth = Some(SharedAuth::new(auth));
        self
    }

    /// Signs every request, as the last step before the transport. Default: none.
    pub fn signer(mut self, signer: impl Signer) -> Self {
        self.settings.signer = Some(SharedSigner::new(signer));
        self
    }

    /// Sends measurements there. Default: none are taken.
    pub fn metrics(mut self, metrics: impl Metrics) -> Self {
        self.settings.metrics = Some(Arc::new(metrics));
        self
    }

    /// Adds a policy that runs once per call, outside retry. Policies run in the order in which they are added.
    pub fn per_call(mut self, policy: impl Policy) -> Self {
        self.parts.per_call.push(SharedPolicy::new(policy));
        self
    }

    /// Adds a policy that runs for each attempt, inside retry and after the credentials were put on. Policies run in the
    /// order in which they are added.
    pub fn per_attempt(mut self, policy: impl Policy) -> Self {
        self.parts.per_attempt.push(SharedPolicy::new(policy));
        self
    }

    /// Replaces the transport. Default: hyper on native targets with the feature `hyper`, `fetch` in JavaScript with the
    /// feature `fetch`.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(SharedTransport::new(transport));
        self
    }

    /// Replaces clock, sleep, randomness and executor. Default: [`Runtime::system`].
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = runtime;
        self
    }

    /// Sets both timeouts of a class. The defaults stand at [`TimeoutClass`].
    pub fn timeouts(mut self, class: TimeoutClass, timeouts: Timeouts) -> Self {
        self.settings.timeouts.set(class, timeouts);
        self
    }

    /// Sets how failures are retried.
    pub fn retry(mut self, config: RetryConfig) -> Self {
        self.settings.retry = config;
        self
    }

    /// Sets the number of attempts, the first included, and leaves the rest of how failures are retried as it is. 0 counts
    /// as 1.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.settings.retry.max_attempts = attempts;
        self
    }

    /// Shares retry budgets with other clients of the same servers. Default: budgets of its own.
    pub fn retry_budgets(mut self, budgets: RetryBudgets) -> Self {
        self.parts.budgets = budgets;
        self
    }

    /// Shares breakers with other clients of the same servers, or sets other numbers. Default: breakers of its own.
    pub fn breakers(mut self, breakers: Breakers) -> Self {
        self.parts.breakers = Some(breakers);
        self
    }

    /// Breaks no circuit: every call is tried, however often calls have failed.
    pub fn without_breakers(mut self) -> Self {
        self.parts.breakers = None;
        self
    }

    /// Sets the limits that calls draw from. Default: none.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.parts.limits = limits;
        self
    }

    /// Says who makes the calls that do not say so themselves, for the fair division of limits.
    pub fn caller(mut self, caller: impl Into<Arc<str>>) -> Self {
        self.settings.caller = caller.into();
        self
    }

    /// Reads a vendor's own signs of failure. Default: the status alone decides.
    pub fn classify(mut self, classifier: impl Classify) -> Self {
        self.settings.classifier = Some(Arc::new(classifier));
        self
    }

    /// Starts a second attempt beside a slow first one, for safe operations. Default: never.
    pub fn hedge(mut self, hedge: Hedge) -> Self {
        self.settings.hedge = Some(hedge);
        self
    }

    /// Adds a header to every call.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.settings.headers.insert(name, value);
            }
            _ => self.refuse("a default header has a name or a value that a header cannot carry"),
        }
        self
    }

    /// Sets how many bytes of an answer are read into memory at most. Default 16 MiB.
    pub fn max_response_bytes(mut self, limit: usize) -> Self {
        self.settings.max_response_bytes = limit;
        self
    }

    /// Shows the values of this header in the wire log and in spans. Values marked sensitive stay hidden.
    pub fn log_header<N: TryInto<HeaderName>>(mut self, name: N) -> Self {
        match name.try_into() {
            Ok(name) => self.settings.allow_list.allow_header(&name),
            Err(_) => self.refuse("a header to be logged has a name that is not one"),
        }
        self
    }

    /// Shows the values of this query parameter in the wire log and in spans.
    pub fn log_query(mut self, name: impl Into<String>) -> Self {
        self.settings.allow_list.allow_query(name);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] for a base URL that is not one, or that holds credentials, a query or a fragment; for
    /// a timeout of zero; for a header that cannot be sent; and when there is no transport.
    pub fn build(self) -> Result<Client> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let base_url = BaseUrl::parse(&self.base_url)?;
        for class in [TimeoutClass::Quick, TimeoutClass::Standard, TimeoutClass::Long, TimeoutClass::Transfer] {
            let Timeouts { attempt, overall } = self.settings.timeouts.of(class);
            if attempt.is_zero() || overall.is_some_and(|limit: Duration| limit.is_zero()) {
                let class = class.as_str();
                let problem = format!("the timeouts of the class `{class}` must be longer than zero");
                return Err(Error::new(ErrorKind::Configuration, problem));
            }
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => SharedTransport::default_for_target()?,
        };
        let limits = self.parts.limits.clone();
        let pipeline = Pipeline::new(self.parts, transport);
        let settings = Arc::new(self.settings);
        Ok(Client { inner: Arc::new(Inner { base_url, settings, runtime: self.runtime, limits, pipeline }) })
    }

    fn refuse(&mut self, why: &'static str) {
        self.problem.get_or_insert_with(|| Error::new(ErrorKind::Configuration, why));
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("base_url", &BaseUrl::parse(&self.base_url)).finish_non_exhaustive()
    }
}
