//! The short way of an event from a JVM.
//!
//! What the generator makes of `track` allocates three structures through JNA and crosses the border three times, at many times
//! what the event itself costs. Here it crosses once, as one packed buffer and plain numbers. It says no more than whether the
//! event was taken: of one that was not, `track` says why.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};

use acd_analytics::JsonEvent;
use acd_analytics::app::AppClient;
use acd_analytics::wire::MessageType;

/// The clients that are open, by number: a number that was never given or is no longer valid is refused, where a pointer would
/// be followed.
static LANES: RwLock<BTreeMap<u64, Weak<AppClient>>> = RwLock::new(BTreeMap::new());

/// Events taken.
const TAKEN: i8 = 1;
/// Not taken.
const NOT_TAKEN: i8 = 0;

/// The way into one client, open as long as this lives.
#[derive(Debug)]
pub(super) struct Lane(u64);

impl Lane {
    pub(super) fn open(client: &Arc<AppClient>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        LANES.write().unwrap_or_else(PoisonError::into_inner).insert(number, Arc::downgrade(client));
        Self(number)
    }

    pub(super) fn number(&self) -> u64 {
        self.0
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        LANES.write().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// Queues the event in the packed buffer, and gives 1 when it was taken, 0 when not.
///
/// Packed are the lengths in bytes of the name, the properties as JSON, and the message id, each as 32 bits with the most
/// significant byte first, −1 for none; then the three texts in UTF-8.
///
/// # Safety
/// `packed` points to `length` bytes that nobody writes to during the call.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "called from C, which gives a pointer")]
pub(super) unsafe extern "C" fn acd_mobile_track(lane: u64, packed: *const u8, length: u32) -> i8 {
    if packed.is_null() {
        return NOT_TAKEN;
    }
    // SAFETY: the caller's promise, above.
    let packed = unsafe { std::slice::from_raw_parts(packed, length as usize) };
    // A panic must not leave through C. What it may have left half done is behind locks that expect it.
    match catch_unwind(AssertUnwindSafe(|| track(lane, packed))) {
        Ok(Some(())) => TAKEN,
        Ok(None) | Err(_) => NOT_TAKEN,
    }
}

fn track(lane: u64, packed: &[u8]) -> Option<()> {
    let client = LANES.read().unwrap_or_else(PoisonError::into_inner).get(&lane)?.upgrade()?;
    let [name, properties, message_id] = unpack(packed)?;
    let mut track = JsonEvent::new(MessageType::Track);
    (track.event, track.facts, track.message_id) = (Some(name?), properties, message_id);
    client.enqueue_json(track).ok().map(drop)
}

/// The texts of a packed buffer; none when it is not one.
fn unpack(packed: &[u8]) -> Option<[Option<&str>; 3]> {
    let (lengths, mut texts) = packed.split_first_chunk::<12>()?;
    let mut unpacked = [None; 3];
    for (length, text) in lengths.chunks_exact(4).zip(&mut unpacked) {
        let length = i32::from_be_bytes(length.try_into().ok()?);
        if length >= 0 {
            let (bytes, rest) = texts.split_at_checked(usize::try_from(length).ok()?)?;
            *text = Some(std::str::from_utf8(bytes).ok()?);
            texts = rest;
        }
    }
    texts.is_empty().then_some(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(texts: [Option<&str>; 3]) -> Vec<u8> {
        let length = |text: &Option<&str>| text.map_or(-1, |text| i32::try_from(text.len()).unwrap()).to_be_bytes();
        let lengths = texts.iter().flat_map(length);
        lengths.chain(texts.iter().flatten().flat_map(|text| text.bytes())).collect()
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for texts in [
            [Some("Öl"), Some(r#"{"a":1}"#), Some("m-1")],
            [Some("E"), None, None],
            [Some(""), None, Some("m")],
            [None, None, None],
        ] {
            assert_eq!(unpack(&packed(texts)), Some(texts));
        }
    }

    #[test]
    fn what_is_no_packed_buffer_is_refused() {
        let whole = packed([Some("Öl"), Some("{}"), None]);
        for cut in 0..whole.len() {
            assert_eq!(unpack(&whole[..cut]), None, "cut at {cut}");
        }
        assert_eq!(unpack(&[&whole[..], b"x"].concat()), None);
        let mut broken = packed([Some("ab"), None, None]);
        broken[12] = 0xff;
        assert_eq!(unpack(&broken), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            unpack(&bytes);
        }
    }

    #[test]
    fn a_lane_that_is_not_open_takes_nothing() {
        let bytes = packed([Some("E"), None, None]);
        #[expect(unsafe_code, reason = "as C calls it")]
        // SAFETY: the bytes live on, and nobody writes to them.
        let taken = |lane| unsafe { acd_mobile_track(lane, bytes.as_ptr(), u32::try_from(bytes.len()).unwrap()) };
        assert_eq!((taken(0), taken(u64::MAX)), (NOT_TAKEN, NOT_TAKEN));
    }
}
