//! A bearer token that is renewed before it expires.

mod options;
mod provider;
mod renew;
mod state;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;
use http::{HeaderMap, HeaderValue};

pub use options::RefreshOptions;
pub use provider::TokenProvider;

use super::{Auth, Token, TokenStore};
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::request::Request;
use state::{Current, Outcome, Refusal, State, Step};

/// How often a caller starts over when the task that refreshes was dropped, as an executor does that shuts down.
const FLIGHTS_PER_CALLER: usize = 3;

/// Sends an access token that renews itself: [`TokenProvider`] knows how, [`TokenStore`] where it is kept.
///
/// - **One refresh** at a time, however many calls need it. It runs as a task of its own, so that a caller who goes away
///   neither stops it nor loses the token that it brings.
/// - **Early**: five minutes before the expiry by default, by chance up to half of that later so that processes do not
///   all begin at once, and never before half of the token's remaining life has passed. The present token serves
///   meanwhile. Only a call begins a refresh; a client at rest does not.
/// - **Stored before it is used.** A service that rotates refresh tokens no longer takes the old one; a new one that only
///   this process knew would be lost with it. If saving fails, the new token is kept and saved before anything else
///   happens; the spent refresh token is never sent again. Only a process that is killed between the service's answer and
///   the end of the save loses the authorisation, which nothing on this side can prevent.
/// - **Failures** pause refreshing for 1 s to 60 s, longer each time. The present token serves as long as it is valid;
///   without one, calls fail at once with the reason and with the rest of the pause as
///   [`retry_after`](crate::Error::retry_after).
/// - **401** to a token that was taken for valid: one refresh and one repeat of the attempt per call. A token that was
///   refreshed within the last minute is not refreshed for that: it cannot be stale.
/// - **The end of the authorisation** (`invalid_grant`) is final: calls fail with [`ErrorKind::Credentials`] and the
///   service is not asked again until the store holds another token.
/// - **Other processes** that share the store are heeded: before a refresh it is read, under the store's lock if it has
///   one, and a newer token is taken from there.
///
/// Clones share all of it.
///
/// ```no_run
/// use std::time::{Duration, SystemTime};
///
/// use acd_core::{Client, Error, ErrorKind, MemoryTokenStore, Operation, RefreshingBearer, Result, Secret, Token};
/// use acd_core::TokenProvider;
/// use http::Method;
/// use serde::Deserialize;
///
/// const REFRESH: Operation = Operation::new("vendor.token", Method::POST, "/oauth/token");
///
/// struct Vendor(Client);
///
/// #[derive(Deserialize)]
/// struct Grant {
///     access_token: String,
///     refresh_token: String,
///     expires_in: u64,
/// }
///
/// impl TokenProvider for Vendor {
///     async fn refresh(&self, current: &Token) -> Result<Token> {
///         let none = || Error::new(ErrorKind::Credentials, "connect the account: its token cannot be refreshed");
///         let refresh = current.refresh().ok_or_else(none)?;
///         let body = serde_json::json!({ "grant_type": "refresh_token", "refresh_token": refresh.expose() });
///         let grant: Grant = self.0.call(&REFRESH).hide(refresh).json(&body).send_json().await?;
///         Ok(Token::new(Secret::new(grant.access_token))
///             .with_refresh(Secret::new(grant.refresh_token))
///             .with_expires_at(SystemTime::now() + Duration::from_secs(grant.expires_in)))
///     }
/// }
///
/// # fn example(store: MemoryTokenStore) -> Result<()> {
/// let vendor = Vendor(Client::builder("https://auth.example.com").build()?);
/// let auth = RefreshingBearer::new(vendor, store);
/// let client = Client::builder("https://api.example.com").auth(auth).build()?;
/// # Ok(())
/// # }
/// ```
pub struct RefreshingBearer<P, S> {
    shared: Arc<Shared<P, S>>,
}

struct Shared<P, S> {
    provider: P,
    store: S,
    options: RefreshOptions,
    state: Mutex<State>,
}

impl<P: TokenProvider, S: TokenStore> RefreshingBearer<P, S> {
    /// Credentials of the account that `store` keeps. Nothing is read before the first call.
    pub fn new(provider: P, store: S) -> Self {
        Self::with_options(provider, store, RefreshOptions::default())
    }

