//! The fixed sequence of steps between a call and the wire.
//!
//! The steps of this crate are nested types, so that they cost no allocation; a user's policies run between them as a
//! flat slice of trait objects.

mod attempt_span;
mod attempt_timeout;
mod breaker;
mod credentials;
mod deadline;
pub(crate) mod exchange;
mod hedging;
mod idempotency;
mod limiter;
mod measure;
mod operation_span;
mod policy;
mod retry;
mod signing;
mod stall;
mod user;
mod wire_log;

use std::future::Future;

pub(crate) use policy::SharedPolicy;
pub use policy::{Next, Policy};

use crate::Result;
use crate::breaker::Breakers;
use crate::call::Call;
use crate::limits::Limits;
use crate::response::Response;
use crate::retry::RetryBudgets;
use crate::transport::SharedTransport;
use attempt_span::AttemptSpan;
use attempt_timeout::AttemptTimeout;
use breaker::Breaker;
use credentials::Credentials;
use deadline::Deadline;
use exchange::Exchange;
use hedging::Hedging;
use idempotency::IdempotencyKey;
use limiter::Limiter;
use measure::Measure;
use operation_span::OperationSpan;
use retry::Retry;
use signing::Signing;
use user::UserPolicies;
use wire_log::WireLog;

/// A step of the pipeline with everything that lies behind it.
pub(crate) trait Step: Send + Sync + 'static {
    /// Passes the call on and its result back.
    fn run(&self, call: &mut Call) -> impl Future<Output = Result<Response>> + Send;
}

type Wire = Signing<Measure<AttemptTimeout<WireLog<Exchange>>>>;
type Guarded<S> = AttemptSpan<Breaker<Limiter<S>>>;
type PerAttempt = Guarded<Credentials<UserPolicies<Wire>>>;
type PerCall = OperationSpan<Deadline<IdempotencyKey<UserPolicies<Retry<Hedging<PerAttempt>>>>>>;

/// All steps in their order, for one client.
pub(crate) struct Pipeline(PerCall);

/// What the steps share with other clients, and what a user puts between them.
pub(crate) struct Parts {
    pub(crate) per_call: Vec<SharedPolicy>,
    pub(crate) budgets: RetryBudgets,
    pub(crate) breakers: Option<Breakers>,
    pub(crate) limits: Limits,
    pub(crate) per_attempt: Vec<SharedPolicy>,
}

impl Pipeline {
    pub(crate) fn new(parts: Parts, transport: SharedTransport) -> Self {
        let Parts { per_call, budgets, breakers, limits, per_attempt } = parts;
        let wire = Signing(Measure(AttemptTimeout(WireLog(Exchange(transport)))));
        let sent = Credentials(UserPolicies::new(per_attempt, wire));
        let attempt = AttemptSpan(Breaker::new(breakers, Limiter::new(limits, sent)));
        let retry = Retry::new(budgets.clone(), Hedging::new(budgets, attempt));
        Self(OperationSpan(Deadline(IdempotencyKey(UserPolicies::new(per_call, retry)))))
    }

    pub(crate) async fn run(&self, call: &mut Call) -> Result<Response> {
        self.0.run(call).await
    }
}
