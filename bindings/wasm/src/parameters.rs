//! What JavaScript says of a client and of a call.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use acd_core::json::Json;
use acd_core::{CallBuilder, ClientBuilder, Error, ErrorKind, Operation, Secret};

use crate::exchange::{HostTransport, LARGEST_ANSWER};

/// Names and values, in their order.
type Pairs<'j> = Vec<(Cow<'j, str>, Cow<'j, str>)>;

/// Settings of a client besides the address and the key.
#[derive(Debug, Default)]
pub(crate) struct ClientSettings {
    headers: Vec<(String, String)>,
    max_attempts: Option<u32>,
}

impl ClientSettings {
    pub(crate) fn read(json: Option<&str>) -> Result<Self, Error> {
        let mut read = Self::default();
        each(json, |name, value| match name {
            "headers" => texts(value).map(|headers| {
                let owned = headers.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned()));
                read.headers = owned.collect();
            }),
            "maxAttempts" => number(value).map(|attempts| read.max_attempts = Some(attempts)),
            _ => Err("is not known"),
        })
        .map_err(|problem| Error::new(ErrorKind::Configuration, problem))?;
        Ok(read)
    }

    pub(crate) fn apply(self, transport: HostTransport, client: ClientBuilder) -> ClientBuilder {
        // No call reads more than the transport does.
        let largest = usize::try_from(LARGEST_ANSWER).unwrap_or(usize::MAX);
        let mut client = client.transport(transport).max_response_bytes(largest);
        for (name, value) in self.headers {
            client = client.header(name, value);
        }
        match self.max_attempts {
            Some(attempts) => client.max_attempts(attempts),
            None => client,
        }
    }
}

/// Parameters and options of a call besides its body.
#[derive(Debug, Default)]
pub(crate) struct Parameters<'j> {
    /// For the placeholders of the operation's path, in their order.
    pub(crate) path: Vec<Cow<'j, str>>,
    query: Pairs<'j>,
    headers: Pairs<'j>,
    /// Secrets in query or body, which no error repeats.
    hidden: Vec<Cow<'j, str>>,
    idempotency_key: Option<Cow<'j, str>>,
    timeout: Option<Duration>,
    attempt_timeout: Option<Duration>,
    max_attempts: Option<u32>,
}

impl<'j> Parameters<'j> {
    pub(crate) fn read(json: Option<&'j str>) -> Result<Self, Error> {
        let mut read = Self::default();
        each(json, |name, value| match name {
            "path" => list(value).map(|path| read.path = path),
            "query" => plain(value).map(|query| read.query = query),
            "headers" => texts(value).map(|headers| read.headers = headers),
            "hide" => list(value).map(|secrets| read.hidden = secrets),
            "idempotencyKey" => text(value).map(|key| read.idempotency_key = Some(key)),
            "timeoutMs" => number(value).map(|ms| read.timeout = Some(Duration::from_millis(ms))),
            "attemptTimeoutMs" => number(value).map(|ms| read.attempt_timeout = Some(Duration::from_millis(ms))),
            "maxAttempts" => number(value).map(|attempts| read.max_attempts = Some(attempts)),
            _ => Err("is not known"),
        })
        .map_err(|problem| Error::new(ErrorKind::Request, problem))?;
        Ok(read)
    }

    pub(crate) fn apply<'c>(&self, operation: &'static Operation, mut call: CallBuilder<'c>) -> CallBuilder<'c> {
        for (name, value) in placeholders(operation.path()).zip(&self.path) {
            call = call.path_param(name, value);
        }
        self.options(call)
    }

    /// Everything but the path.
    pub(crate) fn options<'c>(&self, mut call: CallBuilder<'c>) -> CallBuilder<'c> {
        for (name, value) in &self.query {
            call = call.query(name, value);
        }
        for (name, value) in &self.headers {
            call = call.header(&**name, &**value);
        }
        for secret in &self.hidden {
            call = call.hide(&Secret::from(&**secret));
        }
        if let Some(key) = &self.idempotency_key {
            call = call.idempotency_key(key);
        }
        if let Some(limit) = self.timeout {
            call = call.timeout(limit);
        }
        if let Some(limit) = self.attempt_timeout {
            call = call.attempt_timeout(limit);
        }
        match self.max_attempts {
            Some(attempts) => call.max_attempts(attempts),
            None => call,
        }
    }
}

