//! Putting a call together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CallOptions;
use crate::Result;
use crate::auth::{Auth, SharedAuth};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::form::{self, Dialect};
use crate::hedge::Hedge;
use crate::limits::{OnLimit, Priority};
use crate::operation::Operation;
use crate::request::{Body, Multipart, Request, Target};
use crate::response::Response;
use crate::retry::RetryConfig;
use crate::secret::Secret;
use crate::signing::{SharedSigner, Signer};

/// A call in the making, from [`Client::call`]. A value that cannot be used is reported when the call is built or sent,
/// so that the chain stays free of question marks.
#[must_use = "nothing is sent until `send` is awaited"]
pub struct CallBuilder<'c> {
    client: &'c Client,
    operation: &'static Operation,
    target: Target,
    headers: HeaderMap,
    body: Body,
    options: CallOptions,
    problem: Option<Error>,
}

impl<'c> CallBuilder<'c> {
    pub(crate) fn new(client: &'c Client, operation: &'static Operation) -> Self {
        Self {
            client,
            operation,
            target: Target::new(client.base_url(), operation),
            headers: client.settings().headers.clone(),
            body: Body::empty(),
            options: CallOptions::default(),
            problem: None,
        }
    }

    /// Fills `{name}` of the operation's path. The value is encoded; an empty one, `.` and `..` are refused.
    pub fn path_param(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.target.path_param(name, value);
        self
    }

    /// Sends the call to this absolute URL, as a server gave it for an upload's session or a next page, in the place of
    /// the base URL and the operation's path.
    ///
    /// At another origin than the base URL's the client's credentials, its signature and those of its headers that are
    /// marked sensitive stay behind; what is set on the call itself is sent. A URL without TLS is refused when the base
    /// URL has it. The URL's query is kept out of logs, its path is not.
    pub fn url(mut self, url: impl AsRef<str>) -> Self {
        self.target.elsewhere(url.as_ref());
        self
    }

