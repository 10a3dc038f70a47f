//! What JavaScript says of a client.

use std::time::Duration;

use acd_analytics::{AnalyticsClientBuilder, Context, Named, Overflow, Withdrawal};
use serde_json::Value;

use crate::fields::Fields;

/// Applies settings, which are JSON.
pub(crate) fn apply(json: &str, mut builder: AnalyticsClientBuilder) -> Result<AnalyticsClientBuilder, String> {
    let mut given = Fields::read(json)?;
    let mut other = given.object("context")?.unwrap_or_default();
    let mut context = Context::default();
    let mut text = |name| match other.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    // What the client would fill in by itself, so that it is there once.
    context.locale = text("locale").or(given.text("locale")?);
    context.timezone = text("timezone");
    other.remove("library");
    let mut library = Named::default();
    library.name = given.text("library")?.unwrap_or_default();
    library.version = given.text("version")?;
    context.library = Some(library);
    context.other = other;
    // A page outlasts many a network, and code that tracks should not have to cope with a full queue.
    let newest = given.flag("dropNewest")?.unwrap_or_default();
    let overflow = if newest { Overflow::DropNewest } else { Overflow::DropOldest };
    let keep = given.flag("keepOnWithdrawal")?.unwrap_or_default();
    let withdrawal = if keep { Withdrawal::Keep } else { Withdrawal::Forget };
    builder = builder.context(context).overflow(overflow).on_withdrawal(withdrawal);
    let mut count = |name| given.number(name).map(|number| number.map(|number| number as usize));
    if let Some(events) = count("queueEvents")? {
        builder = builder.queue_events(events);
    }
    if let Some(bytes) = count("queueBytes")? {
        builder = builder.queue_bytes(bytes);
    }
    if let Some(events) = count("batchEvents")? {
        builder = builder.batch_events(events);
    }
    if let Some(bytes) = given.number("storeBytes")? {
        builder = builder.store_bytes(bytes);
    }
    let mut time = |name| given.number(name).map(|number| number.map(Duration::from_millis));
    if let Some(interval) = time("intervalMs")? {
        builder = builder.interval(interval);
    }
    if let Some(timeout) = time("shutdownTimeoutMs")? {
        builder = builder.shutdown_timeout(timeout);
    }
    if let Some(limit) = time("giveUpAfterMs")? {
        builder = builder.give_up_after(limit);
    }
    if let Some(granted) = given.flag("consent")? {
        builder = builder.consent(granted);
    }
    given.end()?;
    Ok(builder)
}
