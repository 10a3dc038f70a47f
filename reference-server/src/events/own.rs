//! Events that the server itself tells of, on behalf of a product.

use acd_platform::ProductSlug;
use serde_json::Value;

use super::accept::{Defaults, accept};
use super::writer::{Outcome, Writer};
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

impl Writer {
    /// Stores a message of the tracking API as an event of this product. Its `messageId` makes a repeat harmless.
    ///
    /// # Errors
    /// 500 for a message that no client could send; 503 when events cannot be stored now.
    pub(crate) async fn record(&self, product: &ProductSlug, message: &Value, request_id: &RequestId) -> Result<()> {
        let raw = serde_json::value::to_raw_value(message).map_err(Problem::internal)?;
        let row = accept(&raw, Defaults::default())
            .map_err(|refusal| Problem::internal(format!("an event of the server's own: {}", refusal.detail)))?;
        match self.store(product, vec![row], request_id).await?.first() {
            Some(Outcome::Unstorable) => Err(Problem::internal("the database refused an event of the server's own")),
            _ => Ok(()),
        }
    }
}
