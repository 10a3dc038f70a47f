//! Ads that Meta creates one after the other while nobody waits: asynchronous request sets.

use std::time::Duration;

use acd_core::Operation;
use http::Method;
use serde::Serialize;
use serde_json::{Map, Value};

use super::ads::CreateAd;
use crate::answers::{Created, Done, List};
use crate::error::Result;
use crate::limits::{ads_read, ads_write};
use crate::macros::{object, open_enum, request};
use crate::page::list_all;
use crate::{AdAccountId, AdRequestId, AdRequestSetId, MetaCall, MetaClient, Page, Timestamp};

/// `POST /act_{account}/asyncadrequestsets`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/asyncadrequestsets), read 2026-11)
pub const CREATE: Operation =
    ads_write("meta.ad_request_sets.create", Method::POST, "/{version}/{account}/asyncadrequestsets");
/// `GET /act_{account}/asyncadrequestsets`
pub const LIST: Operation = ads_read("meta.ad_request_sets.list", "/{version}/{account}/asyncadrequestsets");
/// `GET /{request set}`
/// ([page](https://developers.facebook.com/docs/marketing-api/asyncrequests), read 2026-11)
pub const GET: Operation = ads_read("meta.ad_request_sets.get", "/{version}/{id}");
/// `GET /{request set}/requests`
pub const REQUESTS: Operation = ads_read("meta.ad_request_sets.requests", "/{version}/{id}/requests");
/// `DELETE /{request set}`
pub const DELETE: Operation = ads_write("meta.ad_request_sets.delete", Method::DELETE, "/{version}/{id}").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, LIST, GET, REQUESTS, DELETE];

/// The pauses between two looks at a set: from the first, doubled up to the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

open_enum! {
    /// Whether Meta calls when a set is done.
    NotificationMode {
        /// The default.
        Off = "OFF",
        /// Calls `notification_uri`.
        OnComplete = "ON_COMPLETE",
    }
}

open_enum! {
    /// Where a request of a set stands.
    AdRequestStatus {
        Initial = "INITIAL",
        InProgress = "IN_PROGRESS",
        Success = "SUCCESS",
        Error = "ERROR",
        ErrorConflicts = "ERROR_CONFLICTS",
        ErrorDependency = "ERROR_DEPENDENCY",
        Canceled = "CANCELED",
        CanceledDependency = "CANCELED_DEPENDENCY",
        PendingDependency = "PENDING_DEPENDENCY",
        ProcessByAdAsyncEngine = "PROCESS_BY_AD_ASYNC_ENGINE",
        ProcessByEventProcessor = "PROCESS_BY_EVENT_PROCESSOR",
        UserCanceled = "USER_CANCELED",
        UserCanceledDependency = "USER_CANCELED_DEPENDENCY",
    }
}

request! {
    /// The body of [`CREATE`].
    CreateAdRequestSet {
        /// The name.
        name: String,
        /// The ads, up to about 1000.
        ad_specs: Vec<CreateAd>,
        ..
        /// Whether Meta calls when all are done.
        notification_mode: NotificationMode,
        /// Whom it calls then.
        notification_uri: String,
    }
}

object! {
    /// A set ([page](https://developers.facebook.com/docs/marketing-api/asyncrequests), read 2026-11).
    AdRequestSet(AdRequestSetId), AdRequestSetFields {
        /// The ad account.
        owner_id: AdAccountId,
        /// The name.
        name: String,
        /// Whether none of it is left to do.
        is_completed: bool,
        /// How many requests there are.
        total_count: u32,
        /// How many wait.
        initial_count: u32,
        /// How many are at work.
        in_progress_count: u32,
        /// How many led to an ad.
        success_count: u32,
        /// How many failed.
        error_count: u32,
        /// How many were taken back.
        canceled_count: u32,
        /// When it was created.
        created_time: Timestamp,
        /// When it last changed.
        updated_time: Timestamp,
    }
}

