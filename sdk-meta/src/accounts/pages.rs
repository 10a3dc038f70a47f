//! Pages and their tokens.

use acd_core::{Operation, Secret};
use http::Method;
use serde::Deserialize;

use crate::answers::{Created, List};
use crate::limits::{APP, PAGES};
use crate::macros::object;
use crate::page::list_all;
use crate::text::TextOrNumber;
use crate::{IgUserId, MetaCall, MetaClient, Page, PageId};

/// `GET /me/accounts`
/// ([page](https://developers.facebook.com/docs/graph-api/reference/user/accounts), read 2026-11)
pub const PAGES_LIST: Operation =
    Operation::new("meta.pages.list", Method::GET, "/{version}/me/accounts").safe().pool(APP);
/// `GET /{page}`
/// ([page](https://developers.facebook.com/docs/graph-api/reference/page), read 2026-11)
pub const PAGES_GET: Operation = Operation::new("meta.pages.get", Method::GET, "/{version}/{page}").safe().pool(PAGES);

object! {
    /// A page in the list of those that a token reaches
    /// ([page](https://developers.facebook.com/docs/graph-api/reference/user/accounts), read 2026-11).
    ManagedPage(PageId), ManagedPageFields {
        /// The name.
        name: String,
        /// What it is about.
        category: String,
        /// What the token's user may do there, such as `ADVERTISE`. A page that is read by its id does not say it.
        tasks: Vec<String>,
        /// The Instagram account that belongs to it.
        instagram_business_account: Created<IgUserId>,
    }
}

object! {
    /// A page ([page](https://developers.facebook.com/docs/graph-api/reference/page), read 2026-11). Its token is not
    /// among its fields: [`PagesClient::token`] gives it as a secret.
    FacebookPage(PageId), PageFields {
        /// The name.
        name: String,
        /// What it is about.
        category: String,
        /// Its address.
        link: String,
        /// The Instagram account that belongs to it.
        instagram_business_account: Created<IgUserId>,
    }
}

/// The query of [`PAGES_LIST`].
pub type ListPages = List<ManagedPageFields>;

/// Pages.
#[derive(Clone, Copy, Debug)]
pub struct PagesClient<'c> {
    meta: &'c MetaClient,
}

#[derive(Deserialize)]
struct WithToken {
    access_token: TextOrNumber,
}

impl<'c> PagesClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Lists the pages that the token reaches. Safe to repeat.
    pub fn list(&self, query: &ListPages) -> MetaCall<'c, Page<ManagedPage>> {
        MetaCall::json(self.meta, &PAGES_LIST).query(query)
    }

    list_all! {
        /// Every page that the token reaches.
        PagesClient: list_all, list(), ListPages => ManagedPage
    }

    /// Reads a page. Safe to repeat.
    pub fn get(&self, id: &PageId, fields: &PageFields) -> MetaCall<'c, FacebookPage> {
        MetaCall::json(self.meta, &PAGES_GET).path("page", id).param("fields", fields)
    }

    /// The page's own token, with which [`MetaClient::with_token`] acts as the page. Safe to repeat.
    pub fn token(&self, id: &PageId) -> MetaCall<'c, Secret> {
        let call = MetaCall::reading(self.meta, &PAGES_GET, |response| {
            Box::pin(async move { response.json::<WithToken>().await.map(|page| Secret::new(page.access_token.0)) })
        });
        call.path("page", id).param("fields", "access_token")
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;
    use serde_json::json;

    use crate::testing::{scripted, sent};
    use crate::webhooks::WebhookField;

    #[test]
    fn a_pages_token_is_a_secret_and_acts_as_the_page() {
        let (harness, meta) = scripted([
            answer(200).body(r#"{"access_token":"page-token","id":"9"}"#),
            answer(200).body(r#"{"success":true}"#),
        ]);
        let token = harness.run(meta.pages().token(&"9".into()).into_future()).unwrap();
        assert_eq!(format!("{token:?}"), "[redacted]");
        let page = meta.with_token(token).unwrap();
        harness
            .run(page.webhooks().add_page(&"9".into(), &[WebhookField::Leadgen, WebhookField::Feed]).into_future())
            .unwrap();
        assert_eq!(harness.requests()[1].headers["authorization"], "Bearer page-token");
        assert_eq!(sent(&harness)[1].1, json!({ "subscribed_fields": ["leadgen", "feed"] }));
    }
}
