//! Ad accounts, pages and pixels: what a token reaches.

mod pages;
mod pixels;

use acd_core::Operation;
use http::Method;

pub use pages::{
    FacebookPage, ListPages, ManagedPage, ManagedPageFields, PAGES_GET, PAGES_LIST, PageFields, PagesClient,
};
pub use pixels::{
    DataUseSetting, ListPixels, PIXELS_CREATE, PIXELS_GET, PIXELS_LIST, PIXELS_STATS, PIXELS_UPDATE, Pixel,
    PixelAggregation, PixelCount, PixelFields, PixelHour, PixelStats, PixelsClient, UpdatePixel,
};

use crate::answers::List;
use crate::limits::{APP, ads_read};
use crate::macros::object;
use crate::page::list_all;
use crate::{AdAccountId, MetaCall, MetaClient, MinorUnits, Page, Timestamp};

/// `GET /act_{account}`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account), read 2026-11)
pub const GET: Operation = ads_read("meta.accounts.get", "/{version}/{account}");
/// `GET /me/adaccounts`
pub const LIST: Operation =
    Operation::new("meta.accounts.list", Method::GET, "/{version}/me/adaccounts").safe().pool(APP);

/// All calls of this module.
pub const OPERATIONS: &[Operation] =
    &[GET, LIST, PAGES_LIST, PAGES_GET, PIXELS_CREATE, PIXELS_LIST, PIXELS_GET, PIXELS_UPDATE, PIXELS_STATS];

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

/// The query of [`LIST`].
pub type ListAdAccounts = List<AdAccountFields>;
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

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;

    use super::*;
    use crate::testing::scripted;

    #[test]
    fn an_account_is_read() {
        let body = r#"{"id":"act_17","name":"Shop","account_status":1,"currency":"EUR","amount_spent":"1234"}"#;
        let (harness, meta) = scripted([answer(200).body(body)]);
        let account =
            harness.run(meta.accounts().get(&"17".into(), &AdAccountFields::new().name()).into_future()).unwrap();
        assert_eq!((account.id.number(), account.amount_spent), ("17", Some(MinorUnits(1234))));
    }
}
