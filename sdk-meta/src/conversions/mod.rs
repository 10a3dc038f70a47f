//! Events of a server, an app or a shop, sent to Meta: the
//! [Conversions API](https://developers.facebook.com/docs/marketing-api/conversions-api).

mod app_data;
mod attribution;
mod batch;
mod check;
mod custom_data;
mod data_processing;
mod document;
mod event;
#[cfg(test)]
mod fields;
mod hashed;
mod key;
mod normalize;
mod report;
#[cfg(feature = "schemars")]
mod schema;
mod send;
mod user_data;

pub use app_data::{AppData, DeviceInfo};
pub use attribution::{AttributionData, AttributionMethod, AttributionModel, AttributionSetting, DeclineReason};
pub use check::{EventProblem, InvalidEvent};
pub use custom_data::{Content, ContentType, CustomData, CustomerSegmentation, DeliveryCategory};
pub use data_processing::DataProcessing;
pub use document::{EventDocument, Sendable};
pub use event::{ActionSource, Event, EventName, MessagingChannel, OriginalEvent};
pub use hashed::Hashed;
pub use key::{PlainKey, UserKey};
pub use normalize::{ValueError, normalize_currency};
pub use report::{BatchOutcome, BatchReport, EventsReceived, SendReport};
pub use send::{ConversionsClient, MOST_BYTES, MOST_EVENTS, OPERATIONS, SEND, SEND_ONCE, SendEvents};
pub use user_data::{UserData, click_id};