/// The names in the braces of a path template.
fn placeholders(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

/// Shows every option that is set; `null` counts as not set.
pub(crate) fn each<'j>(
    json: Option<&'j str>,
    mut set: impl FnMut(&str, Json<'j>) -> Result<(), &'static str>,
) -> Result<(), String> {
    let Some(json) = json else { return Ok(()) };
    let options = Json::read(json.as_bytes()).and_then(Json::members);
    let options = options.ok_or("an option cannot be used: the options are no JSON object")?;
    options.into_iter().filter(|(_, value)| !value.is_null()).try_for_each(|(name, value)| {
        set(&name, value).map_err(|problem| format!("an option cannot be used: `{name}` {problem}"))
    })
}

pub(crate) fn text(value: Json<'_>) -> Result<Cow<'_, str>, &'static str> {
    value.text().ok_or("is no text")
}

pub(crate) fn number<N: FromStr>(value: Json<'_>) -> Result<N, &'static str> {
    value.number().and_then(|number| number.parse().ok()).ok_or("is no whole number from 0 on, or too large a one")
}

pub(crate) fn flag(value: Json<'_>) -> Result<bool, &'static str> {
    value.flag().ok_or("is neither `true` nor `false`")
}

fn list(value: Json<'_>) -> Result<Vec<Cow<'_, str>>, &'static str> {
    let elements = value.elements().ok_or("is no list")?.into_iter();
    elements.map(Json::text).collect::<Option<_>>().ok_or("has something in it that is no text")
}

fn texts(value: Json<'_>) -> Result<Pairs<'_>, &'static str> {
    let members = value.members().ok_or("is no object")?.into_iter();
    let texts = members.map(|(name, value)| value.text().map(|text| (name, text)));
    texts.collect::<Option<_>>().ok_or("has something in it that is no text")
}

/// Values of a query: text is sent as it is, anything else as JSON, and `null` not at all. One question has one URL, in
/// whatever order it is asked.
fn plain(value: Json<'_>) -> Result<Pairs<'_>, &'static str> {
    let members = value.members().ok_or("is no object")?.into_iter().filter(|(_, value)| !value.is_null());
    let plain = members.map(|(name, value)| (name, value.text().unwrap_or(Cow::Borrowed(value.as_str()))));
    let mut plain: Pairs<'_> = plain.collect();
    plain.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Ok(plain)
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
        let json = r#"{"path":["1/2","x"],"query":{"q":"a&b","n":5,"gone":null,"on":true}}"#;
        assert_eq!(url(json).unwrap(), "http://x.test/v1/1%2F2/b/x?n=5&on=true&q=a%26b");
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_its_reason() {
        assert!(url(r#"{"path":["1"]}"#).unwrap_err().to_string().contains("`c`"));
        for (json, problem) in [
            (r#"{"timeout":5}"#, "`timeout` is not known"),
            (r#"{"timeoutMs":1.5}"#, "`timeoutMs` is no whole number"),
            (r#"{"path":"x"}"#, "`path` is no list"),
            (r#"{"hide":"x"}"#, "`hide` is no list"),
            (r#"{"headers":{"a":1}}"#, "`headers` has something in it that is no text"),
            (r#"{"idempotencyKey":1}"#, "`idempotencyKey` is no text"),
            ("[]", "no JSON object"),
        ] {
            let error = url(json).unwrap_err();
            assert!(error.kind() == ErrorKind::Request && error.to_string().contains(problem), "{error}");
        }
        assert_eq!(ClientSettings::read(Some("{")).unwrap_err().kind(), ErrorKind::Configuration);
    }
}
