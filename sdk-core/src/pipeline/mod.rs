//! The fixed sequence of steps between a call and the wire.
//!
//! The steps of this crate are nested types, so that they cost no allocation; a user's policies run between them as a
//! flat slice of trait objects.

mod attempt_span;
mod attempt_timeout;
mod credentials;
mod deadline;
mod exchange;
mod idempotency;
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
use crate::call::Call;
use crate::response::Response;
use crate::retry::RetryBudgets;
use crate::transport::SharedTransport;
use attempt_span::AttemptSpan;
use attempt_timeout::AttemptTimeout;
use credentials::Credentials;
use deadline::Deadline;
use exchange::Exchange;
use idempotency::IdempotencyKey;
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

type PerAttempt = AttemptSpan<Credentials<UserPolicies<Signing<AttemptTimeout<WireLog<Exchange>>>>>>;
type PerCall = OperationSpan<Deadline<IdempotencyKey<UserPolicies<Retry<PerAttempt>>>>>;

/// All steps in their order, for one client.
pub(crate) struct Pipeline(PerCall);

impl Pipeline {
    pub(crate) fn new(
        per_call: Vec<SharedPolicy>,
        budgets: RetryBudgets,
        per_attempt: Vec<SharedPolicy>,
        transport: SharedTransport,
    ) -> Self {
        let wire = Signing(AttemptTimeout(WireLog(Exchange(transport))));
        let attempt = AttemptSpan(Credentials(UserPolicies::new(per_attempt, wire)));
        let retry = Retry::new(budgets, attempt);
        Self(OperationSpan(Deadline(IdempotencyKey(UserPolicies::new(per_call, retry)))))
    }

    pub(crate) async fn run(&self, call: &mut Call) -> Result<Response> {
        self.0.run(call).await
    }
}
