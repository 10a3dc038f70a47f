use serde::Serialize;

use super::common::{Common, common_setters};
use super::encode::{Encode, Encoder, Envelope};
use crate::error::EnqueueError;
use crate::wire::MessageType;

/// The company, team or account a user belongs to.
///
/// ```
/// # use acd_analytics::Group;
/// let event = Group::new("acme").user_id("user-1").traits(serde_json::json!({ "seats": 12 }));
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "an event is sent by AnalyticsClient::group"]
pub struct Group<'a, T = ()> {
    common: Common<'a>,
    group_id: &'a str,
    traits: T,
}

impl<'a> Group<'a> {
    /// Names the group by the product's own id of it, 1 to 512 bytes.
    pub fn new(group_id: &'a str) -> Self {
        Self { common: Common::default(), group_id, traits: () }
    }
}

impl<'a, T> Group<'a, T> {
    /// Sets facts about the group, which must serialise to a JSON object nested at most 32 deep.
    pub fn traits<Q: Serialize>(self, traits: Q) -> Group<'a, Q> {
        Group { common: self.common, group_id: self.group_id, traits }
    }

    common_setters!();
}

impl<T: Serialize> Encode for Group<'_, T> {
    fn envelope(&self) -> Envelope<'_> {
        Envelope { kind: MessageType::Group, message_id: self.common.message_id, timestamp: self.common.timestamp }
    }

    fn write(&self, to: &mut Encoder<'_>) -> Result<(), EnqueueError> {
        self.common.write_ids(to)?;
        to.text("groupId", self.group_id)?;
        to.object("traits", &self.traits)?;
        self.common.write_surroundings(to)
    }
}
