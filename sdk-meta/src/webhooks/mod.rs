//! Webhooks: subscriptions, the challenge, and typed payloads of what [`Verifier`](acd_core::webhook::Verifier) found authentic.
//!
//! ```
//! use acd_core::Secret;
//! use acd_core::webhook::{Scheme, Verifier, WebhookError};
//! use acd_meta::webhooks::{ChangeEvent, WebhookBody};
//! use bytes::Bytes;
//! use http::HeaderMap;
//!
//! fn receive(verifier: &Verifier, headers: &HeaderMap, body: Bytes) -> Result<(), WebhookError> {
//!     let delivery = verifier.verify(headers, body)?.json::<WebhookBody>()?;
//!     for (entry, change) in delivery.event().changes() {
//!         if let ChangeEvent::Leadgen(lead) = &change.event {
//!             println!("lead {} on page {}", lead.leadgen_id, entry.id);
//!         }
//!     }
//!     Ok(())
//! }
//!
//! let verifier = Verifier::new(Scheme::Meta, [Secret::from("the app's secret")])?;
//! assert!(receive(&verifier, &HeaderMap::new(), Bytes::from("{}")).is_err());
//! # Ok::<(), acd_core::Error>(())
//! ```
//!
//! Meta signs no time, repeats a delivery for 36 hours and keeps no order: take each message
//! [once](acd_core::webhook::Verified::once), answer 200 before working on it, and read the object rather than trust the
//! order ([page](https://developers.facebook.com/docs/graph-api/webhooks/getting-started), read 2026-11).

mod challenge;
mod messaging;
mod payload;
#[cfg(feature = "schemars")]
mod schema;
mod subscriptions;

pub use challenge::{ChallengeError, answer_challenge};
pub use messaging::{
    Attachment, Message, MessageDelivery, MessageRead, MessagingContent, MessagingEvent, Person, Postback, QuickReply,
    Reaction, Referral, ReplyTo,
};
pub use payload::{
    Change, ChangeEvent, Entry, FeedChange, FieldChanged, InProcessObject, IssueChange, LeadgenChange, MediaChange,
    StoryInsights, WebhookBody, WebhookObject,
};
pub use subscriptions::{
    ACCOUNT_APPS, ADD_ACCOUNT, ADD_PAGE, OPERATIONS, PAGE_APPS, REMOVE_ACCOUNT, REMOVE_PAGE, SUBSCRIBE, SUBSCRIPTIONS,
    SubscribedApp, SubscribedField, Subscription, UNSUBSCRIBE, WebhookField, WebhooksClient,
};
