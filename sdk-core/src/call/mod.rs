//! One call on its way through the pipeline.

mod attempt;
mod builder;
mod options;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Extensions, HeaderValue};
use smallvec::SmallVec;

pub use attempt::Attempt;
pub(crate) use attempt::Attempts;
pub use builder::CallBuilder;
pub(crate) use options::CallOptions;

use crate::auth::SharedAuth;
use crate::classify::Classify;
use crate::client::Settings;
use crate::error::Error;
use crate::hedge::Hedge;
use crate::limits::{OnLimit, Permit, Priority};
use crate::operation::Operation;
use crate::redact::AllowList;
use crate::request::Request;
use crate::response::Response;
use crate::retry::RetryConfig;
use crate::runtime::{Instant, Runtime};
use crate::secret::Secret;
use crate::signing::SharedSigner;
use crate::telemetry::{Metrics, SharedMetrics};

/// What a policy sees and may change: the request, what is declared about the operation, and what has happened so far.
pub struct Call {
    operation: &'static Operation,
    request: Request,
    options: CallOptions,
    settings: Arc<Settings>,
    runtime: Runtime,
    started: Instant,
    deadline: Option<Instant>,
    /// How many attempts another fork of the call has numbered before.
    earlier: u32,
    attempts: Attempts,
    /// What was taken from limits for an attempt that has not left yet.
    permits: SmallVec<[Permit; 2]>,
    renewed_credentials: bool,
    extensions: Extensions,
}

impl Call {
    pub(crate) fn new(
        operation: &'static Operation,
        request: Request,
        options: CallOptions,
        settings: Arc<Settings>,
        runtime: Runtime,
    ) -> Self {
        let started = runtime.now();
        let deadline = None;
        let (earlier, attempts, permits, extensions) = (0, Attempts::new(), SmallVec::new(), Extensions::new());
        let renewed_credentials = false;
        Self {
            operation,
            request,
            options,
            settings,
            runtime,
            started,
            deadline,
            earlier,
            attempts,
            permits,
            renewed_credentials,
            extensions,
        }
    }

    /// A second call like this one for an attempt beside the next one, or `None` when the body can be sent only once.
    pub(crate) fn fork(&self) -> Option<Self> {
        Some(Self {
            operation: self.operation,
            request: self.request.try_clone()?,
            options: self.options.clone(),
            settings: Arc::clone(&self.settings),
            runtime: self.runtime.clone(),
            started: self.started,
            deadline: self.deadline,
            earlier: self.next_number(),
            attempts: Attempts::new(),
            permits: SmallVec::new(),
            renewed_credentials: self.renewed_credentials,
            extensions: self.extensions.clone(),
        })
    }

    /// Takes over what happened in a fork.
    pub(crate) fn adopt(&mut self, fork: &mut Self) {
        self.attempts.append(&mut fork.attempts);
        self.renewed_credentials |= fork.renewed_credentials;
    }

    /// What is declared about the operation.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// The request. Its headers and body are gone once the transport has taken them; method and URL stay.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Changes the request. What a per-attempt policy changes is undone before the next attempt.
    pub fn request_mut(&mut self) -> &mut Request {
        &mut self.request
    }

    /// The attempts so far; the last one is under way when a per-attempt policy asks.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// The clock, sleep and randomness that the call runs on.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// The time since the call began.
    pub fn elapsed(&self) -> Duration {
        self.runtime.now().since(self.started)
    }

