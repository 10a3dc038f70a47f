//! The client: a base URL, settings and the pipeline.

mod builder;
mod learn;
mod settings;

use std::fmt;
use std::sync::Arc;

pub use builder::ClientBuilder;
pub(crate) use settings::Settings;
pub use settings::Timeouts;

use crate::Result;
use crate::call::{Call, CallBuilder, CallOptions};
use crate::limits::Limits;
use crate::operation::Operation;
use crate::pipeline::Pipeline;
use crate::request::{BaseUrl, Request};
use crate::response::Response;
use crate::runtime::Runtime;

/// Makes calls to one server. Cheap to clone; clones share connections, budgets and everything else.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    base_url: BaseUrl,
    settings: Arc<Settings>,
    runtime: Runtime,
    limits: Limits,
    pipeline: Pipeline,
}

impl Client {
    /// Begins a client of the server at `base_url`, such as `https://api.example.com` or
    /// `http://127.0.0.1:4400/prefix`.
    pub fn builder(base_url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(base_url.into())
    }

    /// Begins a call.
    pub fn call(&self, operation: &'static Operation) -> CallBuilder<'_> {
        CallBuilder::new(self, operation)
    }

    /// The clock, sleep, randomness and executor that the client runs on.
    pub fn runtime(&self) -> &Runtime {
        &self.inner.runtime
    }

    pub(crate) fn base_url(&self) -> &BaseUrl {
        &self.inner.base_url
    }

    pub(crate) fn settings(&self) -> &Arc<Settings> {
        &self.inner.settings
    }

    pub(crate) async fn execute(
        &self,
        operation: &'static Operation,
        request: Request,
        options: CallOptions,
    ) -> Result<Response> {
        let settings = Arc::clone(&self.inner.settings);
        let mut call = Call::new(operation, request, options, settings, self.inner.runtime.clone());
        self.inner.pipeline.run(&mut call).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("base_url", &self.inner.base_url).finish_non_exhaustive()
    }
}
