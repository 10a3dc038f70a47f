//! The last step that touches the request, so that the signature covers every header.

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::response::Response;

pub(super) struct Signing<S>(pub(super) S);

impl<S: Step> Step for Signing<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        if let Some(signer) = call.signer().cloned() {
            let runtime = call.runtime().clone();
            signer.sign(call.request_mut(), &runtime).map_err(|error| error.with_may_have_been_sent(false))?;
        }
        self.0.run(call).await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::signing::{MessageSigner, SigningKey};
    use crate::testing::{Harness, answer};
    use crate::{Bearer, Body, ByteStream, ErrorKind, Next, Policy, Request, Runtime, Secret, Signer};

    const INPUT: &str = "signature-input";

    fn signer() -> MessageSigner {
        let key = SigningKey::hmac_sha256(&Secret::from("dGVzdC1vbmx5LXNlY3JldC1vZi0zMi1ieXRlcy1vay4=")).unwrap();
        MessageSigner::new("svc-1", key).unwrap().cover(HeaderName::from_static("x-policy"))
    }

    struct Tagging;

    impl Policy for Tagging {
        async fn send(&self, call: &mut Call, next: Next<'_>) -> Result<Response> {
            call.request_mut().headers_mut().insert("x-policy", HeaderValue::from_static("1"));
            next.send(call).await
        }
    }

    fn inputs(harness: &Harness) -> Vec<Option<String>> {
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        harness.requests().iter().map(|request| request.headers.get(INPUT).map(text)).collect()
    }

    #[test]
    fn the_signature_covers_what_every_other_step_put_on() {
        let harness = Harness::new([answer(200)]);
        let auth = Bearer::new(&Secret::from("token")).unwrap();
        let signer = signer().cover(http::header::AUTHORIZATION);
        let client = harness.client().auth(auth).signer(signer).per_attempt(Tagging).build().unwrap();
        harness.run(client.call(&Harness::POST_KEYED).json("x").send()).unwrap();
        let input = inputs(&harness)[0].clone().unwrap();
        for name in ["content-type", "content-digest", "idempotency-key", "x-policy", "authorization"] {
            assert!(input.contains(&format!("\"{name}\"")), "{name} is not in {input}");
        }
    }

    #[test]
    fn each_attempt_has_a_time_and_a_nonce_of_its_own() {
        let harness = Harness::new([answer(503).header("retry-after", "7"), answer(503), answer(200)]);
        let client = harness.client().signer(signer()).build().unwrap();
        harness.run(client.call(&Harness::POST_KEYED).json("x").send()).unwrap();
        let (inputs, requests) = (inputs(&harness), harness.requests());
        assert_eq!(inputs.iter().collect::<HashSet<_>>().len(), 3, "{inputs:?}");
        assert!(inputs[0].as_ref().unwrap().contains(";created=1767225600;"));
        assert!(inputs[1].as_ref().unwrap().contains(";created=1767225607;"));
        let all_same = |name: &str| requests.iter().all(|request| request.headers[name] == requests[0].headers[name]);
        assert!(all_same("idempotency-key") && all_same("content-digest"));
        assert!(requests.iter().all(|request| request.headers.get_all(INPUT).iter().count() == 1));
    }

    #[test]
    fn a_call_may_be_unsigned_or_signed_otherwise() {
        let harness = Harness::new([answer(200), answer(200), answer(200)]);
        let client = harness.client().signer(signer()).build().unwrap();
        harness.run(client.call(&Harness::GET).without_signer().send()).unwrap();
        let short = signer().lifetime(Duration::from_secs(5)).unwrap();
        harness.run(client.call(&Harness::GET).signer(short).send()).unwrap();
        harness.run(client.call(&Harness::GET).send()).unwrap();
        let inputs = inputs(&harness);
        assert_eq!(inputs[0], None);
        assert!(inputs[1].as_ref().unwrap().contains(";expires=1767225605;"));
        assert!(inputs[2].as_ref().unwrap().contains(";expires=1767225900;"));
    }

    #[test]
    fn what_cannot_be_signed_is_not_sent() {
        let harness = Harness::new([]);
        let client = harness.client().signer(signer()).build().unwrap();
        let stream = Body::stream(None, ByteStream::from_chunks([]));
        let error = harness.run(client.call(&Harness::POST_UNSAFE).body(stream).send()).unwrap_err();
        assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::Request, 1));
        assert!(!error.may_have_been_sent());
        assert!(harness.requests().is_empty());
    }

    struct Away;

    impl Signer for Away {
        fn sign(&self, _: &mut Request, _: &Runtime) -> Result<()> {
            Err(crate::Error::new(ErrorKind::Interrupted, "the key service is away"))
        }
    }

    #[test]
    fn a_signer_that_fails_leaves_no_doubt_whether_the_request_was_sent() {
        let harness = Harness::new([]);
        let client = harness.client().signer(Away).build().unwrap();
        let error = harness.run(client.call(&Harness::POST_UNSAFE).send()).unwrap_err();
        assert!(!error.may_have_been_sent());
    }
}
