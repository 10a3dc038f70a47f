use super::{AnalyticsClientBuilder, Settings};
use crate::client::AnalyticsClient;
use crate::error::BuildError;
use crate::sender::BatchSender;

/// The way to the server that a program brings: a [`BatchSender`], given to [`AnalyticsClient::builder_over`].
pub struct Own<S> {
    sender: S,
    context: String,
}

impl<S: BatchSender> AnalyticsClientBuilder<Own<S>> {
    pub(crate) fn over(sender: S) -> Self {
        Self { way: Own { sender, context: "{}".to_owned() }, settings: Settings::default() }
    }

    /// Sets where the events happen, as far as it is the same for all, by the names of
    /// [`Context`](crate::Context): the JSON text of an object. Nothing is filled in. At most 32 KiB, nested at most 32 deep; sent once
    /// per batch.
    pub fn context_json(mut self, context: impl Into<String>) -> Self {
        self.way.context = context.into();
        self
    }

    /// Checks the settings and starts the background task, as [`build`](AnalyticsClientBuilder::build) does for the pipeline.
    ///
    /// # Errors
    /// [`BuildError`], naming the setting or what refused.
    pub fn build_over(self) -> Result<AnalyticsClient, BuildError> {
        self.settings.check()?;
        self.settings.start(&self.way.context, Box::new(self.way.sender))
    }
}
