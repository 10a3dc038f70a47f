//! Taking webhooks in.

use acd_meta::webhooks::answer_challenge;
use bytes::Bytes;
use http::HeaderMap;
use sha2::{Digest as _, Sha256};

use super::meta::{MetaWebhook, ReadMeta};
use super::store;
use crate::ads::{Ads, Meta, MetaInbound};
use crate::jobs::{self, NewJob};
use crate::kernel::clock::Clock;
use crate::kernel::db::Db;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// The largest body. A change has some hundred bytes, and Meta sends a thousand at most.
pub(super) const MOST_BYTES: usize = 4 << 20;

/// Takes webhooks in. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    db: Db,
    clock: Clock,
    ads: Ads,
}

impl Webhooks {
    /// Webhooks that are kept in this database, signed as this connection says.
    pub fn new(db: Db, clock: Clock, ads: Ads) -> Self {
        Self { db, clock, ads }
    }

    /// What to answer to the question whether webhooks are wanted here.
    ///
    /// # Errors
    /// 403 for whoever does not know the verify token; 503 where webhooks are not set up.
    pub fn answer_meta(&self, query: &str) -> Result<String> {
        let inbound = self.meta()?;
        answer_challenge(query, &inbound.verify_token)
            .map_err(|error| Problem::forbidden("challenge_refused", error.to_string()))
    }

    /// Keeps what Meta tells of, once, and puts a job into the queue that works on it.
    ///
    /// # Errors
    /// 400 for what Meta did not sign; 503 where webhooks are not set up, or the database is away. Meta sends it again.
    pub async fn take_meta(&self, headers: &HeaderMap, body: Bytes, request_id: &RequestId) -> Result<()> {
        let verified = self.meta()?.verifier.verify(headers, body).map_err(|error| {
            metrics::counter!("acd_webhooks_total", "source" => "meta", "outcome" => "refused").increment(1);
            // Which part of the signature is wrong is for the log, not for whoever tries signatures.
            Problem::bad_request("invalid_signature", "X-Hub-Signature-256 is missing or does not fit the body")
                .with_cause(error)
        })?;
        let hash = Sha256::digest(verified.body());
        let mut tx = self.db.scoped(&Principal::service(request_id.clone())).await?;
        let new = store::keep(&mut tx, &hash, verified.body(), self.clock.now()).await?;
        if let Some(id) = new {
            let job = NewJob::of::<ReadMeta>(&MetaWebhook { id })?;
            jobs::enqueue(&mut tx, &self.clock, None, &job, request_id).await?;
        }
        tx.commit().await?;
        let outcome = if new.is_some() { "kept" } else { "repeated" };
        metrics::counter!("acd_webhooks_total", "source" => "meta", "outcome" => outcome).increment(1);
        Ok(())
    }

    /// The connection to Meta, if there is one.
    pub(super) fn connection(&self) -> Option<&Meta> {
        self.ads.meta().ok()
    }

    fn meta(&self) -> Result<&MetaInbound> {
        self.ads.meta()?.inbound().ok_or_else(|| {
            Problem::unavailable(
                "webhooks_not_set_up",
                "webhooks of Meta are not set up here; set META_APP_SECRET and META_VERIFY_TOKEN",
            )
        })
    }
}
