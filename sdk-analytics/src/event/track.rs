use serde::Serialize;

use super::common::{Common, common_setters};
use super::encode::{Encode, Encoder, Envelope};
use crate::error::EnqueueError;
use crate::wire::MessageType;

/// Something a user did.
///
/// ```
/// # use acd_analytics::Track;
/// #[derive(serde::Serialize)]
/// struct Order<'a> { order_id: &'a str, revenue_cents: u64 }
///
/// let event = Track::new("Order Completed").user_id("user-1").properties(Order { order_id: "1042", revenue_cents: 1999 });
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "an event is sent by AnalyticsClient::track"]
pub struct Track<'a, P = ()> {
    common: Common<'a>,
    event: &'a str,
    properties: P,
}

impl<'a> Track<'a> {
    /// Names what happened, as "object action" by convention: `Order Completed`. 1 to 512 bytes.
    pub fn new(event: &'a str) -> Self {
        Self { common: Common::default(), event, properties: () }
    }
}

impl<'a, P> Track<'a, P> {
    /// Sets free-form facts, which must serialise to a JSON object nested at most 32 deep.
    ///
    /// Floats that JSON cannot write (NaN, infinities) become `null`.
    pub fn properties<Q: Serialize>(self, properties: Q) -> Track<'a, Q> {
        Track { common: self.common, event: self.event, properties }
    }

    common_setters!();
}

impl<P: Serialize> Encode for Track<'_, P> {
    fn envelope(&self) -> Envelope<'_> {
        Envelope { kind: MessageType::Track, message_id: self.common.message_id, timestamp: self.common.timestamp }
    }

    fn write(&self, to: &mut Encoder<'_>) -> Result<(), EnqueueError> {
        self.common.write_ids(to)?;
        to.text("event", self.event)?;
        to.object("properties", &self.properties)?;
        self.common.write_surroundings(to)
    }
}
