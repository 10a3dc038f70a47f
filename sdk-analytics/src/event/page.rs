use serde::Serialize;

use super::common::{Common, common_setters};
use super::encode::{Encode, Encoder, Envelope};
use crate::error::EnqueueError;
use crate::wire::MessageType;

/// A page and a screen differ in name alone.
macro_rules! view {
    ($(#[$doc:meta])* $name:ident, $kind:expr, $hint:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        #[must_use = $hint]
        pub struct $name<'a, P = ()> {
            common: Common<'a>,
            name: Option<&'a str>,
            category: Option<&'a str>,
            properties: P,
        }

        impl $name<'_> {
            /// Begins without a name: a view of something unnamed is valid.
            pub fn new() -> Self {
                Self { common: Common::default(), name: None, category: None, properties: () }
            }
        }

        impl Default for $name<'_> {
            fn default() -> Self {
                Self::new()
            }
        }

        impl<'a, P> $name<'a, P> {
            /// Sets its name, 1 to 512 bytes.
            pub fn name(mut self, name: &'a str) -> Self {
                self.name = Some(name);
                self
            }

            /// Sets its category, 1 to 512 bytes.
            pub fn category(mut self, category: &'a str) -> Self {
                self.category = Some(category);
                self
            }

            /// Sets free-form facts (`url`, `path`, `referrer`, `title`), which must serialise to a JSON object nested
            /// at most 32 deep.
            pub fn properties<Q: Serialize>(self, properties: Q) -> $name<'a, Q> {
                $name { common: self.common, name: self.name, category: self.category, properties }
            }

            common_setters!();
        }

        impl<P: Serialize> Encode for $name<'_, P> {
            fn envelope(&self) -> Envelope<'_> {
                Envelope { kind: $kind, message_id: self.common.message_id, timestamp: self.common.timestamp }
            }

            fn write(&self, to: &mut Encoder<'_>) -> Result<(), EnqueueError> {
                self.common.write_ids(to)?;
                to.text_if("name", self.name)?;
                to.text_if("category", self.category)?;
                to.object("properties", &self.properties)?;
                self.common.write_surroundings(to)
            }
        }
    };
}

view!(
    /// A web page viewed.
    Page, MessageType::Page, "an event is sent by AnalyticsClient::page"
);
view!(
    /// A mobile screen viewed.
    Screen, MessageType::Screen, "an event is sent by AnalyticsClient::screen"
);
