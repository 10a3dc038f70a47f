//! One suite of behaviours of `acd-core`, run natively and as WebAssembly under Node against the same real server.
//!
//! Natively the client runs on tokio and TCP, under Node on JavaScript's timers and `fetch`. What differs between the two
//! is the transport and the runtime alone, and a case that passes on one side and fails on the other finds the
//! difference. Time is the real one, so every wait is configured to milliseconds.

mod cases;
mod failure;
#[cfg(target_arch = "wasm32")]
pub mod node;
#[cfg(not(target_arch = "wasm32"))]
pub mod server;
mod stage;
mod wire;

use std::fmt::Write as _;

use acd_core::ClientBuilder;
pub use failure::Failure;

/// How one case ended.
#[derive(Debug)]
pub struct Verdict {
    /// The case's name, which says what it expects.
    pub case: &'static str,
    /// Why it failed, if it did.
    pub outcome: Result<(), Failure>,
}

/// Gives a client its transport.
pub type Equip = fn(ClientBuilder) -> ClientBuilder;

/// Leaves a client the transport that it has on this target unless told otherwise.
pub fn as_it_is(client: ClientBuilder) -> ClientBuilder {
    client
}

/// Runs every case against the server at `url`.
pub async fn run(url: &str, equip: Equip) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for (case, start) in cases::ALL {
        let outcome = match stage::Stage::open(url, case, equip) {
            Ok(stage) => start(stage).await,
            Err(failure) => Err(failure),
        };
        verdicts.push(Verdict { case, outcome });
    }
    verdicts
}

/// One line a case, the failures' reasons with them, and whether all passed.
pub fn report(verdicts: &[Verdict]) -> (String, bool) {
    let mut text = String::new();
    for Verdict { case, outcome } in verdicts {
        // Writing to a String cannot fail.
        let _ = match outcome {
            Ok(()) => writeln!(text, "{case} ... ok"),
            Err(failure) => writeln!(text, "{case} ... FAILED: {failure}"),
        };
    }
    (text, verdicts.iter().all(|verdict| verdict.outcome.is_ok()))
}
