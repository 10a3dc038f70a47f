//! Lists: the page as it is on the wire, and all pages as the core reads them.

use acd_core::paging::{self, ListPosition, Paged};
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

impl<T> From<Page<T>> for paging::Page<T> {
    fn from(page: Page<T>) -> Self {
        Self { items: page.data, next: page.next_cursor }
    }
}

/// The list whose pages `fetch` gets by cursor and limit, from these on.
pub(crate) fn paged<T, P>(
    cursor: Option<String>,
    limit: Option<u16>,
    fetch: impl Fn(Option<String>, Option<u16>) -> P + Send + 'static,
) -> Paged<T>
where
    P: Future<Output = Result<Page<T>>> + Send + 'static,
{
    let list = Paged::new(move |request| {
        let limit = request.size.map(|size| u16::try_from(size).unwrap_or(u16::MAX));
        let page = fetch(request.cursor, limit);
        async move { page.await.map(Into::into) }
    });
    let list = match limit {
        Some(limit) => list.page_size(limit.into()),
        None => list,
    };
    match cursor {
        Some(cursor) => list.resume(ListPosition::at(cursor)),
        None => list,
    }
}

#[cfg(test)]
mod tests {
    use acd_core::paging::ListPosition;
    use acd_core::testing::{Harness, answer};
    use serde_json::{Value, json};

    use crate::PlatformClient;
    use crate::users::ListUsers;

    fn page(emails: &[&str], next: Option<&str>) -> Vec<u8> {
        let user = |email: &&str| {
            json!({
                "id": "usr_01934f1e6a3a7c008000000000000001", "email": email, "name": null, "avatar_url": null,
                "locale": "en", "timezone": "UTC", "signup_product": "pct", "created_at": "2026-01-05T10:00:00Z",
                "updated_at": "2026-01-05T10:00:00Z", "a_field_of_tomorrow": 1
            })
        };
        let data: Vec<Value> = emails.iter().map(user).collect();
        json!({ "data": data, "next_cursor": next, "a_field_of_tomorrow": 1 }).to_string().into_bytes()
    }

    #[test]
    fn all_pages_of_a_list_are_read_from_the_querys_cursor_on() {
        let pages = [page(&["ada@x.test"], Some("b")), page(&[], Some("c")), page(&["bob@x.test"], None)];
        let harness = Harness::new(pages.map(|page| answer(200).body(page)));
        let acd = PlatformClient::over(harness.client().build().unwrap());
        let query = ListUsers { cursor: Some("a".to_owned()), limit: Some(2), ..ListUsers::default() };
        let mut items = acd.users().list_all(query).items();
        assert_eq!(harness.run(items.next()).unwrap().unwrap().email, "ada@x.test");
        assert_eq!(items.position(), ListPosition::at("b"));
        assert_eq!(harness.run(items.collect(9)).unwrap().len(), 1);
        let asked: Vec<_> = harness.requests().iter().map(|request| request.uri.query().unwrap().to_owned()).collect();
        assert_eq!(asked, ["cursor=a&limit=2", "cursor=b&limit=2", "cursor=c&limit=2"]);
    }
}
