//! For tests of code that makes calls: a clock that moves only when told, a transport that follows a script, randomness
//! that repeats itself. No test needs to sleep or to open a socket.
//!
//! ```
//! use acd_core::testing::{Harness, answer};
//!
//! let harness = Harness::new([answer(503).header("retry-after", "7"), answer(200).body("done")]);
//! let client = harness.client().build()?;
//! let response = harness.run(client.call(&Harness::GET).send())?;
//! assert_eq!(response.attempts().len(), 2);
//! assert_eq!(harness.clock().elapsed().as_secs(), 7);
//! # Ok::<(), acd_core::Error>(())
//! ```

mod cancel;
mod capture;
mod clock;
mod harness;
mod json;
mod metrics;
mod random;
mod redaction;
mod tasks;
mod transport;

pub use cancel::{Cut, cancel_at_every_poll};
pub use capture::{Capture, Captured};
pub use clock::ManualClock;
pub use harness::Harness;
pub use json::JSON_PIECES;
pub use metrics::{RecordedLabels, RecordedMetrics};
pub use random::SeededRandom;
pub use redaction::Redaction;
pub use transport::{RecordedRequest, Script, ScriptedTransport, answer};
