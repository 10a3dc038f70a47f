//! The calls of the tracking API, declared once for this client and for the server's router.

use acd_core::Operation;
use http::Method;

use crate::wire::MessageType;

/// Up to 2,500 events in one request. A repeat stores nothing new, since each event's `messageId` names it.
pub const BATCH: Operation = Operation::new("analytics.batch", Method::POST, "/v1/batch").idempotent();
/// One [`MessageType::Track`] event.
pub const TRACK: Operation = single("analytics.track", "/v1/track");
/// One [`MessageType::Identify`] event.
pub const IDENTIFY: Operation = single("analytics.identify", "/v1/identify");
/// One [`MessageType::Page`] event.
pub const PAGE: Operation = single("analytics.page", "/v1/page");
/// One [`MessageType::Screen`] event.
pub const SCREEN: Operation = single("analytics.screen", "/v1/screen");
/// One [`MessageType::Group`] event.
pub const GROUP: Operation = single("analytics.group", "/v1/group");
/// One [`MessageType::Alias`] event.
pub const ALIAS: Operation = single("analytics.alias", "/v1/alias");

/// All calls of the tracking API.
pub const ALL: &[Operation] = &[BATCH, TRACK, IDENTIFY, PAGE, SCREEN, GROUP, ALIAS];

/// A single event may come without a `messageId`; then the server makes one, and a repeat is a second event. So the
/// declaration promises nothing.
const fn single(name: &'static str, path: &'static str) -> Operation {
    Operation::new(name, Method::POST, path)
}

/// The call that takes one event of type `kind`.
#[must_use]
pub const fn of(kind: MessageType) -> Operation {
    match kind {
        MessageType::Track => TRACK,
        MessageType::Identify => IDENTIFY,
        MessageType::Page => PAGE,
        MessageType::Screen => SCREEN,
        MessageType::Group => GROUP,
        MessageType::Alias => ALIAS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_its_name_as_the_last_segment() {
        for kind in MessageType::ALL {
            assert_eq!(of(kind).path(), format!("/v1/{}", kind.as_str()));
            assert_eq!(of(kind).name(), format!("analytics.{}", kind.as_str()));
        }
    }
}
