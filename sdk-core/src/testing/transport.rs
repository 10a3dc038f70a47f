//! A transport that follows a script.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};

use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::redact::AllowList;
use crate::request::{Body, ByteStream, Request};
use crate::response::Response;
use crate::runtime::Sleep as _;
use crate::transport::Transport;

use super::ManualClock;

/// How much of a request's body is recorded at most.
const RECORDED_BODY: usize = 16 * 1024 * 1024;

/// What the transport does with one request.
pub struct Script {
    act: Act,
    delay: Duration,
}

enum Act {
    Answer { status: StatusCode, headers: HeaderMap, body: Bytes, broken: bool },
    Fail(Box<dyn FnOnce() -> Error + Send + Sync>),
    Hang,
}

/// An answer with this status; [`Script::header`] and [`Script::body`] add to it.
///
/// # Panics
/// When `status` is not a three-digit number from 100 on.
pub fn answer(status: u16) -> Script {
    let Ok(status) = StatusCode::from_u16(status) else { panic!("{status} is not an HTTP status") };
    Script::act(Act::Answer { status, headers: HeaderMap::new(), body: Bytes::new(), broken: false })
}

impl Script {
    const fn act(act: Act) -> Self {
        Self { act, delay: Duration::ZERO }
    }

    /// Waits before acting, on the clock of [`ScriptedTransport::on_clock`].
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The transport fails.
    pub fn fail(error: impl FnOnce() -> Error + Send + Sync + 'static) -> Self {
        Self::act(Act::Fail(Box::new(error)))
    }

    /// The server takes the request and never answers.
    pub fn hang() -> Self {
        Self::act(Act::Hang)
    }

    /// An answer whose connection is cut after `beginning`.
    pub fn broken_body(status: u16, beginning: impl Into<Bytes>) -> Self {
        let mut script = answer(status).body(beginning);
        if let Act::Answer { broken, .. } = &mut script.act {
            *broken = true;
        }
        script
    }

    /// Adds a header to an answer.
    ///
    /// # Panics
    /// When the name or the value is not one that a header can have.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Act::Answer { headers, .. } = &mut self.act {
            match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                (Ok(name), Ok(value)) => headers.append(name, value),
                _ => panic!("`{name}: {value}` is not a header"),
            };
        }
        self
    }

    /// Sets the body of an answer.
    #[must_use]
    pub fn body(mut self, content: impl Into<Bytes>) -> Self {
        if let Act::Answer { body, .. } = &mut self.act {
            *body = content.into();
        }
        self
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.act {
            Act::Answer { status, .. } => write!(f, "answer({status})"),
            Act::Fail(_) => f.write_str("fail"),
            Act::Hang => f.write_str("hang"),
        }
    }
}

/// A request as it reached the transport.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method.
    pub method: Method,
    /// The absolute URL.
    pub uri: Uri,
    /// The headers, credentials included.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// As a request prints itself: what a failing test shows ends up in logs too.
impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = AllowList::default();
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("uri", &format_args!("{}", list.uri(&self.uri)))
            .field("headers", &list.headers(&self.headers))
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// Answers requests in the order of its script and records them. A request too many fails. Clones share script and
/// record.
#[derive(Clone, Debug, Default)]
pub struct ScriptedTransport {
    script: Arc<Mutex<VecDeque<Script>>>,
    requests: Arc<Mutex<Vec<RecordedRequest>>>,
    clock: Option<ManualClock>,
}

impl ScriptedTransport {
    /// A transport that follows `script`.
    pub fn new(script: impl IntoIterator<Item = Script>) -> Self {
        Self { script: Arc::new(Mutex::new(script.into_iter().collect())), requests: Arc::default(), clock: None }
    }

    /// Waits on `clock` where the script says so. Without a clock it does not wait.
    #[must_use]
    pub fn on_clock(mut self, clock: ManualClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Adds to the end of the script.
    pub fn push(&self, next: Script) {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).push_back(next);
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Transport for ScriptedTransport {
    async fn send(&self, request: Request) -> Result<Response> {
        let (method, uri, headers, body) = request.into_parts();
        let body = body.collect(RECORDED_BODY).await?;
        let excess = format!("the script has no answer left for {method} {uri}");
        let recorded = RecordedRequest { method, uri, headers, body };
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);
        let act = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if let (Some(script), Some(clock)) = (&act, &self.clock)
            && !script.delay.is_zero()
        {
            clock.sleep(script.delay).await;
        }
        match act.map(|script| script.act) {
            Some(Act::Answer { status, headers, body, broken: false }) => Ok(Response::new(status, headers, body)),
            Some(Act::Answer { status, headers, body, broken: true }) => {
                Ok(Response::new(status, headers, Body::stream(None, cut_after(body))))
            }
            Some(Act::Fail(error)) => Err(error()),
            Some(Act::Hang) => pending().await,
            None => Err(Error::new(ErrorKind::Configuration, excess)),
        }
    }
}

fn cut_after(beginning: Bytes) -> ByteStream {
    let mut beginning = Some(beginning);
    ByteStream::from_poll_fn(move |_| {
        let chunk = beginning.take().ok_or_else(|| Error::new(ErrorKind::Interrupted, "the connection was cut"));
        Poll::Ready(Some(chunk))
    })
}
