//! Playing a cassette back.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acd_core::{Error, Request, Response, Result, Transport};

use super::difference::{difference, likeness};
use super::exchange::{Exchange, StoredRequest};
use super::{Cassette, Sanitiser, refused};

/// How much of a request's body is read into memory at most.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Which recorded exchange answers a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The next one, which the request has to match.
    #[default]
    Strict,
    /// The first unused one that the request matches: for calls that run side by side.
    Any,
}

/// Answers requests from a [`Cassette`]. A request matches an exchange with the same method, URL and body, both sanitised;
/// JSON is compared by meaning. Each exchange answers once. Clones share what is used.
///
/// A request that matches nothing fails with [`ErrorKind::Configuration`](acd_core::ErrorKind::Configuration), which
/// names the nearest exchange and its difference.
#[derive(Clone)]
pub struct Replay {
    exchanges: Arc<Mutex<Vec<(Exchange, bool)>>>,
    sanitiser: Arc<Sanitiser>,
    order: Order,
}

impl Replay {
    /// Plays `cassette`, which was recorded with the same `sanitiser`, in strict order.
    pub fn new(cassette: Cassette, sanitiser: Sanitiser) -> Self {
        let exchanges = cassette.exchanges.into_iter().map(|exchange| (exchange, false)).collect();
        Self { exchanges: Arc::new(Mutex::new(exchanges)), sanitiser: Arc::new(sanitiser), order: Order::Strict }
    }

    /// Sets which exchange answers a request.
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// The exchanges that no request has used, as `GET https://…`.
    pub fn unused(&self) -> Vec<String> {
        self.lock().iter().filter(|(_, used)| !used).map(|(exchange, _)| line(&exchange.request)).collect()
    }

    /// Asserts that every exchange was used.
    ///
    /// # Panics
    /// When one was not, with the list.
    #[track_caller]
    pub fn assert_used_up(&self) {
        let unused = self.unused();
        assert!(unused.is_empty(), "recorded exchanges that were never asked for:\n{}", unused.join("\n"));
    }

    fn answer(&self, sent: &StoredRequest) -> Result<Response> {
        let mut exchanges = self.lock();
        let mut candidates = exchanges.iter_mut().filter(|(_, used)| !used);
        let found = match self.order {
            Order::Strict => candidates.next().filter(|(exchange, _)| exchange.request.is_same(sent)),
            Order::Any => candidates.find(|(exchange, _)| exchange.request.is_same(sent)),
        };
        let Some((exchange, used)) = found else { return Err(self.unmatched(&exchanges, sent)) };
        *used = true;
        exchange.answer.response()
    }

    fn unmatched(&self, exchanges: &[(Exchange, bool)], sent: &StoredRequest) -> Error {
        let numbered =
            exchanges.iter().enumerate().map(|(index, (exchange, used))| (index + 1, &exchange.request, *used));
        let nearest = match self.order {
            Order::Strict => numbered.clone().find(|(.., used)| !used),
            // Of equals the one that is still to come, and of those the first.
            Order::Any => numbered.clone().rev().max_by_key(|(_, request, used)| (likeness(request, sent), !used)),
        };
        let sent_line = line(sent);
        refused(match (nearest, self.order) {
            (None, _) => format!("the cassette has no exchange left for {sent_line}"),
            (Some((number, request, _)), Order::Strict) => {
                let difference = difference(request, sent);
                format!("{sent_line} was sent where exchange {number} is due, {}: {difference}", line(request))
            }
            (Some((number, request, _)), Order::Any) => {
                let difference = difference(request, sent);
                format!("no unused exchange matches {sent_line}; nearest is {number}, {}: {difference}", line(request))
            }
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Exchange, bool)>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(request: &StoredRequest) -> String {
    format!("{} {}", request.method, request.url)
}

impl Transport for Replay {
    async fn send(&self, request: Request) -> Result<Response> {
        let (method, uri, headers, body) = request.into_parts();
        let body = body.collect(LARGEST_BODY).await?;
        self.answer(&self.sanitiser.request(&method, &uri, &headers, &body))
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("order", &self.order)
            .field("unused", &self.unused().len())
            .finish_non_exhaustive()
    }
}
