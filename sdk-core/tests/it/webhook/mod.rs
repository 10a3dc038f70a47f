//! Webhooks: published vectors, every mutation of them, whatever bodies there are, and a peer.

mod mutations;
mod peer;
mod replays;
mod round_trip;
mod secrets;
mod steps;
mod vectors;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use acd_core::runtime::{Clock, Instant};
use acd_core::webhook::{Scheme, Verified, Verifier, WebhookError};
use acd_core::{Runtime, Secret};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// A clock that stands still at a number of seconds since 1970.
struct At(u64);

impl Clock for At {
    fn now(&self) -> Instant {
        Instant::from_origin(Duration::ZERO)
    }

    fn wall(&self) -> SystemTime {
        time(self.0)
    }
}

fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn runtime(now: u64) -> Runtime {
    Runtime::system().with_clock(At(now))
}

/// A message as it arrives, and what is needed to judge it.
#[derive(Clone, Debug)]
struct Delivery {
    name: String,
    scheme: Scheme,
    secret: String,
    now: u64,
    headers: BTreeMap<String, Vec<u8>>,
    body: Bytes,
}

impl Delivery {
    fn verifier(&self) -> Verifier {
        let secret = Secret::from(self.secret.as_str());
        Verifier::new(self.scheme.clone(), [secret]).unwrap().with_runtime(runtime(self.now))
    }

    /// The headers, `None` when HTTP itself would not carry one of them.
    fn header_map(&self) -> Option<HeaderMap> {
        let header = |(name, value): (&String, &Vec<u8>)| {
            Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::from_bytes(value).ok()?))
        };
        self.headers.iter().map(header).collect()
    }

    fn verify(&self) -> Result<Verified, WebhookError> {
        self.verifier().verify(&self.header_map().unwrap(), self.body.clone())
    }

    /// The reason for which it is refused, or `valid`.
    fn verdict(&self) -> &'static str {
        self.verify().map_or_else(|error| error.code(), |_| "valid")
    }

    fn with_body(&self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self.clone() }
    }

    fn with_header(&self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        let mut changed = self.clone();
        changed.headers.insert(name.to_owned(), value.into());
        changed
    }
}

fn headers_of(map: &HeaderMap) -> BTreeMap<String, Vec<u8>> {
    map.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}
