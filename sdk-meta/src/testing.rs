//! What the unit tests share: a client on a script.

use acd_core::testing::{Harness, RecordedRequest, Script};
use serde_json::Value;

use crate::MetaClient;
use crate::error::MetaErrors;

/// A client with the token `token-example` whose answers are these.
pub(crate) fn scripted(script: impl IntoIterator<Item = Script>) -> (Harness, MetaClient) {
    let harness = Harness::new(script);
    let http = harness.client().classify(MetaErrors);
    let meta = MetaClient::builder("token-example").http(move |_| http).build().unwrap();
    (harness, meta)
}

/// Method, path with query, and JSON body of each request.
pub(crate) fn sent(harness: &Harness) -> Vec<(String, Value)> {
    let show = |request: &RecordedRequest| {
        let line = format!("{} {}", request.method, request.uri.path_and_query().unwrap());
        (line, serde_json::from_slice(&request.body).unwrap_or(Value::Null))
    };
    harness.requests().iter().map(show).collect()
}
