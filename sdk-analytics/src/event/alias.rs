use super::common::{Common, common_setters};
use super::encode::{Encode, Encoder, Envelope};
use crate::error::EnqueueError;
use crate::wire::MessageType;

/// A second id of the same user: from now on both name one person.
#[derive(Clone, Copy, Debug)]
#[must_use = "an event is sent by AnalyticsClient::alias"]
pub struct Alias<'a> {
    common: Common<'a>,
    previous_id: &'a str,
}

impl<'a> Alias<'a> {
    /// Joins the id the user had before with the id the user has now, each 1 to 512 bytes.
    pub fn new(previous_id: &'a str, user_id: &'a str) -> Self {
        Self { common: Common { user_id: Some(user_id), ..Common::default() }, previous_id }
    }

    common_setters!(without_ids);
}

impl Encode for Alias<'_> {
    fn envelope(&self) -> Envelope<'_> {
        Envelope { kind: MessageType::Alias, message_id: self.common.message_id, timestamp: self.common.timestamp }
    }

    fn write(&self, to: &mut Encoder<'_>) -> Result<(), EnqueueError> {
        to.text("previousId", self.previous_id)?;
        self.common.write_ids(to)?;
        self.common.write_surroundings(to)
    }
}
