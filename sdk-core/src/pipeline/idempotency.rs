//! The key that makes a repeated call harmless.

use http::{HeaderName, HeaderValue};
use uuid::Uuid;

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::operation::Safety;
use crate::response::Response;

pub(super) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// Attaches the key outside retry, so that every attempt carries the same.
pub(super) struct IdempotencyKey<S>(pub(super) S);

impl<S: Step> Step for IdempotencyKey<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        if let Some(key) = call.idempotency_key().cloned() {
            call.request_mut().headers_mut().insert(HEADER, key);
        } else if call.operation().safety() == Safety::Keyed && !call.request().headers().contains_key(HEADER) {
            let key = random_key(call)?;
            call.request_mut().headers_mut().insert(HEADER, key);
        }
        self.0.run(call).await
    }
}

fn random_key(call: &Call) -> Result<HeaderValue> {
    let mut bytes = [0; 16];
    call.runtime().fill_random(&mut bytes)?;
    let mut text = Uuid::encode_buffer();
    let text = uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text)
        .map_err(|cause| Error::new(ErrorKind::Request, "the idempotency key is no header value").with_source(cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Harness, answer};

    fn keys(harness: &Harness) -> Vec<Option<String>> {
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        harness.requests().iter().map(|request| request.headers.get(HEADER).map(text)).collect()
    }

    #[test]
    fn a_keyed_call_carries_the_same_random_key_on_each_attempt() {
        let harness = Harness::new([answer(503), answer(503), answer(200), answer(200)]);
        let client = harness.client().build().unwrap();
        for _ in 0..2 {
            harness.run(client.call(&Harness::POST_KEYED).send()).unwrap();
        }
        let keys = keys(&harness);
        assert_eq!(keys[0], keys[1]);
        assert_eq!(keys[1], keys[2]);
        assert_ne!(keys[2], keys[3], "another call is another intent");
        let key = Uuid::try_parse(keys[0].as_deref().unwrap()).unwrap();
        assert_eq!(key.get_version_num(), 4);
    }

    #[test]
    fn the_callers_key_wins_and_other_calls_get_none() {
        let harness = Harness::new([answer(200), answer(200)]);
        let client = harness.client().build().unwrap();
        harness.run(client.call(&Harness::POST_KEYED).idempotency_key("order-7").send()).unwrap();
        harness.run(client.call(&Harness::POST_UNSAFE).send()).unwrap();
        assert_eq!(keys(&harness), [Some("order-7".to_owned()), None]);
    }
}
