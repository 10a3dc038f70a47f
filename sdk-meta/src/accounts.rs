//! Ad accounts, pages and pixels: what a token reaches, and what it is subscribed to.

use acd_core::{Operation, Secret};
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::answers::{Created, Done, List};
use crate::limits::{APP, PAGES, ads_read, ads_write};
use crate::macros::{object, open_enum};
use crate::page::list_all;
use crate::text::TextOrNumber;
use crate::{AdAccountId, IgUserId, MetaCall, MetaClient, MinorUnits, Page, PageId, PixelId, Timestamp};

/// `GET /act_{account}`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account), read 2026-11)
pub const GET: Operation = ads_read("meta.accounts.get", "/{version}/{account}");
/// `GET /me/adaccounts`
pub const LIST: Operation =
    Operation::new("meta.accounts.list", Method::GET, "/{version}/me/adaccounts").safe().pool(APP);
/// `GET /me/accounts`
/// ([page](https://developers.facebook.com/docs/graph-api/reference/user/accounts), read 2026-11)
pub const PAGES_LIST: Operation =
    Operation::new("meta.pages.list", Method::GET, "/{version}/me/accounts").safe().pool(APP);
/// `GET /{page}`
/// ([page](https://developers.facebook.com/docs/graph-api/reference/page), read 2026-11)
pub const PAGES_GET: Operation = Operation::new("meta.pages.get", Method::GET, "/{version}/{id}").safe().pool(PAGES);
/// `POST /{page}/subscribed_apps`
/// ([page](https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps), read 2026-11)
pub const PAGES_SUBSCRIBE: Operation =
    Operation::new("meta.pages.subscribe", Method::POST, "/{version}/{id}/subscribed_apps").idempotent().pool(PAGES);
/// `POST /act_{account}/adspixels`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/adspixels), read 2026-11)
pub const PIXELS_CREATE: Operation = ads_write("meta.pixels.create", Method::POST, "/{version}/{account}/adspixels");
/// `GET /act_{account}/adspixels`
pub const PIXELS_LIST: Operation = ads_read("meta.pixels.list", "/{version}/{account}/adspixels");
/// `GET /{pixel}`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ads-pixel), read 2026-11)
pub const PIXELS_GET: Operation = ads_read("meta.pixels.get", "/{version}/{id}");

/// All calls of this module.
pub const OPERATIONS: &[Operation] =
    &[GET, LIST, PAGES_LIST, PAGES_GET, PAGES_SUBSCRIBE, PIXELS_CREATE, PIXELS_LIST, PIXELS_GET];

object! {
    /// An ad account ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account), read 2026-11).
    AdAccount(AdAccountId), AdAccountFields {
        /// The name.
        name: String,
        /// 1 when it is active; 2 disabled, 3 unsettled, 7 in review, 9 in a period of grace, 101 closed.
        account_status: u32,
        /// The currency, in which all its money is.
        currency: String,
        /// The time zone, in which its days are.
        timezone_name: String,
        /// What was spent so far.
        amount_spent: MinorUnits,
        /// What is owed.
        balance: MinorUnits,
        /// The most it may ever spend; 0 for no cap.
        spend_cap: MinorUnits,
        /// Why it is disabled; 0 when it is not.
        disable_reason: u32,
        /// When it was created.
        created_time: Timestamp,
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
        /// What the token's user may do there, such as `ADVERTISE`.
        tasks: Vec<String>,
        /// The Instagram account that belongs to it.
        instagram_business_account: Created<IgUserId>,
    }
}

object! {
    /// A pixel or dataset ([page](https://developers.facebook.com/docs/marketing-api/reference/ads-pixel), read 2026-11).
    Pixel(PixelId), PixelFields {
        /// The name.
        name: String,
        /// The code to put on a website.
        code: String,
        /// When it last fired.
        last_fired_time: Timestamp,
        /// Whether it is gone.
        is_unavailable: bool,
        /// For what its data are used.
        data_use_setting: DataUseSetting,
        /// Whether it looks for contact data by itself.
        enable_automatic_matching: bool,
    }
}

open_enum! {
    /// For what a pixel's data are used.
    DataUseSetting {
        Empty = "EMPTY",
        AdvertisingAndAnalytics = "ADVERTISING_AND_ANALYTICS",
        AnalyticsOnly = "ANALYTICS_ONLY",
    }
}

/// The query of [`LIST`].
pub type ListAdAccounts = List<AdAccountFields>;
/// The query of [`PAGES_LIST`].
pub type ListPages = List<PageFields>;
/// The query of [`PIXELS_LIST`].
pub type ListPixels = List<PixelFields>;

