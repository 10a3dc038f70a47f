//! When a failed attempt is followed by another: a pure decision over outcome, attempt and configuration, and a budget
//! that keeps retries from becoming a storm.

mod backoff;
mod budget;
mod config;
mod decide;
mod http_date;
mod retry_after;

pub(crate) use backoff::backoff;
pub use budget::RetryBudgets;
pub use config::RetryConfig;
pub use decide::{Decision, Failure, GiveUp, Situation, decide};
pub use retry_after::retry_after;