    /// The same with other settings than the default ones.
    pub fn with_options(provider: P, store: S, options: RefreshOptions) -> Self {
        Self { shared: Arc::new(Shared { provider, store, options, state: Mutex::default() }) }
    }

    /// The token as a request would carry it now, refreshed if necessary: for what does not pass through a
    /// [`Client`](crate::Client).
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when there is no valid token and none could be had; its source is the cause.
    /// [`ErrorKind::Environment`] when nothing is there to run the refresh.
    pub async fn token(&self) -> Result<Token> {
        self.current().await.map(|current| current.token)
    }

    async fn current(&self) -> Result<Current> {
        for _ in 0..FLIGHTS_PER_CALLER {
            let landing = match self.step() {
                Step::Use(current) => return Ok(*current),
                Step::UseAndRefresh(current, flight) => {
                    if let Err(error) = self.launch(flight) {
                        tracing::warn!(%error, "the access token could not be refreshed early");
                    }
                    return Ok(*current);
                }
                Step::Fail(error) => return Err(error),
                Step::Wait(landing) => landing,
                Step::Refresh(landing, flight) => {
                    self.launch(flight)?;
                    landing
                }
            };
            match landing.await {
                Ok(Ok(current)) => return Ok(*current),
                Ok(Err((cause, pause))) => return Err(state::failure(&cause, pause)),
                // The task was dropped before its end. Whoever still needs a token begins another one.
                Err(oneshot::Canceled) => {}
            }
        }
        Err(Error::new(
            ErrorKind::Environment,
            "the executor drops the task that refreshes the access token: make no calls while it shuts down",
        ))
    }

    fn step(&self) -> Step {
        let runtime = &self.shared.options.runtime;
        self.shared.state().step(runtime.wall(), runtime.now())
    }

    /// Starts the refresh as a task of its own.
    fn launch(&self, flight: u64) -> Result<()> {
        let landing = Landing { shared: Arc::clone(&self.shared), flight };
        // A task that is not taken is dropped, and with it the landing, which clears the flight.
        self.shared.options.runtime.spawn(async move {
            let outcome = landing.shared.renew_in_time().await;
            landing.end(outcome);
        })
    }
}

impl<P: TokenProvider, S: TokenStore> Auth for RefreshingBearer<P, S> {
    async fn apply(&self, request: &mut Request) -> Result<()> {
        let current = self.current().await?;
        request.headers_mut().insert(self.shared.options.header.clone(), current.value);
        Ok(())
    }

    fn is_renewable(&self) -> bool {
        true
    }

    async fn refused(&self, sent: &HeaderMap) -> Result<bool> {
        let Some(value) = sent.get(&self.shared.options.header) else { return Ok(false) };
        match self.refuse(value) {
            Refusal::Replaced => Ok(true),
            Refusal::Young => Ok(false),
            Refusal::Paused(error) => Err(error),
            Refusal::Marked => self.current().await.map(|current| current.value != value),
        }
    }
}

impl<P, S> RefreshingBearer<P, S> {
    fn refuse(&self, value: &HeaderValue) -> Refusal {
        let runtime = &self.shared.options.runtime;
        self.shared.state().refuse(value, runtime.wall(), runtime.now())
    }
}

impl<P, S> Shared<P, S> {
    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment after the last thing that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the flight whatever becomes of its task: a flight that nobody ends would keep every caller waiting.
struct Landing<P, S> {
    shared: Arc<Shared<P, S>>,
    flight: u64,
}

impl<P, S> Landing<P, S> {
    fn end(self, outcome: Outcome) {
        let now = self.shared.options.runtime.now();
        // Without randomness the longest pause is the kindest.
        let unit = self.shared.options.runtime.random_unit().unwrap_or(1.0);
        let tell = self.shared.state().land(self.flight, outcome, now, unit);
        tell();
    }
}

impl<P, S> Drop for Landing<P, S> {
    fn drop(&mut self) {
        let abandoned = self.shared.state().abandon(self.flight);
        drop(abandoned);
    }
}

impl<P, S> Clone for RefreshingBearer<P, S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<P, S> fmt::Debug for RefreshingBearer<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshingBearer").field("options", &self.shared.options).finish_non_exhaustive()
    }
}
