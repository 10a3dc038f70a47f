//! What JavaScript says of a client and of a call.

use std::collections::BTreeMap;
use std::time::Duration;

use acd_core::{CallBuilder, ClientBuilder, Error, ErrorKind, Operation, RetryConfig};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Settings of a client besides the address and the key.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct ClientSettings {
    headers: BTreeMap<String, String>,
    max_attempts: Option<u32>,
}

impl ClientSettings {
    pub(crate) fn read(json: Option<&str>) -> Result<Self, Error> {
        read(json, ErrorKind::Configuration)
    }

    pub(crate) fn apply(self, mut client: ClientBuilder) -> ClientBuilder {
        for (name, value) in self.headers {
            client = client.header(name, value);
        }
        match self.max_attempts {
            Some(attempts) => client.retry(RetryConfig::default().with_max_attempts(attempts)),
            None => client,
        }
    }
}

/// Parameters and options of a call besides its body.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Parameters {
    /// For the placeholders of the operation's path, in their order.
    path: Vec<String>,
    query: Map<String, Value>,
    headers: BTreeMap<String, String>,
    idempotency_key: Option<String>,
    timeout_ms: Option<u64>,
    attempt_timeout_ms: Option<u64>,
    max_attempts: Option<u32>,
}

impl Parameters {
    pub(crate) fn read(json: Option<&str>) -> Result<Self, Error> {
        read(json, ErrorKind::Request)
    }

    pub(crate) fn apply<'c>(self, operation: &'static Operation, mut call: CallBuilder<'c>) -> CallBuilder<'c> {
        for (name, value) in placeholders(operation.path()).zip(self.path) {
            call = call.path_param(name, value);
        }
        for (name, value) in &self.query {
            call = match value {
                Value::Null => call,
                Value::String(text) => call.query(name, text),
                other => call.query(name, other),
            };
        }
        for (name, value) in self.headers {
            call = call.header(name, value);
        }
        if let Some(key) = self.idempotency_key {
            call = call.idempotency_key(key);
        }
        if let Some(limit) = self.timeout_ms {
            call = call.timeout(Duration::from_millis(limit));
        }
        if let Some(limit) = self.attempt_timeout_ms {
            call = call.attempt_timeout(Duration::from_millis(limit));
        }
        match self.max_attempts {
            Some(attempts) => call.retry(RetryConfig::default().with_max_attempts(attempts)),
            None => call,
        }
    }
}

/// The names in the braces of a path template.
fn placeholders(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

fn read<'j, T: Default + Deserialize<'j>>(json: Option<&'j str>, kind: ErrorKind) -> Result<T, Error> {
    let Some(json) = json else { return Ok(T::default()) };
    serde_json::from_slice(json.as_bytes())
        .map_err(|cause| Error::new(kind, format!("an option cannot be used: {cause}")))
}

#[cfg(test)]
mod tests {
    use acd_core::Client;
    use http::Method;

    use super::*;

    const GET: Operation = Operation::new("test.get", Method::GET, "/v1/{a}/b/{c}").safe();

    fn url(json: &str) -> Result<String, Error> {
        let client =
            Client::builder("http://x.test").transport(acd_core::testing::ScriptedTransport::new([])).build()?;
        let request = Parameters::read(Some(json))?.apply(&GET, client.call(&GET)).build()?;
        Ok(request.uri().to_string())
    }

    #[test]
    fn parameters_stand_where_the_template_has_them() {
        let json = r#"{"path":["1/2","x"],"query":{"n":5,"on":true,"q":"a&b","gone":null}}"#;
        assert_eq!(url(json).unwrap(), "http://x.test/v1/1%2F2/b/x?n=5&on=true&q=a%26b");
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_its_reason() {
        assert!(url(r#"{"path":["1"]}"#).unwrap_err().to_string().contains("`c`"));
        assert_eq!(url(r#"{"timeout":5}"#).unwrap_err().kind(), ErrorKind::Request);
        assert_eq!(ClientSettings::read(Some("{")).unwrap_err().kind(), ErrorKind::Configuration);
    }
}
