//! Events of the past from a file: one message of Segment's format a line.

use std::collections::HashSet;
use std::io::BufRead;

use acd_platform::ProductSlug;
use chrono::{DateTime, Months, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::{ContextV7, Timestamp, Uuid};

use super::accept::{Defaults, Refusal, accept, time};
use super::row::Row;
use super::stamp::{Neighbours, floor};
use super::store::{self, Stamped};
use super::told::Told;
use crate::ads::attribution::Capture;
use crate::identity::Persons;
use crate::kernel::db::Db;
use crate::kernel::group::StoreError;
use crate::kernel::principal::{Actor, Principal};
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

const CHUNK_LINES: usize = 1_000;

/// What became of a file's lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Events stored now.
    pub accepted: usize,
    /// Events stored before.
    pub duplicates: usize,
    /// Lines refused: number, from 1, and reason.
    pub rejected: Vec<(usize, String)>,
}

struct Past {
    row: Row,
    received_at: DateTime<Utc>,
}

/// Stores the events of a reader for a product, at the times they happened. Reading the same lines again stores nothing.
///
/// # Errors
/// When the reader or the database fails; what was stored before stays stored, and a repeat goes on from there.
pub async fn import(db: &Db, product: &ProductSlug, now: DateTime<Utc>, lines: impl BufRead) -> Result<ImportReport> {
    let (persons, capture) = (Persons::new(db.clone()), Capture::new(db.clone()));
    let mut report = ImportReport::default();
    let mut chunk = Vec::with_capacity(CHUNK_LINES);
    for (number, line) in (1_usize..).zip(lines.lines()) {
        let line = line.map_err(|error| {
            Problem::bad_request("unreadable_file", format!("line {number} cannot be read as UTF-8: {error}"))
        })?;
        if line.trim().is_empty() {
            continue;
        }
        match read_line(&line, now) {
            Ok(past) => chunk.push(past),
            Err(why) => report.rejected.push((number, why)),
        }
        if chunk.len() == CHUNK_LINES {
            store_chunk(db, (&persons, &capture), product, &chunk, &mut report).await?;
            chunk.clear();
        }
    }
    store_chunk(db, (&persons, &capture), product, &chunk, &mut report).await?;
    Ok(report)
}

fn read_line(line: &str, now: DateTime<Utc>) -> std::result::Result<Past, String> {
    #[derive(Deserialize)]
    struct Received<'a> {
        #[serde(borrow, rename = "receivedAt")]
        received_at: Option<std::borrow::Cow<'a, str>>,
    }
    let raw: &RawValue = serde_json::from_str(line).map_err(|error| format!("is not JSON: {error}"))?;
    let plain = |refusal: Refusal| refusal.detail.into_owned();
    // A line without a messageId is known by its content, so that reading it again stores nothing.
    let content = format!("import_{}", hex(&Sha256::digest(line.trim().as_bytes())[..16]));
    let row = accept(raw, Defaults { message_id: Some(&content), ..Defaults::default() }).map_err(plain)?;
    let received: Received<'_> = serde_json::from_str(line).map_err(|error| format!("receivedAt: {error}"))?;
    let received_at = time("receivedAt", received.received_at.as_deref()).map_err(plain)?;
    // An export says when it was received; without that, the event counts as received when it happened.
    let received_at = received_at.or(row.original_timestamp).unwrap_or(now);
    if received_at > now {
        return Err("lies in the future".to_owned());
    }
    Ok(Past { row, received_at })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn store_chunk(
    db: &Db,
    (persons, capture): (&Persons, &Capture),
    product: &ProductSlug,
    chunk: &[Past],
    report: &mut ImportReport,
) -> Result<()> {
    let times = || chunk.iter().map(|past| past.received_at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(()) };
    let request_id = RequestId::new();
    let mut tx = db.scoped(&Principal::service(request_id.clone())).await?;
    store::ensure_partitions(&mut tx, first.date_naive(), last.date_naive()).await?;
    tx.commit().await?;

    let rows: Vec<_> = chunk.iter().map(|past| (product, &past.row)).collect();
    let mut told = Told::by(&rows, persons, capture, &request_id).await.map_err(StoreError::into_problem)?;

    let ids = ContextV7::new();
    let stamped: Vec<Stamped<'_>> = chunk
        .iter()
        .map(|past| Stamped {
            id: Uuid::new_v7(Timestamp::from_unix(
                &ids,
                past.received_at.timestamp().unsigned_abs(),
                past.received_at.timestamp_subsec_nanos(),
            )),
            received_at: past.received_at,
            timestamp: past.row.original_timestamp.unwrap_or(past.received_at),
            row: &past.row,
        })
        .collect();
    let month = Months::new(1);
    let elsewhere = Neighbours {
        from: floor(first.checked_sub_months(month).unwrap_or(first)),
        to: floor(last.checked_add_months(month).unwrap_or(last)),
        alone: false,
    };
    let actor = Actor::Product(product.clone());
    let mut tx = db.scoped(&Principal { actor, scopes: Vec::new(), request_id }).await?;
    let stored: HashSet<Uuid> = store::insert(&mut tx, product, &stamped, &elsewhere).await?.into_iter().collect();
    let new = stamped.iter().enumerate().filter(|(_, stamped)| stored.contains(&stamped.id));
    let captured: Vec<_> = new.filter_map(|(at, stamped)| told.take(at, product, stamped)).collect();
    let written = capture.write(&mut tx, &captured).await.map_err(StoreError::into_problem)?;
    tx.commit().await?;
    capture.remember(written);
    report.accepted += stored.len();
    report.duplicates += stamped.len() - stored.len();
    Ok(())
}
