//! Receiving webhooks, and signing those that are sent.
//!
//! A [`Verifier`] takes the headers and the bytes that arrived and gives a [`Verified`] message, or says why not:
//!
//! ```
//! use acd_core::Secret;
//! use acd_core::webhook::{Scheme, Verifier, WebhookError};
//! use bytes::Bytes;
//! use http::{HeaderMap, StatusCode};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct StripeEvent {
//!     id: String,
//!     r#type: String,
//! }
//!
//! fn receive(verifier: &Verifier, headers: &HeaderMap, body: Bytes) -> Result<(), WebhookError> {
//!     let event = verifier.verify(headers, body)?.json::<StripeEvent>()?.into_event();
//!     println!("{} {}", event.r#type, event.id);
//!     Ok(())
//! }
//!
//! let secrets = ["whsec_new", "whsec_old"].map(Secret::from);
//! let verifier = Verifier::new(Scheme::Stripe, secrets)?;
//! let refused = receive(&verifier, &HeaderMap::new(), Bytes::from("{}")).unwrap_err();
//! assert_eq!((refused.code(), refused.status()), ("missing_header", StatusCode::BAD_REQUEST));
//! # Ok::<(), acd_core::Error>(())
//! ```
//!
//! A receiver reads at most 1 MiB, answers [`WebhookError::status`] without a word about the reason, stores what is
//! authentic and answers 200 before it works on it, and takes each message [once](Verified::once).

mod body;
mod candidates;
mod dialect;
mod error;
mod fields;
mod header;
mod key;
mod scheme;
mod secrets;
mod signer;
mod steps;
mod timestamp;
mod verified;
mod verifier;

pub use error::WebhookError;
pub use fields::HeaderField;
pub use key::HmacHash;
pub use scheme::Scheme;
pub use signer::WebhookSigner;
pub use steps::{Claimed, Timing, body_hash};
pub use verified::{RawEvent, Verified};
pub use verifier::Verifier;
