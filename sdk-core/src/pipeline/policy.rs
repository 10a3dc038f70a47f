//! The step that a user writes.

use std::future::Future;
use std::sync::Arc;

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::response::Response;
use crate::runtime::BoxFuture;

/// A step of a user's own, placed by [`per_call`](crate::ClientBuilder::per_call) or
/// [`per_attempt`](crate::ClientBuilder::per_attempt). State that outlives a call is the policy's own, usually behind an
/// `Arc` and keyed by the request's authority.
///
/// Dropping the returned future cancels the call, so a permit that it holds must be freed by a destructor.
///
/// ```
/// use acd_core::{Call, Next, Policy, Response, Result};
///
/// struct Tenant;
///
/// impl Policy for Tenant {
///     async fn send(&self, call: &mut Call, next: Next<'_>) -> Result<Response> {
///         call.request_mut().headers_mut().insert("x-tenant", http::HeaderValue::from_static("blue"));
///         next.send(call).await
///     }
/// }
/// ```
pub trait Policy: Send + Sync + 'static {
    /// Handles the call, usually by passing it on with [`Next::send`] and looking at what comes back.
    ///
    /// # Errors
    /// Those of the steps behind it, and its own. An answer other than a success arrives as an error with its status and
    /// headers.
    fn send(&self, call: &mut Call, next: Next<'_>) -> impl Future<Output = Result<Response>> + Send;
}

/// The steps behind a policy.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    policies: &'a [SharedPolicy],
    last: &'a dyn DynStep,
}

impl<'a> Next<'a> {
    pub(super) fn new(policies: &'a [SharedPolicy], last: &'a impl Step) -> Self {
        Self { policies, last }
    }

    /// Passes the call on. The request is gone afterwards: a policy that sends twice puts a copy, made with
    /// [`Request::try_clone`](crate::Request::try_clone) beforehand, back in between.
    ///
    /// # Errors
    /// Those of the steps behind.
    pub async fn send(self, call: &mut Call) -> Result<Response> {
        match self.policies.split_first() {
            Some((policy, policies)) => policy.0.send_dyn(call, Next { policies, last: self.last }).await,
            None => self.last.run_dyn(call).await,
        }
    }
}

impl std::fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Next").field("policies", &self.policies.len()).finish_non_exhaustive()
    }
}

/// A [`Policy`] of any type, shared.
#[derive(Clone)]
pub(crate) struct SharedPolicy(Arc<dyn DynPolicy>);

impl SharedPolicy {
    pub(crate) fn new(policy: impl Policy) -> Self {
        Self(Arc::new(policy))
    }
}

trait DynPolicy: Send + Sync {
    fn send_dyn<'a>(&'a self, call: &'a mut Call, next: Next<'a>) -> BoxFuture<'a, Result<Response>>;
}

impl<P: Policy> DynPolicy for P {
    fn send_dyn<'a>(&'a self, call: &'a mut Call, next: Next<'a>) -> BoxFuture<'a, Result<Response>> {
        Box::pin(self.send(call, next))
    }
}

trait DynStep: Send + Sync {
    fn run_dyn<'a>(&'a self, call: &'a mut Call) -> BoxFuture<'a, Result<Response>>;
}

impl<S: Step> DynStep for S {
    fn run_dyn<'a>(&'a self, call: &'a mut Call) -> BoxFuture<'a, Result<Response>> {
        Box::pin(self.run(call))
    }
}
