//! A client on a script and a manual clock.

use std::future::Future;

use http::Method;

use super::{ManualClock, RecordedRequest, Script, ScriptedTransport};
use crate::client::{Client, ClientBuilder};
use crate::operation::Operation;
use crate::runtime::Runtime;

/// Scripted transport and manual clock together, with an operation of each kind to call.
#[derive(Clone, Debug)]
pub struct Harness {
    clock: ManualClock,
    transport: ScriptedTransport,
}

impl Harness {
    /// The authority of the pretended server.
    pub const AUTHORITY: &'static str = "server.test";
    /// An operation that changes nothing.
    pub const GET: Operation = Operation::new("test.get", Method::GET, "/v1/things").safe();
    /// An operation that needs an idempotency key to be repeated.
    pub const POST_KEYED: Operation = Operation::new("test.post_keyed", Method::POST, "/v1/things").keyed();
    /// An operation that must not be repeated.
    pub const POST_UNSAFE: Operation = Operation::new("test.post_unsafe", Method::POST, "/v1/acts");

    /// A server that answers by `script`.
    pub fn new(script: impl IntoIterator<Item = Script>) -> Self {
        let clock = ManualClock::new();
        Self { transport: ScriptedTransport::new(script).on_clock(clock.clone()), clock }
    }

    /// The builder of a client that talks to the pretended server.
    pub fn client(&self) -> ClientBuilder {
        let base_url = format!("https://{}", Self::AUTHORITY);
        Client::builder(base_url).transport(self.transport.clone()).runtime(self.runtime())
    }

    /// A runtime on the harness's clock, whose background tasks make progress while [`run`](Self::run) drives a future.
    pub fn runtime(&self) -> Runtime {
        self.clock.runtime().with_spawn(self.clock.clone())
    }

    /// Runs a future to its end, moving the clock whenever it waits.
    ///
    /// # Panics
    /// As [`ManualClock::run`].
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.clock.run(future)
    }

    /// The clock.
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// The requests that reached the server so far.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.transport.requests()
    }
}
