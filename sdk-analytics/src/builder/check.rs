use super::Settings;
use crate::delivery::envelope_bytes;
use crate::error::BuildError;
#[cfg(feature = "durable")]
use crate::journal::MIN_DISK_BYTES;
use crate::json;
#[cfg(feature = "store")]
use crate::store::MIN_STORE_BYTES;
use crate::wire::{MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_DEPTH, MAX_EVENT_BYTES};

impl Settings {
    /// Fails for a setting that cannot work.
    pub(super) fn check(&self) -> Result<(), BuildError> {
        // A batch must take the largest event beside the largest context.
        let least_batch = envelope_bytes(MAX_EVENT_BYTES) + MAX_EVENT_BYTES;
        within("queue_events", self.queue.events as u64, 1, usize::MAX)?;
        within("queue_bytes", self.queue.bytes as u64, MAX_EVENT_BYTES, usize::MAX)?;
        within("batch_events", self.batch_events as u64, 1, MAX_BATCH_EVENTS)?;
        within("batch_bytes", self.batch_bytes as u64, least_batch, MAX_BATCH_BYTES)?;
        #[cfg(feature = "durable")]
        if let Some(durable) = &self.durable {
            within("durable.max_bytes", durable.max_bytes, MIN_DISK_BYTES as usize, usize::MAX)?;
        }
        #[cfg(feature = "store")]
        within("store_bytes", self.store_bytes, MIN_STORE_BYTES as usize, usize::MAX)?;
        Ok(())
    }
}

fn within(setting: &'static str, given: u64, least: usize, most: usize) -> Result<(), BuildError> {
    if (least as u64..=most as u64).contains(&given) {
        return Ok(());
    }
    let allowed = if most == usize::MAX { format!("at least {least}") } else { format!("{least} to {most}") };
    Err(BuildError::Setting { setting, given: given.to_string(), allowed })
}

/// The context as it is sent. One for which the server would refuse every event is refused here.
pub(super) fn context(text: &str) -> Result<Vec<u8>, BuildError> {
    let refuse = |problem: String| Err(BuildError::Context(problem));
    let mut context = Vec::new();
    json::compact(text).for_each(|piece| context.extend_from_slice(piece));
    if context.len() > MAX_EVENT_BYTES {
        return refuse(format!("it has {} bytes, more than {MAX_EVENT_BYTES}", context.len()));
    }
    match json::check(text, MAX_DEPTH as u32) {
        Ok(()) if context.starts_with(b"{") => Ok(context),
        Ok(()) => refuse("it is no object".to_owned()),
        Err(flaw) => refuse(flaw.as_str().to_owned()),
    }
}
