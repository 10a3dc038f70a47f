//! Requests are the host's to make.

use std::fmt;
use std::time::Duration;

use acd_analytics::wire::{Rejection, RejectionCode};
use acd_analytics::{BatchReceipt, BatchSender, operations};
use acd_core::{Error, ErrorKind};
use http::StatusCode;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::host::{Exchange, Failure, Host, Receipt, Refused};

/// A [`Host`] as the client sends by it.
pub(crate) struct HostSender(SendWrapper<Host>);

impl HostSender {
    pub(crate) fn new(host: Host) -> Self {
        Self(SendWrapper::new(host))
    }
}

impl BatchSender for HostSender {
    async fn send(&self, body: Vec<u8>) -> acd_core::Result<BatchReceipt> {
        SendWrapper::new(async {
            let exchange = self.0.send(operations::BATCH.name(), operations::BATCH.path(), &body);
            drop(body);
            let mut request = Request { is_over: false, exchange };
            let settled = JsFuture::from(request.exchange.receipt()).await;
            request.is_over = true;
            settled.map(|receipt| read(&receipt.unchecked_into())).map_err(failure)
        })
        .await
    }
}

/// Aborts the request when it is dropped before its end.
struct Request {
    exchange: Exchange,
    is_over: bool,
}

impl Drop for Request {
    fn drop(&mut self) {
        if !self.is_over {
            self.exchange.abort();
        }
    }
}

fn read(receipt: &Receipt) -> BatchReceipt {
    let rejected = receipt.rejected().into_iter().map(|refused| {
        let refused: Refused = refused.unchecked_into();
        Rejection {
            index: refused.index(),
            message_id: refused.message_id(),
            // The code is handed on: nobody in here asks which it is.
            code: RejectionCode::Unknown(refused.code()),
            detail: refused.detail(),
        }
    });
    BatchReceipt { duplicates: receipt.duplicates(), rejected: rejected.collect() }
}

/// What a request failed with. It keeps what JavaScript threw; the queue asks for status and wait alone, and without a status
/// tries again, whatever it was.
fn failure(thrown: JsValue) -> Error {
    let failure: Failure = thrown.unchecked_into();
    let mut error = Error::new(ErrorKind::Interrupted, "");
    if let Some(status) = failure.status().and_then(|status| StatusCode::from_u16(status).ok()) {
        error = error.with_status(status);
    }
    if let Some(wait) = failure.retry_after_ms() {
        error = error.with_retry_after(Duration::from_millis(wait as u64));
    }
    error.with_source(Thrown(SendWrapper::new(failure.into())))
}

/// What JavaScript threw.
pub(crate) struct Thrown(SendWrapper<JsValue>);

impl Thrown {
    /// What JavaScript threw, if this error holds it.
    pub(crate) fn of(error: &Error) -> Option<JsValue> {
        let source = std::error::Error::source(error)?;
        Some(JsValue::clone(&source.downcast_ref::<Self>()?.0))
    }
}

impl std::error::Error for Thrown {}

impl fmt::Debug for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request failed in JavaScript")
    }
}
