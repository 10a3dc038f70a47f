//! Depth, wait and throughput for `/metrics`.

use std::fmt::Write as _;

use acd_platform::ProductSlug;
use acd_platform::jobs::JobQueue;

use super::service::Jobs;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;

/// A measure: its name, what it tells, and how it is read off a queue.
type Measure = (&'static str, &'static str, fn(&JobQueue) -> f64);

const MEASURES: [Measure; 7] = [
    ("acd_jobs_pending", "Jobs that wait for a worker.", |queue| queue.pending as f64),
    ("acd_jobs_scheduled", "Jobs that wait for their time.", |queue| queue.scheduled as f64),
    ("acd_jobs_running", "Jobs that a worker has.", |queue| queue.running as f64),
    ("acd_jobs_dead", "Jobs that were given up and are kept.", |queue| queue.dead as f64),
    ("acd_jobs_oldest_wait_seconds", "How long the longest waiting job has been waiting.", |queue| {
        queue.oldest_wait_seconds
    }),
    ("acd_jobs_succeeded_last_minute", "Jobs that succeeded in the last minute.", |queue| {
        queue.succeeded_last_minute as f64
    }),
    ("acd_jobs_mean_wait_seconds", "Mean wait of those.", |queue| queue.mean_wait_seconds),
];

impl Jobs {
    /// What `/metrics` shows of the queues. Written out anew each time instead of kept in a recorder: a queue that is gone would
    /// keep its last figures there.
    pub async fn metrics(&self, principal: &Principal) -> Result<String> {
        let queues = self.queues(principal, None).await?.queues;
        Ok(written(&queues))
    }
}

fn written(queues: &[JobQueue]) -> String {
    let mut text = String::new();
    for (name, help, read) in MEASURES {
        // Writing into a text cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for queue in queues {
            // Neither a product's slug nor a kind has a character that would have to be escaped.
            let product = queue.product.as_ref().map_or("", ProductSlug::as_str);
            let _ = writeln!(text, "{name}{{product=\"{product}\",kind=\"{}\"}} {}", queue.kind, read(queue));
        }
    }
    text
}
