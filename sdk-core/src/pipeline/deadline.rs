//! The limit of the whole call.

use super::Step;
use crate::Result;
use crate::call::{Attempt, Call};
use crate::error::{Error, ErrorKind};
use crate::response::Response;

pub(super) struct Deadline<S>(pub(super) S);

impl<S: Step> Step for Deadline<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        let Some(limit) = call.overall_timeout() else { return self.0.run(call).await };
        call.start_deadline(limit);
        let runtime = call.runtime().clone();
        match runtime.timeout(limit, self.0.run(call)).await {
            Some(result) => result,
            // The time may have run out before anything was sent, while the call waited for its turn.
            None => Err(Error::new(ErrorKind::Timeout, format!("the deadline of {limit:?} passed"))
                .with_may_have_been_sent(call.attempts().iter().any(Attempt::may_have_been_sent))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::testing::{Harness, Script, answer};
    use crate::{Call, Error, ErrorKind, GiveUp, Next, Policy, Response, Result};

    #[test]
    fn the_deadline_cuts_an_attempt_short_and_says_so() {
        let harness = Harness::new([Script::hang()]);
        let client = harness.client().build().unwrap();
        let error = harness.run(client.call(&Harness::GET).timeout(Duration::from_secs(3)).send()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.may_have_been_sent());
        assert_eq!(error.elapsed(), Some(Duration::from_secs(3)));
        assert_eq!(error.attempts().len(), 1);
        assert_eq!(error.attempts()[0].took(), None);
    }

    #[test]
    fn a_wait_that_would_outlast_the_deadline_is_not_begun() {
        let harness = Harness::new([answer(503).header("retry-after", "10")]);
        let client = harness.client().build().unwrap();
        let error = harness.run(client.call(&Harness::GET).timeout(Duration::from_secs(3)).send()).unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(503), "the cause is kept");
        assert_eq!(error.gave_up(), Some(GiveUp::Deadline));
        assert_eq!(error.elapsed(), Some(Duration::ZERO));
    }

    struct WaitsForever;

    impl Policy for WaitsForever {
        async fn send(&self, call: &mut Call, _: Next<'_>) -> Result<Response> {
            call.runtime().sleep(Duration::from_secs(3600)).await;
            Err(Error::new(ErrorKind::Environment, "unreachable within the deadline"))
        }
    }

    #[test]
    fn a_deadline_that_passes_before_the_first_attempt_leaves_no_doubt() {
        let harness = Harness::new([]);
        let client = harness.client().per_call(WaitsForever).build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(!error.may_have_been_sent());
    }
}
