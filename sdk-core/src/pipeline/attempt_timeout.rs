//! The limit of one attempt. It lies inside retry and behind every wait, so that neither a backoff nor a queue eats it.

use super::Step;
use super::stall;
use crate::Result;
use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::request::Body;
use crate::response::Response;

pub(super) struct AttemptTimeout<S>(pub(super) S);

impl<S: Step> Step for AttemptTimeout<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        let limit = call.attempt_timeout();
        let runtime = call.runtime().clone();
        let Some(result) = runtime.timeout(limit, self.0.run(call)).await else {
            return Err(Error::new(ErrorKind::Timeout, format!("no complete answer within {limit:?}")));
        };
        let response = result?;
        if !call.is_streaming() {
            return Ok(response);
        }
        let remaining = call.remaining();
        Ok(response
            .map_body(|body| Body::stream(body.length(), stall::guard(body.into_stream(), runtime, limit, remaining))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::testing::{Harness, Script, answer};
    use crate::{ErrorKind, TimeoutClass, Timeouts};

    #[test]
    fn a_silent_server_costs_one_attempt_and_not_the_call() {
        let harness = Harness::new([Script::hang(), answer(200)]);
        let client = harness.client().build().unwrap();
        let response = harness.run(client.call(&Harness::GET).send()).unwrap();
        let first = &response.attempts()[0];
        assert_eq!(first.failure(), Some(ErrorKind::Timeout));
        assert_eq!(first.took(), Some(Duration::from_secs(20)), "the standard class allows 20 s");
    }

    #[test]
    fn both_timeouts_are_set_per_class_and_per_call() {
        let ten = Timeouts { attempt: Duration::from_secs(10), overall: None };
        let harness = Harness::new([Script::hang(), Script::hang()]);
        let client = harness.client().timeouts(TimeoutClass::Standard, ten).build().unwrap();
        let error = harness.run(client.call(&Harness::POST_UNSAFE).send()).unwrap_err();
        assert_eq!(error.elapsed(), Some(Duration::from_secs(10)));
        let one = client.call(&Harness::POST_UNSAFE).attempt_timeout(Duration::from_secs(1));
        assert_eq!(harness.run(one.send()).unwrap_err().elapsed(), Some(Duration::from_secs(1)));
    }
}
