//! A list item by item.

use std::fmt;
use std::task::{Context, Poll, ready};
use std::vec;

use futures_util::future::poll_fn;

use super::{ListPosition, Pages};
use crate::Result;
use crate::error::{Error, ErrorKind};

/// The items of a list, in order. An error ends it; [`position`](Self::position) is then the place before the page that
/// failed.
pub struct Items<T> {
    pages: Pages<T>,
    page: vec::IntoIter<T>,
    /// Where the present page begins, moved on with each item that was taken of it.
    within: ListPosition,
    limit: Option<u64>,
}

impl<T> Items<T> {
    pub(super) fn new(pages: Pages<T>) -> Self {
        let within = pages.position();
        Self { pages, page: Vec::new().into_iter(), within, limit: None }
    }

    /// Ends after this many items, counted from here.
    #[must_use]
    pub fn take(mut self, count: u64) -> Self {
        self.limit = Some(count);
        self
    }

    /// The next item, or `None` after the last one and after an error. Dropping the future loses no item.
    ///
    /// # Errors
    /// As [`Pages::next`].
    pub async fn next(&mut self) -> Result<Option<T>> {
        poll_fn(|cx| self.poll_next(cx)).await.transpose()
    }

    /// Asks for the next item. A `futures::Stream` is made of it in one line:
    /// `futures::stream::poll_fn(move |cx| items.poll_next(cx))`.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        if self.limit == Some(0) {
            return Poll::Ready(None);
        }
        loop {
            if let Some(item) = self.page.next() {
                self.within.skip += 1;
                self.limit = self.limit.map(|left| left - 1);
                return Poll::Ready(Some(Ok(item)));
            }
            self.within = self.pages.position();
            match ready!(self.pages.poll_next(cx)) {
                Some(Ok(page)) => self.page = page.items.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    /// All items from here on.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] as soon as there are more than `limit`: [`take`](Self::take) cuts a list instead. Also as
    /// [`next`](Self::next).
    pub async fn collect(mut self, limit: usize) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await? {
            if all.len() == limit {
                let problem = format!("the list has more than {limit} items: read it as a stream, or raise the limit");
                return Err(Error::new(ErrorKind::TooLarge, problem));
            }
            all.push(item);
        }
        Ok(all)
    }

    /// The place after the last item that was given: [`Paged::resume`](super::Paged::resume) goes on with the next one.
    pub fn position(&self) -> ListPosition {
        if self.page.as_slice().is_empty() { self.pages.position() } else { self.within.clone() }
    }
}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("position", &self.position()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::FutureExt as _;
    use proptest::prelude::*;

    use super::*;
    use crate::paging::{Page, PageRequest, Paged};

    type Asked = Arc<Mutex<Vec<PageRequest>>>;

    fn now<T>(future: impl Future<Output = T>) -> T {
        future.now_or_never().unwrap()
    }

    /// A server whose cursors are offsets, with 7 items a page, and an empty page before some.
    fn numbers(total: u64) -> Paged<u64> {
        Paged::new(move |request: PageRequest| async move {
            let cursor = request.cursor.unwrap_or_else(|| "0".to_owned());
            let first: u64 = cursor.trim_start_matches('e').parse().unwrap();
            if first.is_multiple_of(3) && !cursor.starts_with('e') {
                return Ok(Page { items: Vec::new(), next: Some(format!("e{first}")) });
            }
            let end = (first + u64::from(request.size.unwrap_or(7))).min(total);
            let next = (end < total).then(|| end.to_string());
            Ok(Page { items: (first..end).collect(), next })
        })
    }

    /// Gives these pages in their order, and notes what was asked for.
    fn script(pages: Vec<Result<Page<u8>>>) -> (Paged<u8>, Asked) {
        let asked = Asked::default();
        let (log, pages) = (Arc::clone(&asked), Mutex::new(pages.into_iter()));
        let list = Paged::new(move |request| {
            log.lock().unwrap().push(request);
            let page = pages.lock().unwrap().next().unwrap();
            async move { page }
        });
        (list, asked)
    }

    fn page(items: &[u8], next: Option<&str>) -> Result<Page<u8>> {
        Ok(Page { items: items.to_vec(), next: next.map(str::to_owned) })
    }

    #[test]
    fn every_page_is_asked_for_once_with_the_cursor_before() {
        let (list, asked) = script(vec![page(&[1, 2], Some("a")), page(&[], Some("b")), page(&[3], None)]);
        let items = now(list.resume(ListPosition::at("z")).page_size(5).items().collect(3)).unwrap();
        assert_eq!(items, [1, 2, 3]);
        let asked = asked.lock().unwrap();
        let expected = ["z", "a", "b"].map(|cursor| PageRequest { cursor: Some(cursor.to_owned()), size: Some(5) });
        assert_eq!(*asked, expected);
    }

    #[test]
    fn an_error_ends_the_list_at_the_page_that_failed() {
        let failure = Err(Error::new(ErrorKind::Server, "down"));
        let (list, asked) = script(vec![page(&[1], Some("a")), failure, page(&[2], None)]);
        let mut items = list.items();
        assert_eq!(now(items.next()).unwrap(), Some(1));
        assert_eq!(now(items.next()).unwrap_err().kind(), ErrorKind::Server);
        assert_eq!(now(items.next()).unwrap(), None);
        assert_eq!((asked.lock().unwrap().len(), items.position()), (2, ListPosition::at("a")));
    }

    #[test]
    fn the_page_size_shrinks_when_asked_to_and_stays() {
        let too_much = || Err(Error::new(ErrorKind::Rejected, "less").with_code("1"));
        let (list, asked) = script(vec![too_much(), too_much(), page(&[1], Some("a")), page(&[2], None)]);
        let list = list.page_size(50).shrink(5, |error| error.code() == Some("1"));
        assert_eq!(now(list.items().collect(9)).unwrap(), [1, 2]);
        let sizes: Vec<_> = asked.lock().unwrap().iter().map(|request| request.size).collect();
        assert_eq!(sizes, [50, 25, 12, 12].map(Some));
    }

    #[test]
    fn shrinking_stops_at_the_smallest_page() {
        let too_much = || Err(Error::new(ErrorKind::Rejected, "less"));
        let (list, asked) = script(vec![too_much(), too_much(), too_much()]);
        let mut pages = list.page_size(8).shrink(5, |_| true).pages();
        assert_eq!(now(pages.next()).unwrap_err().kind(), ErrorKind::Rejected);
        assert_eq!(asked.lock().unwrap().len(), 2);
        let (list, _) = script(vec![too_much()]);
        assert!(now(list.shrink(5, |_| true).pages().next()).is_err(), "without a size there is nothing to halve");
    }

    #[test]
    fn cursors_that_go_round_are_an_error() {
        let round = (0..).map(|n| page(&[n], Some(["a", "b", "c"][usize::from(n) % 3])));
        let (list, _) = script(round.take(20).collect());
        let error = now(list.items().collect(100)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
    }

    #[test]
    fn a_list_is_cut_or_refused_at_its_limit() {
        assert_eq!(now(numbers(100).items().take(10).collect(10)).unwrap().len(), 10);
        assert_eq!(now(numbers(100).items().collect(99)).unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(now(numbers(100).items().collect(100)).unwrap().len(), 100);
    }

    #[test]
    fn a_dropped_future_loses_nothing() {
        let pause = || {
            let mut first = true;
            poll_fn(move |_| if std::mem::take(&mut first) { Poll::Pending } else { Poll::Ready(()) })
        };
        let mut items = Paged::new(move |_| async move {
            pause().await;
            page(&[1, 2], None)
        })
        .items();
        assert!(items.next().now_or_never().is_none());
        assert_eq!(now(items.next()).unwrap(), Some(1));
    }

    proptest! {
        #[test]
        fn a_list_goes_on_where_it_was_left(
            total in 1_u64..60, stops in prop::collection::vec((0_u64..20, 1_u32..9), 0..6),
        ) {
            let (mut position, mut read) = (ListPosition::default(), Vec::new());
            for (count, size) in stops {
                let mut items = numbers(total).page_size(size).resume(position).items().take(count);
                while let Some(item) = now(items.next()).unwrap() {
                    read.push(item);
                }
                let text = serde_json::to_string(&items.position()).unwrap();
                position = serde_json::from_str(&text).unwrap();
            }
            let mut pages = numbers(total).resume(position).pages();
            while let Some(page) = now(pages.next()).unwrap() {
                read.extend(page.items);
            }
            prop_assert_eq!(read, (0..total).collect::<Vec<_>>());
            prop_assert!(pages.position().is_end());
        }
    }
}
