//! A transport that lets things go wrong.

use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};

use acd_core::{Body, Error, ErrorKind, Request, Response, Result, Runtime, Transport};
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::body::{slow, truncated};
use super::plan::{Fault, Faults, Kind};

/// A fault that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Injected {
    /// The number of the request, from 1.
    pub request: u64,
    /// What happened to it.
    pub fault: Fault,
}

/// Lets [`Faults`] happen in front of another transport: a [`ScriptedTransport`](crate::ScriptedTransport), a
/// [`Replay`](crate::Replay) or a real one. Waits and chance come from the [`Runtime`], so that the same seed gives the
/// same run. Clones share the count and the account.
pub struct FaultTransport<T> {
    inner: Arc<T>,
    faults: Arc<Faults>,
    runtime: Runtime,
    account: Arc<Mutex<Account>>,
}

#[derive(Default)]
struct Account {
    requests: u64,
    injected: Vec<Injected>,
}

impl<T: Transport> FaultTransport<T> {
    /// Lets `faults` happen in front of `inner`.
    pub fn new(inner: T, faults: Faults, runtime: Runtime) -> Self {
        Self { inner: Arc::new(inner), faults: Arc::new(faults), runtime, account: Arc::default() }
    }

    /// What has happened so far.
    pub fn injected(&self) -> Vec<Injected> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner).injected.clone()
    }

    /// Counts a request and decides what becomes of it.
    fn begin(&self) -> Result<(std::time::Duration, Option<Fault>)> {
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        account.requests += 1;
        let request = account.requests;
        let (delay, fault) = self.faults.fate(request, || self.runtime.random_unit())?;
        account.injected.extend(fault.clone().map(|fault| Injected { request, fault }));
        Ok((delay, fault))
    }
}

impl<T: Transport> Transport for FaultTransport<T> {
    async fn send(&self, request: Request) -> Result<Response> {
        let (delay, fault) = self.begin()?;
        if !delay.is_zero() {
            self.runtime.sleep(delay).await;
        }
        let Some(Fault(fault)) = fault else { return self.inner.send(request).await };
        match fault {
            Kind::Answer { status, retry_after } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let seconds = |wait: std::time::Duration| wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                let wait = retry_after.map(|wait| (RETRY_AFTER, HeaderValue::from(seconds(wait))));
                Ok(Response::new(status, HeaderMap::from_iter(wait), Bytes::new()))
            }
            Kind::CutBefore { surely_unsent: true } => {
                Err(Error::new(ErrorKind::Connect, "the connection was refused on purpose"))
            }
            Kind::CutBefore { surely_unsent: false } => Err(cut()),
            Kind::CutAfter => {
                // Read to its end: a server that streams has acted only then.
                let mut answer = self.inner.send(request).await?.into_stream();
                while answer.chunk().await?.is_some() {}
                Err(cut())
            }
            Kind::Truncate { keep } => {
                let response = self.inner.send(request).await?;
                Ok(response.map_body(|body| Body::stream(None, truncated(body.into_stream(), keep))))
            }
            Kind::SlowBody { chunk, pause } => {
                let response = self.inner.send(request).await?;
                let runtime = self.runtime.clone();
                Ok(response.map_body(|body| Body::stream(None, slow(body.into_stream(), chunk, pause, runtime))))
            }
            Kind::Hang => pending().await,
        }
    }
}

fn cut() -> Error {
    Error::new(ErrorKind::Interrupted, "the connection was cut on purpose")
}

impl<T> Clone for FaultTransport<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            faults: Arc::clone(&self.faults),
            runtime: self.runtime.clone(),
            account: Arc::clone(&self.account),
        }
    }
}

impl<T> fmt::Debug for FaultTransport<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultTransport").field("faults", &self.faults).finish_non_exhaustive()
    }
}
