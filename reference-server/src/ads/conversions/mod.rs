//! Conversions for Meta: taken in, held back unless the product's switch is on and the person agreed, sent once, and each
//! outcome kept.

mod accept;
mod app;
mod forwarder;
mod mapping;
mod pauses;
mod routes;
mod row;
mod rules;
mod sender;
mod service;
mod store;
mod switches;
mod writer;

pub use forwarder::ConversionForwarder;
pub use routes::routes;
pub use sender::ConversionSender;
pub use service::{ConversionParts, Conversions};
