//! Answers inside other ones: what they tell of limits, and which failures they are.

use super::Client;
use crate::classify::Answer;
use crate::error::{Error, ErrorKind};
use crate::limits::PoolAnswer;
use crate::operation::Operation;
use crate::pipeline::exchange;
use crate::redact::quotes;
use crate::retry::retry_after;
use crate::secret::Secret;

impl Client {
    /// Lets the operation's pools of this scope learn from an answer that came inside another one, as that to an item of
    /// a batch does. It is read like any answer: by the client's classifier, by the status and by what the pools know of
    /// headers. A client without limits learns nothing.
    pub fn learn(&self, operation: &Operation, scope: &str, answer: &Answer<'_>) {
        let runtime = &self.inner.runtime;
        let verdict = self.inner.settings.classifier.as_ref().and_then(|classifier| classifier.classify(answer));
        let said = verdict.as_ref().and_then(|verdict| verdict.known_kind());
        let throttled = said.unwrap_or_else(|| ErrorKind::from_status(answer.status)) == ErrorKind::Throttled;
        let wait = verdict.and_then(|verdict| verdict.known_wait());
        let wait = wait.or_else(|| retry_after(answer.headers, runtime.wall()));
        for name in operation.limit_pools() {
            if let Some((key, pool)) = self.inner.limits.named(name, scope, runtime) {
                pool.observe(&PoolAnswer {
                    key: &key,
                    status: Some(answer.status),
                    headers: answer.headers,
                    throttled,
                    retry_after: wait,
                    runtime,
                });
            }
        }
    }

    /// The failure that such an answer is: what a call of the operation would have failed with, had it been answered so. `None` for
    /// a success. Neither it nor anything made of it repeats what is `hidden`, such as the credentials of what it came in.
    pub fn judge(&self, operation: &Operation, answer: &Answer<'_>, hidden: &[&Secret]) -> Option<Error> {
        let verdict = self.inner.settings.classifier.as_ref().and_then(|classifier| classifier.classify(answer));
        if verdict.is_none() && exchange::is_success(answer.status) {
            return None;
        }
        let quotes = quotes(hidden.iter().map(|secret| secret.expose()));
        let answer = (answer.status, answer.headers.clone(), answer.body);
        let error = exchange::meaning(self.inner.runtime.wall(), &quotes, answer, verdict);
        Some(error.with_operation(operation.name()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, HeaderValue, Method, StatusCode};

    use super::*;
    use crate::limits::{Limits, LocalPool, OnLimit};
    use crate::testing::{Harness, answer};
    use crate::{Classify, Verdict};

    const MINUTE: Duration = Duration::from_secs(60);
    const LIST: Operation = Operation::new("ads.list", Method::GET, "/v1/ads").safe().pool("account");

    fn client(harness: &Harness) -> Client {
        let pools = Limits::new().pool("account", |_| LocalPool::sliding_window(9, MINUTE)).on_limit(OnLimit::Fail);
        harness.client().limits(pools).build().unwrap()
    }

    fn passes(harness: &Harness, client: &Client, scope: &str) -> bool {
        harness.run(client.call(&LIST).pool_scope("account", scope).send()).is_ok()
    }

    #[test]
    fn headers_of_an_inner_answer_count_for_the_scope_that_it_is_about() {
        let harness = Harness::new((0..3).map(|_| answer(200)));
        let client = client(&harness);
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-remaining", HeaderValue::from_static("1"));
        client.learn(&LIST, "act_1", &Answer::new(StatusCode::OK, &headers, b"{}"));
        assert!(passes(&harness, &client, "act_1"));
        assert!(!passes(&harness, &client, "act_1"), "one was left");
        assert!(passes(&harness, &client, "act_2"));
    }

    #[test]
    fn a_refused_inner_call_stops_the_pool_for_as_long_as_it_says() {
        let harness = Harness::new([answer(200)]);
        let client = client(&harness);
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", HeaderValue::from_static("30"));
        client.learn(&LIST, "act_1", &Answer::new(StatusCode::TOO_MANY_REQUESTS, &headers, b""));
        assert!(!passes(&harness, &client, "act_1"));
        harness.clock().advance(MINUTE / 2);
        assert!(passes(&harness, &client, "act_1"));
    }

    struct InBody;

    impl Classify for InBody {
        fn classify(&self, answer: &Answer<'_>) -> Option<Verdict> {
            let is_throttle = answer.body == b"slow";
            is_throttle.then(|| Verdict::new().kind(ErrorKind::Throttled).retry_after(MINUTE))
        }
    }

    #[test]
    fn a_vendors_word_ranks_above_the_status() {
        let harness = Harness::new([answer(200), answer(200)]);
        let pools = Limits::new().pool("account", |_| LocalPool::sliding_window(9, MINUTE)).on_limit(OnLimit::Fail);
        let client = harness.client().classify(InBody).limits(pools).build().unwrap();
        client.learn(&LIST, "", &Answer::new(StatusCode::BAD_REQUEST, &HeaderMap::new(), b"other"));
        assert!(passes(&harness, &client, ""));
        client.learn(&LIST, "", &Answer::new(StatusCode::BAD_REQUEST, &HeaderMap::new(), b"slow"));
        assert!(!passes(&harness, &client, ""));
    }

    #[test]
    fn an_inner_failure_is_the_error_of_a_call_that_was_answered_so() {
        let body = br#"{"title":"Denied","detail":"key hunter2hunter2 is revoked","code":"key_revoked"}"#;
        let harness = Harness::new([answer(401).header("x-request-id", "r1").body(body.to_vec())]);
        let client = client(&harness);
        let hidden = Secret::from("hunter2hunter2");
        let alone = harness.run(client.call(&LIST).hide(&hidden).send()).unwrap_err();
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", HeaderValue::from_static("r1"));
        let inner = client.judge(&LIST, &Answer::new(StatusCode::UNAUTHORIZED, &headers, body), &[&hidden]).unwrap();
        let said = |error: &Error| {
            let view = error.view();
            let (may, code, detail) = (view.may_have_been_sent, view.code, view.detail);
            (view.kind, view.operation, view.status, code, detail, view.request_id, view.retryable, may)
        };
        assert_eq!(said(&inner), said(&alone));
        assert!(!format!("{inner} {inner:?} {:?}", inner.view()).contains("hunter2"));
        assert!(client.judge(&LIST, &Answer::new(StatusCode::OK, &headers, b"{}"), &[]).is_none());
    }

    #[test]
    fn a_vendor_may_call_an_inner_success_a_failure() {
        let client = Harness::new([]).client().classify(InBody).build().unwrap();
        let slow = client.judge(&LIST, &Answer::new(StatusCode::OK, &HeaderMap::new(), b"slow"), &[]).unwrap();
        assert_eq!((slow.kind(), slow.retry_after()), (ErrorKind::Throttled, Some(MINUTE)));
    }
}