    /// Adds a query parameter. Not for secrets: URLs end up in logs.
    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.target.query(name, value);
        self
    }

    /// Adds a query parameter if there is a value.
    pub fn query_opt(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sets a header, in the place of one of the same name.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
            }
            (Err(_), _) => self.refuse("was given a header whose name is not one"),
            // The value is not repeated: it may be a secret.
            (Ok(name), Err(_)) => {
                let name = name.as_str().to_owned();
                self.refuse(&format!("was given a value for the header `{name}` that a header cannot carry"));
            }
        }
        self
    }

    /// Sends `body` as JSON.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.body(bytes).header(CONTENT_TYPE, HeaderValue::from_static("application/json")),
            Err(cause) => {
                self.problem.get_or_insert_with(|| {
                    Error::new(ErrorKind::Request, "the body cannot be written as JSON").with_source(cause)
                });
                self
            }
        }
    }

    /// Sends `body`, a struct or a map of single values and lists of them, as a plain form
    /// (`application/x-www-form-urlencoded`): a list repeats its key.
    ///
    /// `None` is left out. A unit, JSON's `null` and `Some(None)` are written as an empty value. Maps are written in the
    /// order of their keys, structs in that of their fields.
    pub fn form(self, body: &(impl Serialize + ?Sized)) -> Self {
        self.encoded_form(form::encode(body, Dialect::Plain))
    }

    /// Sends `body` as a form that holds structure in brackets, as Stripe's API takes it: `a[b][c]=v`,
    /// `items[0][price]=v`. What is left out and what is written empty, which clears it there, is as in
    /// [`form`](Self::form); an empty list or map leaves no trace
    /// ([encoding](https://docs.stripe.com/api?lang=curl)).
    pub fn nested_form(self, body: &(impl Serialize + ?Sized)) -> Self {
        self.encoded_form(form::encode(body, Dialect::Nested))
    }

    /// Adds query parameters in the way of [`nested_form`](Self::nested_form).
    pub fn nested_query(mut self, parameters: &(impl Serialize + ?Sized)) -> Self {
        match form::encode(parameters, Dialect::Nested) {
            Ok(pairs) => self.target.encoded_query(&pairs),
            Err(problem) => {
                self.problem.get_or_insert(problem);
            }
        }
        self
    }

    /// Sends these parts as `multipart/form-data`. The boundary is the same on every attempt.
    pub fn multipart(mut self, parts: Multipart) -> Self {
        match parts.encode(self.client.runtime()) {
            Ok((content_type, body)) => self.body(body).header(CONTENT_TYPE, content_type),
            Err(problem) => {
                self.problem.get_or_insert(problem);
                self
            }
        }
    }

    /// Sends `body` as it is; its content type is the caller's to set.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// Uses this idempotency key in the place of a random one. A caller who may send the same intent again later, after
    /// a crash say, keeps it with the intent.
    pub fn idempotency_key(mut self, key: impl AsRef<str>) -> Self {
        match HeaderValue::from_str(key.as_ref()) {
            Ok(value) if !value.is_empty() => self.options.idempotency_key = Some(value),
            _ => self.refuse("was given an idempotency key that is empty or that a header cannot carry"),
        }
        self
    }

    /// Sets the overall deadline, retries and waits included.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.options.timeout = Some(limit);
        self
    }

    /// Sets the timeout of one attempt. For a streamed answer it is also the longest silence between two chunks.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.options.attempt_timeout = Some(limit);
        self
    }

    /// Sets how this call is retried.
    pub fn retry(mut self, config: RetryConfig) -> Self {
        self.options.retry = Some(config);
        self
    }

    /// Sets the number of attempts, the first included, and leaves the rest of how failures are retried as it is. 0 counts
    /// as 1.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        let settings = self.client.settings();
        self.options.retry.get_or_insert_with(|| settings.retry.clone()).max_attempts = attempts;
        self
    }

    /// Sends other credentials than the client's.
    pub fn auth(mut self, auth: impl Auth) -> Self {
        self.options.auth = Some(Some(SharedAuth::new(auth)));
        self
    }

    /// Sends no credentials.
    pub fn without_auth(mut self) -> Self {
        self.options.auth = Some(None);
        self
    }

    /// Signs the request in another way than the client does.
    pub fn signer(mut self, signer: impl Signer) -> Self {
        self.options.signer = Some(Some(SharedSigner::new(signer)));
        self
    }

    /// Sends the request unsigned.
    pub fn without_signer(mut self) -> Self {
        self.options.signer = Some(None);
        self
    }

    /// Starts a second attempt beside a slow first one, if the operation is safe.
    pub fn hedge(mut self, hedge: Hedge) -> Self {
        self.options.hedge = Some(Some(hedge));
        self
    }

    /// Starts no second attempt beside a slow first one, whatever the client does.
    pub fn without_hedge(mut self) -> Self {
        self.options.hedge = Some(None);
        self
    }

    /// Says whose pool of this name the call draws from: the ad account, the user, the token.
    pub fn pool_scope(mut self, pool: &'static str, scope: impl Into<String>) -> Self {
        self.options.pool_scopes.push((pool, scope.into().into()));
        self
    }

    /// Sets what the call takes from the pool of this name, in the place of the operation's cost: a batch costs what is in
    /// it, and one pool may count calls where another weighs them.
    pub fn pool_cost(mut self, pool: &'static str, units: u32) -> Self {
        self.options.pool_costs.push((pool, units));
        self
    }

    /// Says who asks. Callers that wait for the same limit are served in turns.
    pub fn caller(mut self, caller: impl Into<Arc<str>>) -> Self {
        self.options.caller = Some(caller.into());
        self
    }

    /// Says how urgent the call is among those of the same caller that wait for a limit. Default: interactive.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.options.priority = priority;
        self
    }

    /// Sets whether the call waits for a limit or fails at once.
    pub fn on_limit(mut self, on_limit: OnLimit) -> Self {
        self.options.on_limit = Some(on_limit);
        self
    }

    /// Tries the call even while the breaker is open, and keeps its outcome from the breaker: for health checks, and for
    /// what must be tried whatever the odds.
    pub fn without_breaker(mut self) -> Self {
        self.options.without_breaker = true;
        self
    }

    /// Answers in the place of a server that the breaker keeps calls from: with a remembered answer, say. `None` lets the
    /// error stand.
    pub fn fallback(mut self, answer: impl Fn(&Error) -> Option<Response> + Send + Sync + 'static) -> Self {
        self.options.fallback = Some(Arc::new(answer));
        self
    }

    /// Hides this text in the error if the server quotes it, for a secret that travels in the body: a refresh token, a
    /// password. What travels in headers is hidden without being named.
    pub fn hide(mut self, secret: &Secret) -> Self {
        self.options.hidden.push(secret.clone());
        self
    }

    /// Sets how many bytes of the answer are read into memory at most.
    pub fn max_response_bytes(mut self, limit: usize) -> Self {
        self.options.max_response_bytes = Some(limit);
        self
    }

    /// The request as plain data, before any policy has touched it and without any I/O: for tests, batching and queues.
    ///
    /// # Errors
    /// [`ErrorKind::Request`] for a missing path parameter and any value that was refused on the way.
    pub fn build(self) -> Result<Request> {
        self.into_parts().map(|(_, request, _)| request)
    }

    /// Makes the call and reads the whole answer.
    ///
    /// # Errors
    /// Any [`ErrorKind`]; an answer other than 2xx or 304 is one too.
    pub async fn send(self) -> Result<Response> {
        let client = self.client;
        let operation = self.operation;
        match self.into_parts() {
            Ok((operation, request, options)) => client.execute(operation, request, options).await,
            Err(error) => Err(error.with_operation(operation.name())),
        }
    }

    /// Makes the call and returns as soon as the answer begins. A body that breaks off later is the caller's to handle:
    /// only the time up to the first byte is covered by retries.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_streaming(mut self) -> Result<Response> {
        self.options.streaming = true;
        self.send().await
    }

    /// Makes the call and reads the answer as JSON.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`ErrorKind::Decode`] with the path of the value that was not understood.
    pub async fn send_json<T: DeserializeOwned>(self) -> Result<T> {
        self.send().await?.json().await
    }

    fn into_parts(mut self) -> Result<(&'static Operation, Request, CallOptions)> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let elsewhere = self.target.is_elsewhere();
        let uri = self.target.resolve(self.client.base_url(), self.operation)?;
        if elsewhere && !self.client.base_url().has_origin_of(&uri) {
            self.options.auth.get_or_insert(None);
            self.options.signer.get_or_insert(None);
            for (name, value) in self.client.settings().headers.iter().filter(|(_, value)| value.is_sensitive()) {
                if self.headers.get(name) == Some(value) {
                    self.headers.remove(name);
                }
            }
        }
        let mut request = Request::new(self.operation.method(), uri);
        *request.headers_mut() = self.headers;
        *request.body_mut() = self.body;
        Ok((self.operation, request, self.options))
    }

    fn encoded_form(mut self, form: Result<String>) -> Self {
        match form {
            Ok(form) => {
                self.body(form).header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            }
            Err(problem) => {
                self.problem.get_or_insert(problem);
                self
            }
        }
    }

    fn refuse(&mut self, why: &str) {
        let path = self.operation.path();
        self.problem.get_or_insert_with(|| Error::new(ErrorKind::Request, format!("{path} {why}")));
    }
}

impl fmt::Debug for CallBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = &self.client.settings().allow_list;
        f.debug_struct("CallBuilder")
            .field("operation", &self.operation.name())
            .field("headers", &list.headers(&self.headers))
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