    /// The time left until the overall deadline; `None` when the call has none.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.since(self.runtime.now()))
    }

    /// Values that policies leave for each other.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// Changes the values that policies leave for each other.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    /// Whether the caller reads the answer's body itself, instead of having it read within the attempt.
    pub fn is_streaming(&self) -> bool {
        self.options.streaming
    }

    pub(crate) fn set_request(&mut self, request: Request) {
        self.request = request;
    }

    pub(crate) fn take_attempts(&mut self) -> Attempts {
        std::mem::take(&mut self.attempts)
    }

    pub(crate) fn begin_attempt(&mut self) -> u32 {
        let number = self.next_number();
        self.attempts.push(Attempt::begin(number, self.elapsed()));
        number
    }

    fn next_number(&self) -> u32 {
        let made = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX);
        self.earlier.saturating_add(made).saturating_add(1)
    }

    /// When the attempt under way began.
    pub(crate) fn attempt_began(&self) -> Instant {
        self.started + self.attempts.last().map_or(Duration::ZERO, Attempt::started)
    }

    /// The attempt under way, and how long it has taken.
    pub(crate) fn attempt_mut(&mut self) -> Option<(&mut Attempt, Duration)> {
        let elapsed = self.elapsed();
        let attempt = self.attempts.last_mut()?;
        let took = elapsed.saturating_sub(attempt.started());
        Some((attempt, took))
    }

    /// Sets the deadline to `limit` after the call's start.
    pub(crate) fn start_deadline(&mut self, limit: Duration) {
        self.deadline = Some(self.started + limit);
    }

    pub(crate) fn overall_timeout(&self) -> Option<Duration> {
        self.options.timeout.or(self.settings.timeouts.of(self.operation.timeout_class()).overall)
    }

    pub(crate) fn attempt_timeout(&self) -> Duration {
        self.options.attempt_timeout.unwrap_or(self.settings.timeouts.of(self.operation.timeout_class()).attempt)
    }

    pub(crate) fn retry(&self) -> &RetryConfig {
        self.options.retry.as_ref().unwrap_or(&self.settings.retry)
    }

    pub(crate) fn auth(&self) -> Option<&SharedAuth> {
        self.options.auth.as_ref().unwrap_or(&self.settings.auth).as_ref()
    }

    /// Whether a 401 may yet be answered with other credentials: once per call.
    pub(crate) fn may_renew_credentials(&self) -> bool {
        !self.renewed_credentials && self.auth().is_some_and(SharedAuth::is_renewable)
    }

    pub(crate) fn set_renewed_credentials(&mut self) {
        self.renewed_credentials = true;
    }

    pub(crate) fn signer(&self) -> Option<&SharedSigner> {
        self.options.signer.as_ref().unwrap_or(&self.settings.signer).as_ref()
    }

    pub(crate) fn classifier(&self) -> Option<&dyn Classify> {
        self.settings.classifier.as_deref()
    }

    pub(crate) fn hedge(&self) -> Option<Hedge> {
        self.options.hedge.unwrap_or(self.settings.hedge)
    }

    pub(crate) fn passes_breaker(&self) -> bool {
        !self.options.without_breaker
    }

    pub(crate) fn on_limit(&self) -> Option<OnLimit> {
        self.options.on_limit
    }

    pub(crate) fn priority(&self) -> Priority {
        self.options.priority
    }

    /// Who asks, for the fair division of limits.
    pub(crate) fn caller(&self) -> &str {
        self.options.caller.as_ref().unwrap_or(&self.settings.caller)
    }

    /// Whose pool of this name the call draws from.
    pub(crate) fn pool_scope(&self, name: &str) -> &str {
        let scope = self.options.pool_scopes.iter().rfind(|(pool, _)| *pool == name);
        scope.map_or("", |(_, scope)| scope)
    }

    /// What the call takes from the pool of this name.
    pub(crate) fn pool_cost(&self, name: &str) -> u32 {
        let cost = self.options.pool_costs.iter().rfind(|(pool, _)| *pool == name);
        cost.map_or(self.operation.cost_units(), |(_, units)| *units)
    }

    pub(crate) fn fallback(&self, error: &Error) -> Option<Response> {
        self.options.fallback.as_ref().and_then(|answer| answer(error))
    }

    /// Secrets that travel in the body or the URL.
    pub(crate) fn hidden(&self) -> &[Secret] {
        &self.options.hidden
    }

    pub(crate) fn hold(&mut self, permit: Permit) {
        self.permits.push(permit);
    }

    /// The request leaves now: what was taken for it stays taken.
    pub(crate) fn spend_permits(&mut self) {
        self.permits.iter_mut().for_each(Permit::spend);
    }

    /// The attempt is over. What it did not use goes back.
    pub(crate) fn release_permits(&mut self) {
        self.permits.clear();
    }

    pub(crate) fn shared_metrics(&self) -> Option<SharedMetrics> {
        self.settings.metrics.clone()
    }

    /// Where measurements go, if anyone collects them.
    pub(crate) fn metrics(&self) -> Option<&dyn Metrics> {
        self.settings.metrics.as_deref()
    }

    pub(crate) fn max_response_bytes(&self) -> usize {
        self.options.max_response_bytes.unwrap_or(self.settings.max_response_bytes)
    }

    pub(crate) fn idempotency_key(&self) -> Option<&HeaderValue> {
        self.options.idempotency_key.as_ref()
    }

    pub(crate) fn allow_list(&self) -> &AllowList {
        &self.settings.allow_list
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.operation.name())
            .field("request", &self.request)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
