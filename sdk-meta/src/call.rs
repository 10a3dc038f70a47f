//! One call in the making.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;

use acd_core::runtime::BoxFuture;
use acd_core::{CallBuilder, ErrorKind, Operation, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::{AdAccountId, MetaClient, limits};

/// The placeholders of paths that stand for whoever Meta's limits are of.
const OWNERS: [&str; 3] = ["account", "page", "user"];

/// A call whose answer is a `T`. Nothing is sent until it is awaited; dropping it while awaited cancels it.
#[must_use = "nothing is sent until the call is awaited"]
pub struct MetaCall<'c, T> {
    call: Result<CallBuilder<'c>>,
    operation: &'static Operation,
    read: fn(Response) -> BoxFuture<'static, Result<T>>,
}

impl<'c, T: DeserializeOwned + 'static> MetaCall<'c, T> {
    /// A call that is answered with JSON.
    pub(crate) fn json(meta: &'c MetaClient, operation: &'static Operation) -> Self {
        Self::reading(meta, operation, |response| Box::pin(response.json()))
    }
}

impl<'c, T> MetaCall<'c, T> {
    /// A call whose answer is read in this way.
    pub(crate) fn reading(
        meta: &'c MetaClient,
        operation: &'static Operation,
        read: fn(Response) -> BoxFuture<'static, Result<T>>,
    ) -> Self {
        let access = meta.access();
        let call = meta.http().call(operation).path_param("version", meta.version()).auth(access.bearer.clone());
        let call = call.priority(meta.priority());
        let call = match meta.caller() {
            Some(caller) => call.caller(Arc::clone(caller)),
            None => call,
        };
        // The proof is of no use without the token, which is not in the URL; Meta takes it nowhere but in parameters.
        let call = match &access.proof {
            Some(proof) => call.query("appsecret_proof", proof.expose()).hide(proof),
            None => call,
        };
        let call =
            operation.limit_pools().iter().fold(call, |call, pool| call.pool_cost(pool, limits::cost(operation, pool)));
        let call = Self { call: Ok(call), operation, read };
        match meta.account() {
            Some(account) => call.counted_for(account),
            None => call,
        }
    }

    /// Fills the ad account into the path.
    pub(crate) fn account(self, account: &AdAccountId) -> Self {
        self.path("account", account)
    }

    /// Counts the call towards the limits of this ad account, page or Instagram account.
    pub(crate) fn counted_for(self, owner: &impl fmt::Display) -> Self {
        let (operation, owner) = (self.operation, owner.to_string());
        self.http(|call| operation.limit_pools().iter().fold(call, |call, pool| call.pool_scope(pool, owner.as_str())))
    }

    /// Changes this one call: timeouts, retries, credentials, headers, how long it waits for a limit.
    pub fn http(self, customise: impl FnOnce(CallBuilder<'c>) -> CallBuilder<'c>) -> Self {
        Self { call: self.call.map(customise), ..self }
    }

    /// The request as plain data, without any I/O: for tests, batches and queues.
    ///
    /// # Errors
    /// [`ErrorKind::Request`] for a value that cannot be sent.
    pub fn build(self) -> Result<Request> {
        self.call?.build()
    }

    /// What is declared about the call.
    pub(crate) fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// A call that cannot be made for this reason.
    pub(crate) fn refused(self, problem: Error) -> Self {
        Self { call: Err(problem), ..self }
    }

    /// Fills a value into the path. An ad account, a page and an Instagram account have limits of their own, towards which
    /// the call then counts.
    pub(crate) fn path(self, name: &'static str, value: impl fmt::Display) -> Self {
        let value = value.to_string();
        let call = if OWNERS.contains(&name) || value.starts_with("act_") { self.counted_for(&value) } else { self };
        call.http(|call| call.path_param(name, value))
    }

    pub(crate) fn body(self, body: &impl Serialize) -> Self {
        self.http(|call| call.json(body))
    }

    pub(crate) fn param(self, name: &str, value: impl fmt::Display) -> Self {
        self.http(|call| call.query(name, value))
    }

    /// Adds the fields of a flat struct as query parameters, structure as JSON text; those that are null are left out.
    pub(crate) fn query(mut self, query: &impl Serialize) -> Self {
        self.call = self.call.and_then(|call| {
            let fields = match serde_json::to_value(query) {
                Ok(Value::Object(fields)) => fields,
                Ok(_) => return Err(Error::new(ErrorKind::Request, "the query is not a struct")),
                Err(cause) => {
                    return Err(Error::new(ErrorKind::Request, "the query cannot be written").with_source(cause));
                }
            };
            Ok(fields.iter().fold(call, |call, (name, value)| match value {
                Value::Null => call,
                Value::String(text) => call.query(name, text),
                other => call.query(name, other),
            }))
        });
        self
    }
}

impl<'c, T: 'c> IntoFuture for MetaCall<'c, T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'c, Result<T>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { (self.read)(self.call?.send().await?).await })
    }
}

impl<T> fmt::Debug for MetaCall<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetaCall").field("call", &self.call).finish_non_exhaustive()
    }
}
