//! Who is told of what. An app names its callback once for each object, and is then told of the pages and ad accounts
//! that say so.

use acd_core::{Operation, Secret};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::WebhookObject;
use crate::answers::Done;
use crate::limits::{APP, PAGES, ads_read, ads_write};
use crate::macros::open_enum;
use crate::{AdAccountId, AppId, MetaCall, MetaClient, Page, PageId};

/// `POST /{app}/subscriptions`
/// ([page](https://developers.facebook.com/docs/graph-api/reference/app/subscriptions), read 2026-11)
pub const SUBSCRIBE: Operation =
    Operation::new("meta.webhooks.subscribe", Method::POST, "/{version}/{app}/subscriptions").idempotent().pool(APP);
/// `GET /{app}/subscriptions`
pub const SUBSCRIPTIONS: Operation =
    Operation::new("meta.webhooks.subscriptions", Method::GET, "/{version}/{app}/subscriptions").safe().pool(APP);
/// `DELETE /{app}/subscriptions`
pub const UNSUBSCRIBE: Operation =
    Operation::new("meta.webhooks.unsubscribe", Method::DELETE, "/{version}/{app}/subscriptions")
        .idempotent()
        .pool(APP);
/// `POST /{page}/subscribed_apps`
/// ([page](https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps), read 2026-11)
pub const ADD_PAGE: Operation =
    Operation::new("meta.webhooks.add_page", Method::POST, "/{version}/{page}/subscribed_apps")
        .idempotent()
        .pool(PAGES);
/// `GET /{page}/subscribed_apps`
pub const PAGE_APPS: Operation =
    Operation::new("meta.webhooks.page_apps", Method::GET, "/{version}/{page}/subscribed_apps").safe().pool(PAGES);
/// `DELETE /{page}/subscribed_apps`
pub const REMOVE_PAGE: Operation =
    Operation::new("meta.webhooks.remove_page", Method::DELETE, "/{version}/{page}/subscribed_apps")
        .idempotent()
        .pool(PAGES);
/// `POST /act_{account}/subscribed_apps`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/subscribed_apps), read 2026-11)
pub const ADD_ACCOUNT: Operation =
    ads_write("meta.webhooks.add_account", Method::POST, "/{version}/{account}/subscribed_apps").idempotent();
/// `GET /act_{account}/subscribed_apps`
pub const ACCOUNT_APPS: Operation = ads_read("meta.webhooks.account_apps", "/{version}/{account}/subscribed_apps");
/// `DELETE /act_{account}/subscribed_apps`
pub const REMOVE_ACCOUNT: Operation =
    ads_write("meta.webhooks.remove_account", Method::DELETE, "/{version}/{account}/subscribed_apps").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[
    SUBSCRIBE,
    SUBSCRIPTIONS,
    UNSUBSCRIBE,
    ADD_PAGE,
    PAGE_APPS,
    REMOVE_PAGE,
    ADD_ACCOUNT,
    ACCOUNT_APPS,
    REMOVE_ACCOUNT,
];

open_enum! {
    /// What can be subscribed to. Meta knows more than a hundred of pages; these are those whose changes are common or
    /// have a type here. Any other is made from its name.
    WebhookField {
        /// Of pages: somebody filled in a form.
        Leadgen = "leadgen",
        /// Of pages: a lead changed.
        LeadgenUpdate = "leadgen_update",
        /// Of pages: posts, comments, reactions.
        Feed = "feed",
        /// Of pages: it was mentioned.
        Mention = "mention",
        /// Of pages: somebody rated it.
        Ratings = "ratings",
        /// Of pages: its videos.
        Videos = "videos",
        /// Of pages: its live videos.
        LiveVideos = "live_videos",
        /// Of pages: its conversations.
        Conversations = "conversations",
        /// Of pages: its name.
        Name = "name",
        /// Of pages: its picture.
        Picture = "picture",
        /// Of pages and Instagram: somebody wrote.
        Messages = "messages",
        /// Of pages and Instagram: a button was pressed.
        MessagingPostbacks = "messaging_postbacks",
        /// Of pages: somebody came by a link or an ad.
        MessagingReferrals = "messaging_referrals",
        /// Of pages and Instagram: somebody reacted to a message.
        MessageReactions = "message_reactions",
        /// Of pages: messages arrived.
        MessageDeliveries = "message_deliveries",
        /// Of pages: messages were read.
        MessageReads = "message_reads",
        /// Of pages: the account itself wrote.
        MessageEchoes = "message_echoes",
        /// Of ad accounts: an ad object's status changed. Told as `field_changed`.
        EffectiveStatus = "effective_status",
        /// Of ad accounts: an ad object has a problem.
        WithIssuesAdObjects = "with_issues_ad_objects",
        /// Of ad accounts: an ad object has been worked on.
        InProcessAdObjects = "in_process_ad_objects",
        /// Of ad accounts: Meta recommends something.
        AdRecommendations = "ad_recommendations",
        /// Of ad accounts: people have seen a creative too often.
        CreativeFatigue = "creative_fatigue",
        /// Of ad accounts: a product set has a problem.
        ProductSetIssue = "product_set_issue",
        /// Of ad accounts: a metric passed the value that was set for it.
        Subscriptions = "subscriptions",
        /// Of Instagram: comments.
        Comments = "comments",
        /// Of Instagram: comments on live videos.
        LiveComments = "live_comments",
        /// Of Instagram: it was mentioned.
        Mentions = "mentions",
        /// Of Instagram: what a story did, when it ends.
        StoryInsights = "story_insights",
    }
}

