//! What carries a batch to the server.

use std::future::Future;

use acd_core::Client;
use acd_core::runtime::BoxFuture;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Deserialize;

use crate::operations;
use crate::wire::Rejection;

/// Carries batches to the server where `acd-core`'s pipeline is not wanted, such as in a page, whose host makes requests
/// itself. Given to [`AnalyticsClient::builder_over`](crate::AnalyticsClient::builder_over).
pub trait BatchSender: Send + Sync + 'static {
    /// Sends `body`, the JSON of `POST /v1/batch`, with the product's credentials, once: the client repeats by itself. The
    /// future is dropped when consent is withdrawn and when a shutdown has waited long enough; the request is to end with it.
    ///
    /// # Errors
    /// With the [status](acd_core::Error::with_status) of an answer other than a success: after 413 the batch is sent in halves,
    /// other statuses of the 400s but 408, 425 and 429 fail its events, and after the rest it is sent again, no earlier than
    /// [the server asks](acd_core::Error::with_retry_after). Without a status the kind decides:
    /// [`Configuration`](acd_core::ErrorKind::Configuration) and [`Request`](acd_core::ErrorKind::Request) fail the events.
    fn send(&self, body: Vec<u8>) -> impl Future<Output = acd_core::Result<BatchReceipt>> + Send;
}

/// What the server says of a batch that it took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchReceipt {
    /// How many events the server had already.
    pub duplicates: u32,
    /// The events that it refused; all others are stored.
    pub rejected: Vec<Rejection>,
}

/// A [`BatchSender`] of any type.
pub(crate) trait DynBatchSender: Send + Sync {
    fn send(&self, body: Vec<u8>) -> BoxFuture<'_, acd_core::Result<BatchReceipt>>;
}

impl<S: BatchSender> DynBatchSender for S {
    fn send(&self, body: Vec<u8>) -> BoxFuture<'_, acd_core::Result<BatchReceipt>> {
        Box::pin(BatchSender::send(self, body))
    }
}

/// Sends by `acd-core`'s pipeline.
pub(crate) struct PipelineSender(Client);

impl PipelineSender {
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }
}

impl BatchSender for PipelineSender {
    async fn send(&self, body: Vec<u8>) -> acd_core::Result<BatchReceipt> {
        let call = self.0.call(&operations::BATCH).header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let Reply { duplicates, rejected, .. } = call.body(body).send_json().await?;
        Ok(BatchReceipt { duplicates, rejected })
    }
}

/// What the client needs of the reply to a batch. Segment itself answers with `success` alone.
#[derive(Debug, Deserialize)]
struct Reply {
    #[serde(rename = "success")]
    _success: bool,
    #[serde(default)]
    duplicates: u32,
    #[serde(default)]
    rejected: Vec<Rejection>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_of_the_platform_and_of_segment_are_understood() {
        let reply: Reply = serde_json::from_str(r#"{"success":true}"#).unwrap();
        assert!(reply.rejected.is_empty());
        let reply: Reply = serde_json::from_str(
            r#"{"success":false,"accepted":1,"duplicates":2,"rejected":[{"index":3,"code":"missing_field","detail":"x"}]}"#,
        )
        .unwrap();
        assert_eq!((reply.duplicates, reply.rejected[0].index), (2, 3));
        assert!(serde_json::from_str::<Reply>("<html>").is_err());
    }
}
