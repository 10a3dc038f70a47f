//! The place of the credentials: inside retry, so that each attempt carries fresh ones.

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::response::Response;

pub(super) struct Credentials<S>(pub(super) S);

impl<S: Step> Step for Credentials<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        if let Some(auth) = call.auth().cloned() {
            auth.apply(call.request_mut()).await.map_err(|error| error.with_may_have_been_sent(false))?;
        }
        self.0.run(call).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use http::HeaderValue;
    use http::header::AUTHORIZATION;

    use crate::testing::{Harness, answer};
    use crate::{Auth, Bearer, Error, ErrorKind, Request, Result, Secret};

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
}
