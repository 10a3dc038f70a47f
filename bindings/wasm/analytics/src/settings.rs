//! What JavaScript says of a client.

use std::time::Duration;

use acd_analytics::{AnalyticsClientBuilder, BatchSender, Overflow, Own, Withdrawal};

/// Applies whole numbers, each NaN where it is left out, in the order in which they are taken here.
pub(crate) fn apply<S: BatchSender>(
    numbers: &[f64],
    mut builder: AnalyticsClientBuilder<Own<S>>,
) -> AnalyticsClientBuilder<Own<S>> {
    let mut given = numbers.iter().map(|number| Some(*number).filter(|number| !number.is_nan()));
    let mut next = || given.next().flatten().map(|number| number as u64);
    if let Some(events) = next() {
        builder = builder.queue_events(events as usize);
    }
    if let Some(bytes) = next() {
        builder = builder.queue_bytes(bytes as usize);
    }
    if let Some(bytes) = next() {
        builder = builder.store_bytes(bytes);
    }
    if let Some(events) = next() {
        builder = builder.batch_events(events as usize);
    }
    if let Some(interval) = next() {
        builder = builder.interval(Duration::from_millis(interval));
    }
    if let Some(timeout) = next() {
        builder = builder.shutdown_timeout(Duration::from_millis(timeout));
    }
    if let Some(limit) = next() {
        builder = builder.give_up_after(Duration::from_millis(limit));
    }
    // Flags, 1 for yes. A page outlasts many a network, and code that tracks should not have to cope with a full queue: the
    // oldest give way unless the newest are to.
    let mut flag = || next() == Some(1);
    builder = builder.consent(flag());
    builder = builder.overflow(if flag() { Overflow::DropNewest } else { Overflow::DropOldest });
    builder.on_withdrawal(if flag() { Withdrawal::Keep } else { Withdrawal::Forget })
}
