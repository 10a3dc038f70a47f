//! A list page by page.

use std::fmt;
use std::task::{Context, Poll, ready};

use futures_util::future::poll_fn;
use tracing::debug;

use super::cycle::Cycle;
use super::{ListPosition, Page, PageRequest, Paged};
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::runtime::BoxFuture;

/// The pages of a list, in order. An error ends it; [`position`](Self::position) is then the page that failed.
pub struct Pages<T> {
    list: Paged<T>,
    cycle: Cycle,
    failed: bool,
    pending: Option<BoxFuture<'static, Result<Page<T>>>>,
}

impl<T> Pages<T> {
    pub(super) fn new(list: Paged<T>) -> Self {
        let cycle = Cycle::new(list.position.cursor.clone());
        Self { list, cycle, failed: false, pending: None }
    }

    /// The next page, or `None` after the last one and after an error. Dropping the future loses no page.
    ///
    /// # Errors
    /// Whatever the call reports, and [`ErrorKind::Decode`] when the server's cursors go round in a circle.
    pub async fn next(&mut self) -> Result<Option<Page<T>>> {
        poll_fn(|cx| self.poll_next(cx)).await.transpose()
    }

    /// Asks for the next page. A `futures::Stream` is made of it in one line:
    /// `futures::stream::poll_fn(move |cx| pages.poll_next(cx))`.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Page<T>>>> {
        if self.failed || self.list.position.ended {
            return Poll::Ready(None);
        }
        loop {
            let Self { list, pending, .. } = self;
            let future = pending.get_or_insert_with(|| {
                (list.fetch)(PageRequest { cursor: list.position.cursor.clone(), size: list.size })
            });
            let fetched = ready!(future.as_mut().poll(cx));
            self.pending = None;
            let taken = match fetched {
                Err(error) if self.shrinks_for(&error) => continue,
                fetched => fetched.and_then(|page| self.take(page)),
            };
            self.failed = taken.is_err();
            return Poll::Ready(Some(taken));
        }
    }

    /// The place after the last page that was given: [`Paged::resume`] goes on with the page that would have come next.
    pub fn position(&self) -> ListPosition {
        self.list.position.clone()
    }

    fn take(&mut self, mut page: Page<T>) -> Result<Page<T>> {
        if page.next.as_deref().is_some_and(|next| self.cycle.closes_with(next)) {
            let problem = "the server gave a cursor for the second time: the list would never end";
            return Err(Error::new(ErrorKind::Decode, problem));
        }
        let skip = self.list.position.skip;
        let skipped = usize::try_from(skip).map_or(page.items.len(), |skip| skip.min(page.items.len()));
        page.items.drain(..skipped);
        let left = skip.saturating_sub(u64::try_from(skipped).unwrap_or(u64::MAX));
        self.list.position = ListPosition::after(page.next.clone(), left);
        Ok(page)
    }

    fn shrinks_for(&mut self, error: &Error) -> bool {
        let Paged { size: Some(size), smallest, asks_for_less, .. } = &mut self.list else { return false };
        if *size <= *smallest || !asks_for_less(error) {
            return false;
        }
        *size = (*size / 2).max(*smallest);
        debug!(size = *size, "a page was too much for the server, asking for less");
        true
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("list", &self.list).finish_non_exhaustive()
    }
}
