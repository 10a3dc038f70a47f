//! Lists: the page as it is on the wire, and all pages as the core reads them.

use std::borrow::Cow;

use acd_core::paging::{self, ListPosition, PageRequest, Paged};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{MetaError as _, Result};

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, in the list's order. A page may be empty and yet have a next one.
    pub data: Vec<T>,
    /// Where the list goes on; missing where there is nothing else.
    #[serde(default)]
    paging: Option<Paging>,
    /// What was asked for beside the items, such as `total_count`.
    #[serde(default)]
    pub summary: Option<Value>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Paging {
    #[serde(default)]
    cursors: Option<Cursors>,
    #[serde(default)]
    next: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Cursors {
    #[serde(default)]
    after: Option<String>,
}

impl<T> Page<T> {
    /// The cursor of the next page; `None` on the last. Opaque, and not to be kept: Meta forgets it.
    ///
    /// Whether there is a next page is what `paging.next` says, as the last page has a cursor too. The URL there is not
    /// followed, since it holds the token.
    #[must_use]
    pub fn next_cursor(&self) -> Option<Cow<'_, str>> {
        let paging = self.paging.as_ref()?;
        let next = paging.next.as_deref()?;
        let cursor = paging.cursors.as_ref().and_then(|cursors| cursors.after.as_deref());
        cursor.map(Cow::Borrowed).or_else(|| after_in(next))
    }
}

/// The cursor in a URL, for edges that give none beside it.
fn after_in(url: &str) -> Option<Cow<'_, str>> {
    let (_, query) = url.split_once('?')?;
    let cursor = query.split('&').find_map(|pair| pair.strip_prefix("after="))?;
    percent_decode_str(cursor).decode_utf8().ok()
}

impl<T> From<Page<T>> for paging::Page<T> {
    fn from(page: Page<T>) -> Self {
        let next = page.next_cursor().map(Cow::into_owned);
        Self { items: page.data, next }
    }
}

/// The list whose pages `fetch` gets, with `limit` items each, halved when Meta finds a page too heavy.
pub(crate) fn paged<T, P>(
    after: Option<String>,
    limit: Option<u32>,
    fetch: impl Fn(PageRequest) -> P + Send + 'static,
) -> Paged<T>
where
    P: Future<Output = Result<Page<T>>> + Send + 'static,
{
    let list = Paged::new(move |request| {
        let page = fetch(request);
        async move { page.await.map(Into::into) }
    });
    let list = match limit {
        Some(limit) => list.page_size(limit).shrink(1, |error| error.asks_for_less()),
        None => list,
    };
    match after {
        Some(cursor) => list.resume(ListPosition::at(cursor)),
        None => list,
    }
}

/// The fields by which every list is cut.
macro_rules! list_all {
    ($(#[$doc:meta])* $client:ident: $name:ident, $list:ident($($arg:ident: $arg_kind:ty),*), $query:ty => $item:ty) => {
        $(#[$doc])*
        pub fn $name(&self, $($arg: &$arg_kind,)* query: $query) -> acd_core::paging::Paged<$item> {
            let meta = self.meta.clone();
            $(let $arg = $arg.clone();)*
            $crate::page::paged(query.after.clone(), query.limit, move |request| {
                let (meta, query) = (meta.clone(), query.clone());
                $(let $arg = $arg.clone();)*
                async move {
                    let query = { let mut query = query; query.after = request.cursor; query.limit = request.size; query };
                    $client { meta: &meta }.$list($(&$arg,)* &query).await
                }
            })
        }
    };
}

pub(crate) use list_all;

#[cfg(test)]
mod tests {
    use super::*;

    fn page(json: &str) -> Page<u8> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_list_ends_where_no_next_page_is_named() {
        let cursors = r#""cursors":{"before":"b","after":"a"}"#;
        let more =
            page(&format!(r#"{{"data":[],"paging":{{{cursors},"next":"https://x.test/?access_token=t&after=a"}}}}"#));
        assert_eq!(more.next_cursor().as_deref(), Some("a"), "an empty page is not the end");
        assert_eq!(page(&format!(r#"{{"data":[1],"paging":{{{cursors}}}}}"#)).next_cursor(), None);
        assert_eq!(page(r#"{"data":[1]}"#).next_cursor(), None);
        let bare = page(r#"{"data":[],"paging":{"next":"https://x.test/?limit=5&after=QVFI%3D"}}"#);
        assert_eq!(bare.next_cursor().as_deref(), Some("QVFI="));
    }
}