/// Ad accounts.
#[derive(Clone, Copy, Debug)]
pub struct AccountsClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> AccountsClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Reads an ad account. Safe to repeat.
    pub fn get(&self, id: &AdAccountId, fields: &AdAccountFields) -> MetaCall<'c, AdAccount> {
        MetaCall::json(self.meta, &GET).account(id).param("fields", fields)
    }

    /// Lists the ad accounts that the token reaches. Safe to repeat.
    pub fn list(&self, query: &ListAdAccounts) -> MetaCall<'c, Page<AdAccount>> {
        MetaCall::json(self.meta, &LIST).query(query)
    }

    list_all! {
        /// Every ad account that the token reaches.
        AccountsClient: list_all, list(), ListAdAccounts => AdAccount
    }
}

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
    pub fn list(&self, query: &ListPages) -> MetaCall<'c, Page<FacebookPage>> {
        MetaCall::json(self.meta, &PAGES_LIST).query(query)
    }

    list_all! {
        /// Every page that the token reaches.
        PagesClient: list_all, list(), ListPages => FacebookPage
    }

    /// Reads a page. Safe to repeat.
    pub fn get(&self, id: &PageId, fields: &PageFields) -> MetaCall<'c, FacebookPage> {
        MetaCall::json(self.meta, &PAGES_GET).counted_for(id).path("id", id).param("fields", fields)
    }

    /// The page's own token, with which [`MetaClient::with_token`] acts as the page. Safe to repeat.
    pub fn token(&self, id: &PageId) -> MetaCall<'c, Secret> {
        let call = MetaCall::reading(self.meta, &PAGES_GET, |response| {
            Box::pin(async move { response.json::<WithToken>().await.map(|page| Secret::new(page.access_token.0)) })
        });
        call.counted_for(id).path("id", id).param("fields", "access_token")
    }

    /// Has webhooks of these fields sent, such as `leadgen`, in the place of those that were; the client's token is the
    /// page's. Safe to repeat.
    pub fn subscribe(&self, id: &PageId, fields: &[&str]) -> MetaCall<'c, Done> {
        let body = json!({ "subscribed_fields": fields });
        MetaCall::json(self.meta, &PAGES_SUBSCRIBE).counted_for(id).path("id", id).body(&body)
    }
}

/// Pixels.
#[derive(Clone, Copy, Debug)]
pub struct PixelsClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> PixelsClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Creates a pixel. Not repeated when its outcome is unknown: look for its name in the list.
    pub fn create(&self, account: &AdAccountId, name: &str) -> MetaCall<'c, Created<PixelId>> {
        MetaCall::json(self.meta, &PIXELS_CREATE).account(account).body(&json!({ "name": name }))
    }

    /// Lists the account's pixels. Safe to repeat.
    pub fn list(&self, account: &AdAccountId, query: &ListPixels) -> MetaCall<'c, Page<Pixel>> {
        MetaCall::json(self.meta, &PIXELS_LIST).account(account).query(query)
    }

    list_all! {
        /// Every pixel of the account.
        PixelsClient: list_all, list(account: AdAccountId), ListPixels => Pixel
    }

    /// Reads a pixel. Safe to repeat.
    pub fn get(&self, id: &PixelId, fields: &PixelFields) -> MetaCall<'c, Pixel> {
        MetaCall::json(self.meta, &PIXELS_GET).path("id", id).param("fields", fields)
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;

    use super::*;
    use crate::testing::{scripted, sent};

    #[test]
    fn an_account_is_read() {
        let body = r#"{"id":"act_17","name":"Shop","account_status":1,"currency":"EUR","amount_spent":"1234"}"#;
        let (harness, meta) = scripted([answer(200).body(body)]);
        let account =
            harness.run(meta.accounts().get(&"17".into(), &AdAccountFields::new().name()).into_future()).unwrap();
        assert_eq!((account.id.number(), account.amount_spent), ("17", Some(MinorUnits(1234))));
    }

    #[test]
    fn a_pages_token_is_a_secret_and_acts_as_the_page() {
        let (harness, meta) = scripted([
            answer(200).body(r#"{"access_token":"page-token","id":"9"}"#),
            answer(200).body(r#"{"success":true}"#),
        ]);
        let token = harness.run(meta.pages().token(&"9".into()).into_future()).unwrap();
        assert_eq!(format!("{token:?}"), "[redacted]");
        let page = meta.with_token(token).unwrap();
        harness.run(page.pages().subscribe(&"9".into(), &["leadgen", "feed"]).into_future()).unwrap();
        assert_eq!(harness.requests()[1].headers["authorization"], "Bearer page-token");
        assert_eq!(sent(&harness)[1].1, json!({ "subscribed_fields": ["leadgen", "feed"] }));
    }

    #[test]
    fn values_of_tomorrow_survive() {
        crate::macros::check_enum::<DataUseSetting>();
    }
}
