//! Answers of the database that are believed for a moment.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;

use super::problem::{Problem, Result};

/// How long an answer is believed: what was revoked elsewhere works on for at most this long.
const BELIEVED_FOR: Duration = Duration::from_millis(900);

/// What the database said of keys, credentials for example, asked again after 0.9 s. Cheap to clone; clones share the answers.
#[derive(Clone)]
pub struct Believed<K, V> {
    answers: Cache<(K, u64), Answer<V>>,
    /// Part of the cache's key, so that raising it makes every answer already under way worthless too.
    generation: Arc<AtomicU64>,
}

#[derive(Clone)]
struct Answer<V> {
    value: V,
    asked_at: Instant,
}

/// Counts from when the database was asked, not from when it answered.
struct SinceAsked;

impl<K, V> Expiry<K, Answer<V>> for SinceAsked {
    fn expire_after_create(&self, _: &K, answer: &Answer<V>, created_at: Instant) -> Option<Duration> {
        Some(BELIEVED_FOR.saturating_sub(created_at.saturating_duration_since(answer.asked_at)))
    }
}

impl<K, V> Believed<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Room for this many answers.
    pub fn new(capacity: u64) -> Self {
        let answers = Cache::builder().max_capacity(capacity).expire_after(SinceAsked).build();
        Self { answers, generation: Arc::default() }
    }

    /// Forgets every answer, so that a change just committed takes effect with the next request.
    pub fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// The answer about `key`, from `ask` when none is believed: one look-up, however many requests wait for it.
    ///
    /// # Errors
    /// Those of `ask`, for each that waits.
    pub async fn get<F>(&self, key: K, ask: impl FnOnce() -> F) -> Result<V>
    where
        F: Future<Output = Result<V>>,
    {
        let entry = (key, self.generation.load(Ordering::Acquire));
        if let Some(answer) = self.answers.get(&entry).await {
            return Ok(answer.value);
        }
        // Boxed, so that the usual way, on which nobody is asked, stays small.
        let asked = Box::pin(async {
            let asked_at = Instant::now();
            Ok(Answer { value: ask().await?, asked_at })
        });
        let answer = self.answers.try_get_with(entry, asked).await;
        answer.map(|answer| answer.value).map_err(|problem: Arc<Problem>| problem.shared())
    }
}

impl<K, V> fmt::Debug for Believed<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Believed")
    }
}
