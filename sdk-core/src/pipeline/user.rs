//! The place of a user's policies.

use super::Step;
use super::policy::{Next, SharedPolicy};
use crate::Result;
use crate::call::Call;
use crate::response::Response;

pub(super) struct UserPolicies<S> {
    policies: Box<[SharedPolicy]>,
    inner: S,
}

impl<S> UserPolicies<S> {
    pub(super) fn new(policies: Vec<SharedPolicy>, inner: S) -> Self {
        Self { policies: policies.into(), inner }
    }
}

impl<S: Step> Step for UserPolicies<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        if self.policies.is_empty() {
            // Without policies there is nothing to erase, and nothing to allocate.
            return self.inner.run(call).await;
        }
        Next::new(&self.policies, &self.inner).send(call).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use http::HeaderValue;

    use super::*;
    use crate::Policy;
    use crate::testing::{Harness, answer};

    type Journal = Arc<Mutex<Vec<String>>>;

    struct Noting(&'static str, Journal);

    impl Policy for Noting {
        async fn send(&self, call: &mut Call, next: Next<'_>) -> Result<Response> {
            self.1.lock().unwrap().push(format!("{} in", self.0));
            call.request_mut().headers_mut().append("x-policy", HeaderValue::from_static(self.0));
            let result = next.send(call).await;
            self.1.lock().unwrap().push(format!("{} out", self.0));
            result
        }
    }

    #[test]
    fn per_call_policies_run_once_and_per_attempt_ones_each_time() {
        let journal = Journal::default();
        let harness = Harness::new([answer(503), answer(200)]);
        let client = harness
            .client()
            .per_attempt(Noting("attempt", journal.clone()))
            .per_call(Noting("first", journal.clone()))
            .per_call(Noting("second", journal.clone()))
            .build()
            .unwrap();
        harness.run(client.call(&Harness::GET).send()).unwrap();
        let order = journal.lock().unwrap().join(", ");
        let expected = "first in, second in, attempt in, attempt out, attempt in, attempt out, second out, first out";
        assert_eq!(order, expected);
        for request in harness.requests() {
            let seen: Vec<_> = request.headers.get_all("x-policy").iter().collect();
            assert_eq!(seen, ["first", "second", "attempt"], "an attempt's changes are undone before the next");
        }
    }
}
