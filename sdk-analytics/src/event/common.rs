use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::encode::Encoder;
use crate::context::Context;
use crate::error::EnqueueError;

/// What every event may carry, whichever of the six it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Common<'a> {
    pub(super) user_id: Option<&'a str>,
    pub(super) anonymous_id: Option<&'a str>,
    pub(super) message_id: Option<&'a str>,
    pub(super) timestamp: Option<DateTime<Utc>>,
    pub(super) context: Option<&'a Context>,
    pub(super) integrations: Option<&'a Map<String, Value>>,
}

/// What an event carries where it says nothing itself.
#[cfg(feature = "app")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Defaults<'a> {
    pub(crate) user_id: Option<&'a str>,
    pub(crate) anonymous_id: Option<&'a str>,
    pub(crate) context: Option<&'a Context>,
}

impl Common<'_> {
    /// Writes the ids; one of the two must be there.
    pub(super) fn write_ids(&self, to: &mut Encoder<'_>) -> Result<(), EnqueueError> {
        if self.user_id.is_none() && self.anonymous_id.is_none() {
            return Err(EnqueueError::MissingUser);
        }
        to.text_if("userId", self.user_id)?;
        to.text_if("anonymousId", self.anonymous_id)
    }

    /// Writes what concerns the surroundings of the event rather than the event.
    pub(super) fn write_surroundings(&self, to: &mut Encoder<'_>) -> Result<(), EnqueueError> {
        if let Some(context) = self.context {
            to.object("context", context)?;
        }
        if let Some(integrations) = self.integrations {
            to.object("integrations", integrations)?;
        }
        Ok(())
    }
}

/// The setters that all six events share.
macro_rules! common_setters {
    () => {
        /// Sets the product's own id of a known user, 1 to 512 bytes.
        pub fn user_id(mut self, id: &'a str) -> Self {
            self.common.user_id = Some(id);
            self
        }

        /// Sets the random id of a visitor who is not known yet, 1 to 512 bytes.
        pub fn anonymous_id(mut self, id: &'a str) -> Self {
            self.common.anonymous_id = Some(id);
            self
        }

        /// The same, with `defaults` where it says nothing itself.
        #[cfg(feature = "app")]
        pub(crate) fn or(mut self, defaults: $crate::event::Defaults<'a>) -> Self {
            self.common.user_id = self.common.user_id.or(defaults.user_id);
            self.common.anonymous_id = self.common.anonymous_id.or(defaults.anonymous_id);
            self.common.context = self.common.context.or(defaults.context);
            self
        }

        common_setters!(without_ids);
    };
    (without_ids) => {
        /// Sets when it happened. Default: the moment of the call. Kept to the millisecond; years 1970 to 9999.
        pub fn timestamp(mut self, at: ::chrono::DateTime<::chrono::Utc>) -> Self {
            self.common.timestamp = Some(at);
            self
        }

        /// Sets the id by which the server recognises a repeat, 1 to 100 bytes. Default: a new UUIDv7.
        ///
        /// Derive it from what happened (`order-1042-completed`) where the same fact may be tracked twice.
        pub fn message_id(mut self, id: &'a str) -> Self {
            self.common.message_id = Some(id);
            self
        }

        /// Sets what differs for this event from the context the client sends with every batch.
        pub fn context(mut self, context: &'a $crate::context::Context) -> Self {
            self.common.context = Some(context);
            self
        }

        /// Sets which destinations may have the event, for example `{"All": true}`. Stored as sent.
        pub fn integrations(mut self, integrations: &'a ::serde_json::Map<String, ::serde_json::Value>) -> Self {
            self.common.integrations = Some(integrations);
            self
        }
    };
}

pub(super) use common_setters;