/// Where an app is told of an object's changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Subscription {
    /// Whose changes.
    pub object: WebhookObject,
    /// Where they are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// Whether they are.
    #[serde(default)]
    pub active: bool,
    /// Which.
    #[serde(default)]
    pub fields: Vec<SubscribedField>,
}

/// A field that an app subscribed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SubscribedField {
    /// Which.
    pub name: WebhookField,
    /// The version of the Graph API in whose form it is told, such as `v26.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// An app that is told of a page or an ad account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SubscribedApp {
    /// The app.
    #[serde(alias = "app_id")]
    pub id: AppId,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "app_name")]
    pub name: Option<String>,
    /// Of which of a page's fields. Nothing for an ad account: the app is told of all that it subscribed to itself.
    #[serde(default)]
    pub subscribed_fields: Vec<WebhookField>,
}

/// Where webhooks go, and whose.
#[derive(Clone, Copy, Debug)]
pub struct WebhooksClient<'c> {
    meta: &'c MetaClient,
}

#[derive(Serialize)]
struct Subscribe<'a> {
    object: &'a WebhookObject,
    callback_url: &'a str,
    verify_token: &'a str,
    fields: &'a [WebhookField],
    include_values: bool,
}

impl<'c> WebhooksClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Has changes of these fields sent to the callback, in the place of what the app had for the object. Before it
    /// answers, Meta asks the callback a question, which
    /// [`answer_challenge`](super::answer_challenge) answers to whoever knows the verify token: have it running. The
    /// client is the app's ([`MetaClient::as_app`]). Safe to repeat.
    pub fn subscribe(
        &self,
        app: &AppId,
        object: &WebhookObject,
        callback_url: &str,
        verify_token: &Secret,
        fields: &[WebhookField],
    ) -> MetaCall<'c, Done> {
        let verify = verify_token.expose();
        let body = Subscribe { object, callback_url, verify_token: verify, fields, include_values: true };
        MetaCall::json(self.meta, &SUBSCRIBE).path("app", app).body(&body).http(|call| call.hide(verify_token))
    }

    /// Lists what the app subscribed to. The client is the app's. Safe to repeat.
    pub fn subscriptions(&self, app: &AppId) -> MetaCall<'c, Page<Subscription>> {
        MetaCall::json(self.meta, &SUBSCRIPTIONS).path("app", app)
    }

    /// Ends these subscriptions of the app, or all to the object when no field is named. The client is the app's. Safe to
    /// repeat.
    pub fn unsubscribe(&self, app: &AppId, object: &WebhookObject, fields: &[WebhookField]) -> MetaCall<'c, Done> {
        let fields = (!fields.is_empty()).then_some(fields);
        let call = MetaCall::json(self.meta, &UNSUBSCRIBE).path("app", app);
        call.query(&json!({ "object": object, "fields": fields }))
    }

    /// Has the app told of these fields of the page, in the place of those that were, and of the page's Instagram account.
    /// The client is the page's, with `pages_manage_metadata` and what the fields ask for, such as `leads_retrieval`. Safe
    /// to repeat.
    pub fn add_page(&self, page: &PageId, fields: &[WebhookField]) -> MetaCall<'c, Done> {
        let body = json!({ "subscribed_fields": fields });
        MetaCall::json(self.meta, &ADD_PAGE).path("page", page).body(&body)
    }

    /// Lists the apps that are told of the page. The client is the page's. Safe to repeat.
    pub fn page_apps(&self, page: &PageId) -> MetaCall<'c, Page<SubscribedApp>> {
        MetaCall::json(self.meta, &PAGE_APPS).path("page", page)
    }

    /// Ends what the app is told of the page. The client is the page's. Safe to repeat.
    pub fn remove_page(&self, page: &PageId) -> MetaCall<'c, Done> {
        MetaCall::json(self.meta, &REMOVE_PAGE).path("page", page)
    }

    /// Has the app told of the ad account. The token is that of an administrator, with `ads_management`. Safe to repeat.
    pub fn add_account(&self, account: &AdAccountId, app: &AppId) -> MetaCall<'c, Done> {
        MetaCall::json(self.meta, &ADD_ACCOUNT).account(account).body(&json!({ "app_id": app }))
    }

    /// Lists the apps that are told of the ad account. Safe to repeat.
    pub fn account_apps(&self, account: &AdAccountId) -> MetaCall<'c, Page<SubscribedApp>> {
        MetaCall::json(self.meta, &ACCOUNT_APPS).account(account)
    }

    /// Ends what the app is told of the ad account. Safe to repeat.
    pub fn remove_account(&self, account: &AdAccountId, app: &AppId) -> MetaCall<'c, Done> {
        MetaCall::json(self.meta, &REMOVE_ACCOUNT).account(account).param("app_id", app)
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;

    use super::*;
    use crate::testing::{scripted, sent};

    #[test]
    fn an_app_subscribes_and_unsubscribes() {
        let list = r#"{"data":[{"object":"page","callback_url":"https://a.example/m","active":true,
            "fields":[{"name":"leadgen","version":"v26.0"}]}]}"#;
        let done = || answer(200).body(r#"{"success":true}"#);
        let (harness, meta) = scripted([done(), answer(200).body(list), done(), done()]);
        let (hooks, app, page) = (meta.webhooks(), AppId::from("17"), WebhookObject::Page);
        let fields = [WebhookField::Leadgen, "invoices".into()];
        let token = Secret::from("ours");
        harness.run(hooks.subscribe(&app, &page, "https://a.example/m", &token, &fields).into_future()).unwrap();
        let found = harness.run(hooks.subscriptions(&app).into_future()).unwrap();
        assert_eq!(found.data[0].fields[0].name, WebhookField::Leadgen);
        harness.run(hooks.unsubscribe(&app, &page, &fields[..1]).into_future()).unwrap();
        harness.run(hooks.unsubscribe(&app, &page, &[]).into_future()).unwrap();
        let sent = sent(&harness);
        let body = json!({ "object": "page", "callback_url": "https://a.example/m", "verify_token": "ours",
            "fields": ["leadgen", "invoices"], "include_values": true });
        assert_eq!(sent[0], ("POST /v26.0/17/subscriptions".to_owned(), body));
        assert_eq!(sent[2].0, "DELETE /v26.0/17/subscriptions?fields=%5B%22leadgen%22%5D&object=page");
        assert_eq!(sent[3].0, "DELETE /v26.0/17/subscriptions?object=page");
    }

    #[test]
    fn apps_of_pages_and_ad_accounts_are_read_alike() {
        let of_page = r#"{"data":[{"id":"17","name":"Shop","subscribed_fields":["feed"]}]}"#;
        let of_account = r#"{"data":[{"app_id":"17","app_name":"Shop"}]}"#;
        let (harness, meta) = scripted([answer(200).body(of_page), answer(200).body(of_account)]);
        let page = harness.run(meta.webhooks().page_apps(&"9".into()).into_future()).unwrap();
        let account = harness.run(meta.webhooks().account_apps(&"3".into()).into_future()).unwrap();
        assert_eq!(page.data[0].subscribed_fields, [WebhookField::Feed]);
        assert_eq!((&page.data[0].id, &page.data[0].name), (&account.data[0].id, &account.data[0].name));
    }

    #[test]
    fn values_of_tomorrow_survive() {
        crate::macros::check_enum::<WebhookField>();
    }
}
