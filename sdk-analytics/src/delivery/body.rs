use chrono::{DateTime, Utc};

use crate::event::rfc3339_millis;

const SENT_AT: &[u8] = b"{\"sentAt\":\"";
const CONTEXT: &[u8] = b"\",\"context\":";
const BATCH: &[u8] = b",\"batch\":[";
const END: &[u8] = b"]}";
const SENT_AT_BYTES: usize = 24;

/// Bytes of a batch request beside its events, for a context of `context` bytes.
pub(crate) const fn envelope_bytes(context: usize) -> usize {
    SENT_AT.len() + SENT_AT_BYTES + CONTEXT.len() + context + BATCH.len() + END.len()
}

/// Writes the body of `POST /v1/batch` around events joined by commas.
///
/// `sentAt` is new on each attempt: the server corrects the client's clock by its distance to the event's `timestamp`,
/// and an event may have waited for hours.
pub(super) fn batch_body(events: &[u8], context: &[u8], sent_at: DateTime<Utc>) -> Vec<u8> {
    let mut body = Vec::with_capacity(envelope_bytes(context.len()) + events.len());
    body.extend_from_slice(SENT_AT);
    // A clock outside the years the format has is so wrong that no correction by it makes sense.
    body.extend_from_slice(&rfc3339_millis(sent_at).unwrap_or(*b"1970-01-01T00:00:00.000Z"));
    body.extend_from_slice(CONTEXT);
    body.extend_from_slice(context);
    body.extend_from_slice(BATCH);
    body.extend_from_slice(events);
    body.extend_from_slice(END);
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Batch;

    #[test]
    fn the_body_is_a_batch_of_the_foreseen_length() {
        let events = b"{\"type\":\"track\"},{\"type\":\"page\"}";
        let context = b"{\"locale\":\"de\"}";
        let body = batch_body(events, context, DateTime::from_timestamp_millis(5).unwrap());
        assert_eq!(body.len(), envelope_bytes(context.len()) + events.len());
        let batch: Batch<'_> = serde_json::from_slice(&body).unwrap();
        assert_eq!(batch.batch.len(), 2);
        assert_eq!(batch.sent_at.unwrap(), "1970-01-01T00:00:00.005Z");
        assert_eq!(batch.context.unwrap().get(), "{\"locale\":\"de\"}");
    }
}
