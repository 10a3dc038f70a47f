//! The headers that say how long to wait and what is left of a limit.
#![no_main]

use std::time::{Duration, SystemTime};

use acd_core::limits::{PoolKey, ReadLimit as _, StandardHeaders};
use acd_core::retry::retry_after;
use acd_fuzz::message;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (headers, _) = message(input);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let wait = retry_after(&headers, now);
    assert_eq!(wait, retry_after(&headers, now), "the same headers mean the same");
    let key = PoolKey::new("fuzz", "");
    if let Some(seen) = StandardHeaders.read(&key, &headers, now) {
        assert_eq!(StandardHeaders.read(&key, &headers, now), Some(seen));
    }
});
