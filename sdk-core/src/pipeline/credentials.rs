//! The place of the credentials: inside retry, so that each attempt carries fresh ones.

use http::StatusCode;

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::response::Response;

pub(super) struct Credentials<S>(pub(super) S);

impl<S: Step> Step for Credentials<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        let Some(auth) = call.auth().cloned() else { return self.0.run(call).await };
        auth.apply(call.request_mut()).await.map_err(|error| error.with_may_have_been_sent(false))?;
        if !call.may_renew_credentials() {
            return self.0.run(call).await;
        }
        let sent = call.request().headers().clone();
        match self.0.run(call).await {
            Err(error) if error.status() == Some(StatusCode::UNAUTHORIZED) => match auth.refused(&sent).await {
                Ok(true) => {
                    call.set_renewed_credentials();
                    Err(error.with_renewed_credentials())
                }
                Ok(false) => Err(error),
                Err(cause) => Err(error.with_retryable(cause.is_retryable()).with_source(cause)),
            },
            result => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use std::error::Error as _;
    use std::time::Duration;

    use bytes::Bytes;
    use http::header::AUTHORIZATION;
    use http::{HeaderMap, HeaderValue};

    use crate::testing::{Harness, Script, answer};
    use crate::{
        Auth, Bearer, Body, ByteStream, Error, ErrorKind, GiveUp, Request, Result, RetryBudgets, RetryConfig, Secret,
    };

    /// A token source that gives another token each time.
    #[derive(Default)]
    struct Rotating(AtomicU32);

    impl Auth for Rotating {
        async fn apply(&self, request: &mut Request) -> Result<()> {
            let token = format!("Bearer t{}", self.0.fetch_add(1, Ordering::Relaxed));
            let value = HeaderValue::from_str(&token)
                .map_err(|cause| Error::new(ErrorKind::Credentials, "no header value").with_source(cause))?;
            request.headers_mut().insert(AUTHORIZATION, value);
            Ok(())
        }
    }

    struct Empty;

    impl Auth for Empty {
        async fn apply(&self, _: &mut Request) -> Result<()> {
            Err(Error::new(ErrorKind::Credentials, "the token source is empty"))
        }
    }

    #[test]
    fn each_attempt_asks_for_its_credentials() {
        let harness = Harness::new([answer(503), answer(200)]);
        let client = harness.client().auth(Rotating::default()).build().unwrap();
        harness.run(client.call(&Harness::GET).send()).unwrap();
        let tokens: Vec<_> = harness.requests().iter().map(|request| request.headers[AUTHORIZATION].clone()).collect();
        assert_eq!(tokens, ["Bearer t0", "Bearer t1"]);
    }

    #[test]
    fn without_credentials_nothing_is_sent() {
        let harness = Harness::new([]);
        let client = harness.client().auth(Empty).build().unwrap();
        let error = harness.run(client.call(&Harness::POST_UNSAFE).send()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(!error.may_have_been_sent());
    }

    #[test]
    fn a_call_may_replace_or_drop_the_clients_credentials() {
        let harness = Harness::new([answer(200), answer(200)]);
        let client = harness.client().auth(Empty).build().unwrap();
        let other = Bearer::new(&Secret::from("other")).unwrap();
        harness.run(client.call(&Harness::GET).auth(other).send()).unwrap();
        harness.run(client.call(&Harness::GET).without_auth().send()).unwrap();
        let requests = harness.requests();
        assert_eq!(requests[0].headers[AUTHORIZATION], "Bearer other");
        assert!(!requests[1].headers.contains_key(AUTHORIZATION));
    }

    /// Credentials that say of every 401 that the next attempt will carry others.
    struct Renewing(Result<bool, ErrorKind>);

    impl Auth for Renewing {
        async fn apply(&self, request: &mut Request) -> Result<()> {
            request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer t"));
            Ok(())
        }

        fn is_renewable(&self) -> bool {
            true
        }

        async fn refused(&self, sent: &HeaderMap) -> Result<bool> {
            assert_eq!(sent[AUTHORIZATION], "Bearer t");
            self.0.map_err(|kind| Error::new(kind, "no other token"))
        }
    }

    #[test]
    fn a_401_is_repeated_once_at_once_and_for_nothing_whatever_the_operation() {
        for operation in [&Harness::GET, &Harness::POST_KEYED, &Harness::POST_UNSAFE] {
            let harness = Harness::new([answer(401), answer(200)]);
            let client = harness.client().auth(Renewing(Ok(true))).retry_budgets(RetryBudgets::new(0)).build().unwrap();
            let call = client.call(operation).body("same").retry(RetryConfig::disabled());
            let response = harness.run(call.send()).unwrap();
            let statuses: Vec<_> =
                response.attempts().iter().map(|attempt| attempt.status().unwrap().as_u16()).collect();
            assert_eq!(statuses, [401, 200]);
            assert_eq!(response.attempts()[1].started(), Duration::ZERO);
            assert!(harness.requests().iter().all(|request| request.body == "same"));
        }
    }

    #[test]
    fn a_401_that_was_mended_leaves_no_doubt_about_what_the_server_did() {
        let refused = || Script::fail(|| Error::new(ErrorKind::Connect, "refused"));
        let harness = Harness::new([answer(401), refused(), refused()]);
        let client = harness.client().auth(Renewing(Ok(true))).build().unwrap();
        let error = harness.run(client.call(&Harness::POST_UNSAFE).send()).unwrap_err();
        assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Connect, 3));
        assert!(!error.may_have_been_sent());
    }

    #[test]
    fn a_second_401_is_the_answer() {
        let harness = Harness::new([answer(401), answer(503), answer(401)]);
        let client = harness.client().auth(Renewing(Ok(true))).build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Unauthenticated, 3));
    }

    #[test]
    fn a_401_stands_when_nothing_can_be_renewed_and_says_why() {
        let harness = Harness::new([answer(401), answer(401)]);
        let client = harness.client().auth(Renewing(Ok(false))).build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!((error.attempts().len(), error.source().is_some()), (1, false));
        let client = harness.client().auth(Renewing(Err(ErrorKind::Credentials))).build().unwrap();
        let error = harness.run(client.call(&Harness::GET).send()).unwrap_err();
        assert_eq!(error.attempts().len(), 1);
        assert_eq!(error.source().unwrap().to_string(), "no other token");
    }

    #[test]
    fn a_body_that_is_gone_is_not_repeated_after_a_401_either() {
        let harness = Harness::new([answer(401)]);
        let client = harness.client().auth(Renewing(Ok(true))).build().unwrap();
        let once = Body::stream(None, ByteStream::from_chunks([Bytes::from_static(b"once")]));
        let error = harness.run(client.call(&Harness::POST_UNSAFE).body(once).send()).unwrap_err();
        assert_eq!((error.kind(), error.gave_up()), (ErrorKind::Unauthenticated, Some(GiveUp::Body)));
    }
}