object! {
    /// A request of a set.
    AdRequest(AdRequestId), AdRequestFields {
        /// Where it stands.
        status: AdRequestStatus,
        /// The ad set that the ad is for.
        scope_object_id: String,
        /// What was asked for.
        input: Map<String, Value>,
        /// What came of it: the ad's `id`, or the error.
        result: Map<String, Value>,
        /// When it was created.
        created_time: Timestamp,
        /// When it last changed.
        updated_time: Timestamp,
    }
}

/// The query of [`LIST`].
pub type ListAdRequestSets = List<AdRequestSetFields>;

/// The query of [`REQUESTS`].
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ListAdRequests {
    /// The fields of each request. Default: every one that is declared.
    pub fields: AdRequestFields,
    /// Only those that stand there; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<AdRequestStatus>,
    /// The most requests in one page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// The cursor that the page before gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Asynchronous request sets.
#[derive(Clone, Copy, Debug)]
pub struct AdRequestSetsClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> AdRequestSetsClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Hands ads over to be created. Not repeated when its outcome is unknown: look for the set by its name in
    /// [`list`](Self::list).
    pub fn create(&self, account: &AdAccountId, set: &CreateAdRequestSet) -> MetaCall<'c, Created<AdRequestSetId>> {
        MetaCall::json(self.meta, &CREATE).account(account).body(set)
    }

    /// Lists the account's sets. Safe to repeat.
    pub fn list(&self, account: &AdAccountId, query: &ListAdRequestSets) -> MetaCall<'c, Page<AdRequestSet>> {
        MetaCall::json(self.meta, &LIST).account(account).query(query)
    }

    list_all! {
        /// Every set from the query's cursor on.
        AdRequestSetsClient: list_all, list(account: AdAccountId), ListAdRequestSets => AdRequestSet
    }

    /// Reads where a set stands. Safe to repeat.
    pub fn get(&self, id: &AdRequestSetId, fields: &AdRequestSetFields) -> MetaCall<'c, AdRequestSet> {
        MetaCall::json(self.meta, &GET).path("id", id).param("fields", fields)
    }

    /// Waits until none of the set is left to do, asking every 2 seconds at first and every 30 later, for as long as it
    /// takes: drop the future to give up.
    ///
    /// # Errors
    /// Those of [`get`](Self::get). Ads that failed are counted in the answer and explained by
    /// [`requests`](Self::requests).
    pub async fn finished(&self, id: &AdRequestSetId) -> Result<AdRequestSet> {
        let (mut pause, longest) = PAUSES;
        loop {
            let set = self.get(id, &AdRequestSetFields::all()).await?;
            if set.is_completed == Some(true) {
                return Ok(set);
            }
            self.meta.http().runtime().sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Lists the requests of a set. Safe to repeat.
    pub fn requests(&self, id: &AdRequestSetId, query: &ListAdRequests) -> MetaCall<'c, Page<AdRequest>> {
        MetaCall::json(self.meta, &REQUESTS).path("id", id).query(query)
    }

    list_all! {
        /// Every request of a set from the query's cursor on.
        AdRequestSetsClient: all_requests, requests(id: AdRequestSetId), ListAdRequests => AdRequest
    }

    /// Takes back what of a set is not done yet. Safe to repeat.
    pub fn delete(&self, id: &AdRequestSetId) -> MetaCall<'c, Done> {
        MetaCall::json(self.meta, &DELETE).path("id", id)
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;

    use super::*;
    use crate::testing::{scripted, sent};

    #[test]
    fn a_set_is_watched_ever_more_rarely_until_it_is_done() {
        let open = || answer(200).body(r#"{"id":"5","is_completed":false}"#);
        let done = answer(200).body(r#"{"id":"5","is_completed":true,"success_count":2,"error_count":1}"#);
        let (harness, meta) = scripted([open(), open(), open(), done]);
        let set = harness.run(meta.ad_request_sets().finished(&"5".into())).unwrap();
        assert_eq!((set.success_count, set.error_count), (Some(2), Some(1)));
        assert_eq!(harness.clock().elapsed(), Duration::from_secs(2 + 4 + 8));
        assert!(sent(&harness)[0].0.starts_with("GET /v26.0/5?fields=id%2Cowner_id"));
    }
}
