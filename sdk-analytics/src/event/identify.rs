use serde::Serialize;

use super::common::{Common, common_setters};
use super::encode::{Encode, Encoder, Envelope};
use crate::error::EnqueueError;
use crate::wire::MessageType;

/// Who a user is. Given both ids, it joins what the visitor did before with the user.
///
/// ```
/// # use acd_analytics::Identify;
/// let event = Identify::new().user_id("user-1").anonymous_id("a-77").traits(serde_json::json!({ "plan": "pro" }));
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "an event is sent by AnalyticsClient::identify"]
pub struct Identify<'a, T = ()> {
    common: Common<'a>,
    traits: T,
}

impl Identify<'_> {
    /// Begins with no id: set at least one.
    pub fn new() -> Self {
        Self { common: Common::default(), traits: () }
    }
}

impl Default for Identify<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, T> Identify<'a, T> {
    /// Sets facts about the user, which must serialise to a JSON object nested at most 32 deep.
    pub fn traits<Q: Serialize>(self, traits: Q) -> Identify<'a, Q> {
        Identify { common: self.common, traits }
    }

    common_setters!();
}

impl<T: Serialize> Encode for Identify<'_, T> {
    fn envelope(&self) -> Envelope<'_> {
        Envelope { kind: MessageType::Identify, message_id: self.common.message_id, timestamp: self.common.timestamp }
    }

    fn write(&self, to: &mut Encoder<'_>) -> Result<(), EnqueueError> {
        self.common.write_ids(to)?;
        to.object("traits", &self.traits)?;
        self.common.write_surroundings(to)
    }
}
