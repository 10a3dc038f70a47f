//! What a product tells the platform: six events, each borrowing what it is given until it is encoded.

mod alias;
mod common;
mod encode;
mod group;
mod identify;
mod json_event;
mod message_id;
mod page;
mod timestamp;
mod track;

pub use alias::Alias;
#[cfg(feature = "app")]
pub(crate) use common::Defaults;
pub(crate) use encode::{Encode, encode};
pub use group::Group;
pub use identify::Identify;
pub use json_event::JsonEvent;
pub use message_id::MessageId;
pub(crate) use message_id::MessageIds;
pub use page::{Page, Screen};
pub(crate) use timestamp::rfc3339_millis;
pub use track::Track;
