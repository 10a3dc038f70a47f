//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

const LOOK_AGAIN: Duration = Duration::from_millis(5);
const DEADLINE: Duration = Duration::from_secs(60);

/// The first value that the condition gives. Fails when none comes within a minute.
pub(crate) async fn until<T>(what: &str, condition: impl AsyncFnMut() -> Option<T>) -> T {
    within(DEADLINE, what, condition).await
}

/// The first value that the condition gives. Fails when none comes in this time.
pub(crate) async fn within<T>(limit: Duration, what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    let mut look = tokio::time::interval(LOOK_AGAIN);
    loop {
        look.tick().await;
        if let Some(value) = condition().await {
            return value;
        }
        assert!(Instant::now() < deadline, "did not happen within {limit:?}: {what}");
    }
}
