//! Lists that come in pages, as a stream of pages or of items.
//!
//! ```
//! use acd_core::paging::{Page, Paged};
//!
//! # async fn example() -> acd_core::Result<()> {
//! // A provider crate makes the list of a call that takes a cursor...
//! let list = || Paged::new(|request| async move {
//!     let first: u32 = request.cursor.map_or(0, |cursor| cursor.parse().unwrap_or_default());
//!     let next = (first < 20).then(|| (first + 10).to_string());
//!     Ok(Page { items: (first..first + 10).collect(), next })
//! });
//! // ...and a caller reads it, today's part and tomorrow's.
//! let mut items = list().items();
//! while let Some(item) = items.next().await? {
//!     if item == 14 {
//!         break;
//!     }
//! }
//! let rest = list().resume(items.position()).items().collect(100).await?;
//! assert_eq!(rest, (15..30).collect::<Vec<_>>());
//! # Ok(())
//! # }
//! ```

mod cycle;
mod items;
mod pages;

use std::fmt;
use std::future::Future;

use serde::{Deserialize, Serialize};

pub use items::Items;
pub use pages::Pages;

use crate::Result;
use crate::error::Error;
use crate::runtime::BoxFuture;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in the list's order. A page may be empty and yet have a next one.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` on the last.
    pub next: Option<String>,
}

/// Which page a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PageRequest {
    /// The cursor that the page before gave; `None` for the first.
    pub cursor: Option<String>,
    /// How many items to ask for; `None` leaves it to the server.
    pub size: Option<u32>,
}

/// A place in a list, between two items. It serialises, so that a later process can go on from it.
///
/// It is the cursor of a page and a number of items of it. A list that changes before that page is read again may give
/// an item twice or not at all there; between pages it does what the server's cursors do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPosition {
    cursor: Option<String>,
    #[serde(default)]
    skip: u64,
    #[serde(default)]
    ended: bool,
}

impl ListPosition {
    /// The beginning of the page that this cursor gives.
    pub fn at(cursor: impl Into<String>) -> Self {
        Self { cursor: Some(cursor.into()), ..Self::default() }
    }

    /// Whether nothing comes after it.
    pub fn is_end(&self) -> bool {
        self.ended
    }

    fn after(next: Option<String>, skip: u64) -> Self {
        Self { ended: next.is_none(), cursor: next, skip }
    }
}

type Fetch<T> = dyn Fn(PageRequest) -> BoxFuture<'static, Result<Page<T>>> + Send;
type AsksForLess = dyn Fn(&Error) -> bool + Send;

/// A list that comes in pages. Nothing is asked for until [`pages`](Self::pages) or [`items`](Self::items) is read.
#[must_use = "nothing is asked for until pages or items are read"]
pub struct Paged<T> {
    fetch: Box<Fetch<T>>,
    position: ListPosition,
    size: Option<u32>,
    smallest: u32,
    asks_for_less: Box<AsksForLess>,
}

impl<T> Paged<T> {
    /// The list whose pages `fetch` gets.
    pub fn new<F>(fetch: impl Fn(PageRequest) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Page<T>>> + Send + 'static,
    {
        Self {
            fetch: Box::new(move |request| Box::pin(fetch(request))),
            position: ListPosition::default(),
            size: None,
            smallest: 1,
            asks_for_less: Box::new(|_| false),
        }
    }

    /// Begins at this place instead of the list's beginning.
    pub fn resume(mut self, position: ListPosition) -> Self {
        self.position = position;
        self
    }

    /// Asks for this many items a page. Default: the server's.
    pub fn page_size(mut self, size: u32) -> Self {
        self.size = Some(size);
        self
    }

    /// Halves the page size, down to `smallest`, when the server refuses a page as too much, which `asks_for_less` tells
    /// by the error; the list goes on with the smaller size. It needs a [`page_size`](Self::page_size) to begin with.
    pub fn shrink(mut self, smallest: u32, asks_for_less: impl Fn(&Error) -> bool + Send + 'static) -> Self {
        self.smallest = smallest.max(1);
        self.asks_for_less = Box::new(asks_for_less);
        self
    }

    /// The list page by page.
    pub fn pages(self) -> Pages<T> {
        Pages::new(self)
    }

    /// The list item by item. The next page is asked for when the last item of one was taken.
    pub fn items(self) -> Items<T> {
        Items::new(self.pages())
    }
}

impl<T> fmt::Debug for Paged<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paged").field("position", &self.position).field("size", &self.size).finish_non_exhaustive()
    }
}
