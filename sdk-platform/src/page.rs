//! Lists: pages, and all items of all pages as a stream.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// How the cursor of a list looks that is ordered by one id.
pub(crate) const CURSOR: &str = "^[A-Za-z0-9_-]{22}$";

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    /// The items, in the list's order.
    pub data: Vec<T>,
    /// Give it back as `cursor` for the next page; null on the last page. Opaque.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// Every item of a list, page by page: the next page is asked for when the last item of this one was taken.
///
/// An error ends the stream. A list that may be long is resumed with the `cursor` of a page instead.
pub struct ItemStream<T>(BoxStream<'static, Result<T>>);

impl<T: Send + 'static> ItemStream<T> {
    /// The items from `cursor` on, of the pages that `fetch` gives.
    pub(crate) fn new<F, P>(cursor: Option<String>, fetch: F) -> Self
    where
        F: Fn(Option<String>) -> P + Send + 'static,
        P: Future<Output = Result<Page<T>>> + Send + 'static,
    {
        // The outer `None` is the end: on the first page there is no cursor either.
        let pages = stream::unfold((Some(cursor), fetch), |(next, fetch)| async move {
            let page = fetch(next?).await;
            let next = page.as_ref().ok().and_then(|page| page.next_cursor.clone()).map(Some);
            Some((page, (next, fetch)))
        });
        let items = pages.flat_map(|page| {
            let items = match page {
                Ok(page) => page.data.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            stream::iter(items)
        });
        Self(items.boxed())
    }
}

impl<T> ItemStream<T> {
    /// The next item; `None` after the last one and after an error.
    pub async fn next(&mut self) -> Option<Result<T>> {
        self.0.next().await
    }
}

impl<T> Stream for ItemStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}

impl<T> fmt::Debug for ItemStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemStream").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::FutureExt as _;

    use super::*;
    use crate::error::{Error, ErrorKind};

    fn items(pages: Vec<Result<Page<u8>>>, cursor: Option<&str>) -> (Vec<Result<u8>>, Vec<Option<String>>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let pages = Mutex::new(pages.into_iter());
        let log = Arc::clone(&asked);
        let mut stream = ItemStream::new(cursor.map(str::to_owned), move |cursor| {
            log.lock().unwrap().push(cursor);
            let page = pages.lock().unwrap().next().unwrap();
            async move { page }
        });
        let mut items = Vec::new();
        while let Some(item) = stream.next().now_or_never().unwrap() {
            items.push(item);
        }
        let asked = asked.lock().unwrap().clone();
        (items, asked)
    }

    fn page(data: &[u8], next: Option<&str>) -> Result<Page<u8>> {
        Ok(Page { data: data.to_vec(), next_cursor: next.map(str::to_owned) })
    }

    #[test]
    fn every_page_is_asked_for_once_with_the_cursor_before() {
        let (items, asked) = items(vec![page(&[1, 2], Some("a")), page(&[], Some("b")), page(&[3], None)], Some("z"));
        assert_eq!(items.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(asked, ["z", "a", "b"].map(|cursor| Some(cursor.to_owned())));
    }

    #[test]
    fn an_error_ends_the_stream() {
        let failure = Err(Error::new(ErrorKind::Server, "down"));
        let (items, asked) = items(vec![page(&[1], Some("a")), failure, page(&[2], None)], None);
        assert_eq!(items.len(), 2);
        assert_eq!(items[1].as_ref().unwrap_err().kind(), ErrorKind::Server);
        assert_eq!(asked.len(), 2);
    }
}
