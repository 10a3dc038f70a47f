use acd_core::{Basic, Client, ClientBuilder, RetryConfig, Secret};

use super::{AnalyticsClientBuilder, Settings};
use crate::client::AnalyticsClient;
use crate::context::Context;
use crate::error::BuildError;
use crate::sender::PipelineSender;

type Customise = Box<dyn FnOnce(ClientBuilder) -> ClientBuilder>;

/// The way to the server that [`AnalyticsClient::builder`] begins with: through `acd-core`'s pipeline, each attempt one call.
pub struct Pipeline {
    write_key: Secret,
    base_url: String,
    customise: Option<Customise>,
    pub(crate) context: Context,
}

impl AnalyticsClientBuilder {
    pub(crate) fn new(write_key: Secret, base_url: String) -> Self {
        let way = Pipeline { write_key, base_url, customise: None, context: Context::default() };
        Self { way, settings: Settings::default() }
    }

    /// Sets where the events happen, as far as it is the same for all. Library, operating system, locale and time zone
    /// are filled in where they are unset. At most 32 KiB of JSON, nested at most 32 deep; sent once per batch.
    pub fn context(mut self, context: Context) -> Self {
        self.way.context = context;
        self
    }

    /// Changes the HTTP client: its transport, timeouts and policies. Its retries stay off, since each attempt must
    /// carry its own `sentAt`; this client repeats by itself.
    pub fn http(mut self, customise: impl FnOnce(ClientBuilder) -> ClientBuilder + 'static) -> Self {
        self.way.customise = Some(Box::new(customise));
        self
    }

    /// Checks the settings, opens the durable queue if there is one (which reads what it holds), and starts the
    /// background task. On native targets a tokio runtime must be running, unless
    /// [`runtime`](Self::runtime) brings another executor.
    ///
    /// # Errors
    /// [`BuildError`], naming the setting or what refused.
    pub fn build(self) -> Result<AnalyticsClient, BuildError> {
        let Self { way, settings } = self;
        settings.check()?;
        let context =
            serde_json::to_string(&way.context.captured()).map_err(|error| BuildError::Context(error.to_string()))?;
        let auth = Basic::new(&way.write_key, &Secret::new("")).map_err(BuildError::Http)?;
        let http = Client::builder(way.base_url).auth(auth).runtime(settings.runtime.clone());
        let http = match way.customise {
            Some(customise) => customise(http),
            None => http,
        };
        let client = http.retry(RetryConfig::disabled()).build().map_err(BuildError::Http)?;
        settings.start(&context, Box::new(PipelineSender::new(client)))
    }
}
