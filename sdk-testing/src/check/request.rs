//! Assertions about what was sent.

use acd_core::testing::RecordedRequest;
use serde::Serialize;
use serde_json::Value;

/// The requests that reached a transport.
///
/// ```
/// use acd_testing::{Harness, Requests, answer};
///
/// let harness = Harness::new([answer(503), answer(200)]);
/// let client = harness.client().build()?;
/// harness.run(client.call(&Harness::POST_KEYED).json(&["a"]).send())?;
/// let requests = Requests::new(harness.requests());
/// requests.count(2).same_header("idempotency-key");
/// requests.nth(2).method("POST").path("/v1/things").json("/0", "a").without_header("authorization");
/// # Ok::<(), acd_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Requests(Vec<RecordedRequest>);

impl Requests {
    /// The requests, in order.
    pub fn new(requests: Vec<RecordedRequest>) -> Self {
        Self(requests)
    }

    /// Asserts how many there are.
    ///
    /// # Panics
    /// When there are more or fewer, with their list.
    #[track_caller]
    #[allow(clippy::must_use_candidate, reason = "each assertion may be the last")]
    pub fn count(&self, expected: usize) -> &Self {
        assert!(self.0.len() == expected, "{} requests instead of {expected}:\n{}", self.0.len(), self.list());
        self
    }

    /// Asserts that all carry this header, with one and the same value.
    ///
    /// # Panics
    /// When one lacks it, or differs.
    #[track_caller]
    #[allow(clippy::must_use_candidate, reason = "each assertion may be the last")]
    pub fn same_header(&self, name: &str) -> &Self {
        let first = self.0.first().and_then(|request| request.headers.get(name));
        for (index, request) in self.0.iter().enumerate() {
            let value = request.headers.get(name);
            assert!(value.is_some(), "request {} has no header `{name}`", index + 1);
            assert!(value == first, "`{name}` of request {} is another than the first one's", index + 1);
        }
        self
    }

    /// The request of this number, from 1.
    ///
    /// # Panics
    /// When there are fewer.
    #[track_caller]
    pub fn nth(&self, number: usize) -> RequestCheck<'_> {
        match number.checked_sub(1).and_then(|index| self.0.get(index)) {
            Some(request) => RequestCheck(request),
            None => panic!("there is no request {number}, only:\n{}", self.list()),
        }
    }

    /// The only request.
    ///
    /// # Panics
    /// When there is none, or more than one.
    #[track_caller]
    pub fn only(&self) -> RequestCheck<'_> {
        self.count(1).nth(1)
    }

    /// Without queries: a failed test's output must not show what a log would not.
    fn list(&self) -> String {
        self.0.iter().map(|request| format!("{} {}", request.method, request.uri.path())).collect::<Vec<_>>().join("\n")
    }
}

/// Assertions about one request, from [`Requests`].
#[derive(Clone, Copy, Debug)]
pub struct RequestCheck<'r>(&'r RecordedRequest);

#[allow(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "each assertion may be the last")]
impl RequestCheck<'_> {
    /// Asserts the method.
    ///
    /// # Panics
    /// When it is another.
    #[track_caller]
    pub fn method(self, expected: &str) -> Self {
        assert_eq!(self.0.method.as_str(), expected, "method");
        self
    }

    /// Asserts the path, without the query.
    ///
    /// # Panics
    /// When it is another.
    #[track_caller]
    pub fn path(self, expected: &str) -> Self {
        assert_eq!(self.0.uri.path(), expected, "path");
        self
    }

    /// Asserts the query as it was sent, encoded; empty for none.
    ///
    /// # Panics
    /// When it is another.
    #[track_caller]
    pub fn query(self, expected: &str) -> Self {
        assert_eq!(self.0.uri.query().unwrap_or_default(), expected, "query");
        self
    }

    /// Asserts the value of a header.
    ///
    /// # Panics
    /// When there is none of that name, or when its value is another. A value marked sensitive is not printed.
    #[track_caller]
    pub fn header(self, name: &str, expected: &str) -> Self {
        match self.0.headers.get(name) {
            None => panic!("there is no header `{name}`"),
            Some(value) => assert!(value == expected, "header `{name}`: {value:?} instead of the expected value"),
        }
        self
    }

    /// Asserts that there is no header of this name.
    ///
    /// # Panics
    /// When there is.
    #[track_caller]
    pub fn without_header(self, name: &str) -> Self {
        assert!(!self.0.headers.contains_key(name), "there is a header `{name}`");
        self
    }

    /// Asserts the whole body.
    ///
    /// # Panics
    /// When it is another.
    #[track_caller]
    pub fn body(self, expected: impl AsRef<[u8]>) -> Self {
        let (actual, expected) = (&self.0.body[..], expected.as_ref());
        let text = String::from_utf8_lossy;
        assert!(actual == expected, "body: {:?} instead of {:?}", text(actual), text(expected));
        self
    }

    /// Asserts what the JSON body holds at `pointer` (RFC 6901; empty for the whole).
    ///
    /// # Panics
    /// When the body is no JSON, when it holds nothing there, or another value.
    #[track_caller]
    pub fn json(self, pointer: &str, expected: impl Serialize) -> Self {
        let body: Value = match serde_json::from_slice(&self.0.body) {
            Ok(body) => body,
            Err(error) => panic!("the body is no JSON: {error}"),
        };
        let expected = match serde_json::to_value(expected) {
            Ok(expected) => expected,
            Err(error) => panic!("what is expected at `{pointer}` is no JSON: {error}"),
        };
        match body.pointer(pointer) {
            None => panic!("the body holds nothing at `{pointer}`: {body}"),
            Some(actual) => assert!(*actual == expected, "body at `{pointer}`: {actual} instead of {expected}"),
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::{Harness, answer};
    use serde_json::json;

    use super::*;

    fn sent() -> Requests {
        let harness = Harness::new([answer(200)]);
        let client = harness.client().build().unwrap();
        let call = client.call(&Harness::POST_KEYED).query("q", "a b").header("x-one", "1").json(&json!({"a": [1]}));
        harness.run(call.send()).unwrap();
        Requests::new(harness.requests())
    }

    #[test]
    fn what_was_sent_passes() {
        let requests = sent();
        let check = requests.only().method("POST").path("/v1/things").query("q=a%20b").header("x-one", "1");
        check.without_header("x-two").body(r#"{"a":[1]}"#).json("/a/0", 1).json("", json!({"a": [1]}));
        requests.same_header("idempotency-key");
    }

    #[test]
    #[should_panic(expected = "1 requests instead of 2:\nPOST /v1/things")]
    fn a_wrong_count_lists_the_requests() {
        sent().count(2);
    }

    #[test]
    #[should_panic(expected = "body at `/a/0`: 1 instead of 2")]
    fn a_wrong_value_is_shown_with_its_place() {
        sent().only().json("/a/0", 2);
    }

    #[test]
    #[should_panic(expected = "there is no header `x-two`")]
    fn a_missing_header_is_named() {
        sent().only().header("x-two", "2");
    }
}
