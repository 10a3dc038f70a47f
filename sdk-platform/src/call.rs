//! One call in the making.

use std::fmt;
use std::future::IntoFuture;

use acd_core::runtime::BoxFuture;
use acd_core::{CallBuilder, Client, ErrorKind, Operation, Request, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};

/// A call whose answer is a `T`. Nothing is sent until it is awaited; dropping it while awaited cancels it.
#[must_use = "nothing is sent until the call is awaited"]
pub struct PlatformCall<'c, T> {
    call: Result<CallBuilder<'c>>,
    read: fn(Response) -> BoxFuture<'static, Result<T>>,
}

impl<'c, T: DeserializeOwned + 'static> PlatformCall<'c, T> {
    /// A call that is answered with JSON.
    pub(crate) fn json(http: &'c Client, operation: &'static Operation) -> Self {
        Self { call: Ok(http.call(operation)), read: |response| Box::pin(response.json()) }
    }
}

impl<'c> PlatformCall<'c, ()> {
    /// A call that is answered with nothing.
    pub(crate) fn empty(http: &'c Client, operation: &'static Operation) -> Self {
        Self { call: Ok(http.call(operation)), read: |_| Box::pin(async { Ok(()) }) }
    }
}

impl<'c, T> PlatformCall<'c, T> {
    /// Uses this idempotency key, 1 to 255 visible ASCII characters, in the place of a random one. Keep it with the
    /// intent where the same request may be made again after a crash. Read by the operations that create.
    pub fn idempotency_key(self, key: impl AsRef<str>) -> Self {
        self.http(|call| call.idempotency_key(key))
    }

    /// Changes this one call: timeouts, retries, credentials, headers.
    pub fn http(self, customise: impl FnOnce(CallBuilder<'c>) -> CallBuilder<'c>) -> Self {
        Self { call: self.call.map(customise), read: self.read }
    }

    /// The request as plain data, without any I/O: for tests and queues.
    ///
    /// # Errors
    /// [`ErrorKind::Request`] for a value that cannot be sent.
    pub fn build(self) -> Result<Request> {
        self.call?.build()
    }

    pub(crate) fn id(self, id: impl fmt::Display) -> Self {
        self.http(|call| call.path_param("id", id))
    }

    pub(crate) fn body(self, body: &impl Serialize) -> Self {
        self.http(|call| call.json(body))
    }

    /// Adds the fields of a flat struct as query parameters; those that are null are left out.
    pub(crate) fn query(mut self, query: &impl Serialize) -> Self {
        self.call = self.call.and_then(|call| {
            let fields = match serde_json::to_value(query) {
                Ok(Value::Object(fields)) => fields,
                Ok(_) => return Err(Error::new(ErrorKind::Request, "the query is not a struct")),
                Err(cause) => {
                    return Err(Error::new(ErrorKind::Request, "the query cannot be written").with_source(cause));
                }
            };
            Ok(fields.iter().fold(call, |call, (name, value)| match value {
                Value::Null => call,
                Value::String(text) => call.query(name, text),
                other => call.query(name, other),
            }))
        });
        self
    }
}

impl<'c, T: 'c> IntoFuture for PlatformCall<'c, T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'c, Result<T>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { (self.read)(self.call?.send().await?).await })
    }
}

impl<T> fmt::Debug for PlatformCall<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformCall").field("call", &self.call).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use crate::PlatformClient;
    use crate::events::ListEvents;

    #[test]
    fn a_query_is_written_as_the_server_reads_it() {
        let client = PlatformClient::new("acd_key", "http://127.0.0.1:4400").unwrap();
        let query = ListEvents {
            limit: Some(5),
            event: Some("Order Completed & paid".to_owned()),
            received_from: Some(DateTime::<Utc>::UNIX_EPOCH),
            ..ListEvents::default()
        };
        let request = client.events().list(&query).build().unwrap();
        let expected = "/v1/events?event=Order%20Completed%20%26%20paid&limit=5&received_from=1970-01-01T00%3A00%3A00Z";
        assert_eq!(request.uri().path_and_query().unwrap(), expected);
    }

    #[test]
    fn an_idempotency_key_that_no_header_can_carry_is_refused() {
        let client = PlatformClient::new("acd_key", "http://127.0.0.1:4400").unwrap();
        let id = "key_0192f0c123457abc8def0123456789ab".parse().unwrap();
        let error = client.keys().rotate(id, &Default::default()).idempotency_key("a\nb").build().unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Request);
    }
}
