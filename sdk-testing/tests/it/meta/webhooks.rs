use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acd_core::Secret;
use acd_core::webhook::{Scheme, Verifier};
use acd_meta::webhooks::{WebhookBody, answer_challenge};
use acd_testing::{ManualClock, MetaChange, MetaDeliveryState, MetaSimulator};
use axum::Router;
use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Meta, campaign, refusal};

/// Who receives webhooks: what is authentic is given on, and the first so many messages are refused.
pub(super) struct Callback {
    pub(super) url: String,
    pub(super) messages: UnboundedReceiver<(HeaderMap, Bytes)>,
}

impl Callback {
    pub(super) async fn refusing(mut refusals: u32) -> Self {
        let (sender, messages) = unbounded_channel();
        let answers = Arc::new(Mutex::new(std::iter::from_fn(move || {
            let is_refused = refusals > 0;
            refusals = refusals.saturating_sub(1);
            Some(if is_refused { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK })
        })));
        let verify = async |RawQuery(query): RawQuery| {
            answer_challenge(&query.unwrap_or_default(), &Secret::from("ours")).map_err(|_| StatusCode::FORBIDDEN)
        };
        let take = async move |headers: HeaderMap, body: Bytes| {
            sender.send((headers, body)).unwrap();
            answers.lock().unwrap().next().unwrap()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/meta", listener.local_addr().unwrap());
        let router = Router::new().route("/meta", get(verify).post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, messages }
    }

    /// The next message, if it is authentic.
    async fn next(&mut self, meta: &Meta) -> WebhookBody {
        let secret = Secret::from(meta.simulator.world().app_secret.as_str());
        let verifier = Verifier::new(Scheme::Meta, [secret]).unwrap();
        let (headers, body) = self.messages.recv().await.unwrap();
        verifier.verify(&headers, body).unwrap().json().unwrap().into_event()
    }
}

impl Meta {
    async fn as_app(&self, method: &str, body: Value) -> Value {
        let world = self.simulator.world();
        let token = format!("{}|{}", world.app_id, world.app_secret);
        self.call_as(&token, method, &format!("{}/subscriptions", world.app_id), body).await
    }

    async fn as_page(&self, method: &str, edge: &str, body: Value) -> Value {
        let world = self.simulator.world();
        self.call_as(&world.page_access_token, method, &format!("{}/{edge}", world.page), body).await
    }

    async fn subscribe(&self, object: &str, url: &str, fields: &[&str]) {
        let body = json!({ "object": object, "callback_url": url, "fields": fields, "verify_token": "ours" });
        assert_eq!(self.as_app("POST", body).await, json!({ "success": true }));
    }

    /// Subscribes app and page to leads and posts.
    async fn with_page(callback: &Callback) -> Self {
        Self::start().await.subscribed_to_page(callback).await
    }

    async fn subscribed_to_page(self, callback: &Callback) -> Self {
        self.subscribe("page", &callback.url, &["leadgen", "feed"]).await;
        let fields = json!({ "subscribed_fields": ["leadgen", "feed"] });
        assert_eq!(self.as_page("POST", "subscribed_apps", fields).await, json!({ "success": true }));
        self
    }

    fn post_on_page(&self, text: &str) -> MetaChange {
        let value = json!({ "item": "post", "verb": "add", "message": text });
        MetaChange::new("page", &self.simulator.world().page, "feed", value)
    }
}

#[tokio::test]
async fn a_callback_proves_that_it_wants_to_be_told() {
    let (meta, callback) = (Meta::start().await, Callback::refusing(0).await);
    let body = |change: Value| {
        let body =
            json!({ "object": "page", "callback_url": callback.url, "fields": "leadgen", "verify_token": "ours" });
        super::with(body, &change)
    };
    for (change, code) in [
        (json!({ "verify_token": "another" }), 2200),
        (json!({ "callback_url": "http://127.0.0.1:1/" }), 2200),
        (json!({ "verify_token": null }), 100),
        (json!({ "object": "cat" }), 100),
        (json!({ "fields": "leadgen,purring" }), 100),
        (json!({}), 0),
    ] {
        assert_eq!(refusal(&meta.as_app("POST", body(change.clone())).await).0, code, "{change}");
    }
    let app_id = meta.simulator.world().app_id.clone();
    assert_eq!(refusal(&meta.post(&format!("{app_id}/subscriptions"), body(json!({}))).await).0, 15);
    let list = meta.as_app("GET", Value::Null).await;
    let expected = json!({
        "object": "page", "callback_url": callback.url, "active": true, "fields": [{ "name": "leadgen", "version": "v26.0" }],
    });
    assert_eq!(list, json!({ "data": [expected] }));
    assert_eq!(meta.as_app("DELETE", json!({ "object": "page" })).await, json!({ "success": true }));
    assert_eq!(meta.as_app("GET", Value::Null).await, json!({ "data": [] }));
}

#[tokio::test]
async fn pages_and_ad_accounts_say_whether_the_app_hears_of_them() {
    let meta = Meta::start().await;
    let (page, account) = (meta.simulator.world().page.clone(), meta.account("subscribed_apps"));
    let fields = json!({ "subscribed_fields": "feed" });
    let foreign = meta.post(&format!("{page}/subscribed_apps"), fields.clone()).await;
    assert_eq!(refusal(&foreign).0, 210, "the token is not the page's");
    assert_eq!(refusal(&meta.as_page("POST", "subscribed_apps", json!({ "subscribed_fields": "x" })).await).0, 100);
    meta.as_page("POST", "subscribed_apps", fields).await;
    let apps = meta.as_page("GET", "subscribed_apps", Value::Null).await;
    assert_eq!(apps["data"][0]["subscribed_fields"], json!(["feed"]));
    meta.as_page("DELETE", "subscribed_apps", Value::Null).await;
    assert_eq!(meta.as_page("GET", "subscribed_apps", Value::Null).await["data"], json!([]));

    let app_id = &meta.simulator.world().app_id;
    assert_eq!(refusal(&meta.post(&account, json!({ "app_id": "5" })).await).0, 100);
    meta.post(&account, json!({ "app_id": app_id })).await;
    assert_eq!(meta.get(&account).await["data"][0]["app_id"], json!(app_id));
    meta.delete(&format!("{account}?app_id={app_id}")).await;
    assert_eq!(meta.get(&account).await["data"], json!([]));
}

#[tokio::test]
async fn only_what_was_subscribed_to_is_told() {
    let mut callback = Callback::refusing(0).await;
    let meta = Meta::with_page(&callback).await;
    let world = meta.simulator.world();
    let value = json!({ "text": "hi" });
    assert_eq!(meta.simulator.tell(&[MetaChange::new("page", &world.page, "ratings", value.clone())]), 0);
    let comment = MetaChange::new("instagram", &world.instagram_user, "comments", value);
    assert_eq!(meta.simulator.tell(std::slice::from_ref(&comment)), 0);
    meta.subscribe("instagram", &callback.url, &["comments"]).await;
    assert_eq!(meta.simulator.tell(&[comment]), 1, "through the page that the app hears of");
    let told = callback.next(&meta).await;
    assert_eq!((told.object.as_str(), told.entry[0].id.as_str()), ("instagram", world.instagram_user.as_str()));
}

#[tokio::test]
async fn a_campaign_that_is_paused_is_told_with_all_that_stops_with_it() {
    let mut callback = Callback::refusing(0).await;
    let meta = Meta::start().await;
    meta.subscribe("ad_account", &callback.url, &["effective_status"]).await;
    meta.post(&meta.account("subscribed_apps"), json!({ "app_id": meta.simulator.world().app_id })).await;
    let campaign = meta.create("campaigns", campaign()).await;
    let set = meta.create("adsets", super::ads::ad_set(&campaign)).await;
    meta.post(&campaign, json!({ "name": "no status", "status": "ACTIVE" })).await;
    meta.post(&campaign, json!({ "status": "PAUSED" })).await;
    let body = serde_json::to_value(told(&callback.next(&meta).await)).unwrap();
    assert_eq!(body, json!([[campaign, "campaign"], [set, "ad_set"]]));
}

/// Which ad objects changed.
fn told(body: &WebhookBody) -> Vec<(String, String)> {
    let one = |event: &acd_meta::webhooks::ChangeEvent| match event {
        acd_meta::webhooks::ChangeEvent::FieldChanged(changed) => {
            (changed.object_id.clone(), changed.object_type.clone())
        }
        other => panic!("{other:?}"),
    };
    body.changes().map(|(_, change)| one(&change.event)).collect()
}

#[tokio::test]
async fn changes_are_told_in_messages_of_a_thousand() {
    let mut callback = Callback::refusing(0).await;
    let meta = Meta::with_page(&callback).await;
    let posts: Vec<_> = (0..2001).map(|number| meta.post_on_page(&number.to_string())).collect();
    assert_eq!(meta.simulator.tell(&posts), 2001);
    let mut counts = Vec::new();
    for _ in 0..3 {
        counts.push(callback.next(&meta).await.changes().count());
    }
    assert_eq!(counts, [1000, 1000, 1]);
}

#[tokio::test]
async fn what_is_refused_comes_again_ever_more_rarely_and_is_dropped_after_36_hours() {
    let clock = ManualClock::new();
    let simulator = MetaSimulator::builder().runtime(clock.runtime()).start().await.unwrap();
    let mut callback = Callback::refusing(100).await;
    let meta = Meta::of(simulator).subscribed_to_page(&callback).await;
    meta.simulator.tell(&[meta.post_on_page("Zoë")]);
    let first = callback.messages.recv().await.unwrap();
    let mut last = callback.messages.recv().await.unwrap();
    assert_eq!(first, last, "the first repetition comes at once, and is the same");
    let waits = |attempts: u32, pause: Duration| {
        meta.simulator.deliveries()[0].attempts == attempts && clock.sleepers() == [pause]
    };
    let mut pause = Duration::from_secs(60);
    for attempts in 2..13 {
        while !waits(attempts, pause) {
            tokio::task::yield_now().await;
        }
        // By the simulator's own clock, which wakes those who wait by it.
        meta.simulator.advance(pause);
        last = callback.messages.recv().await.unwrap();
        pause *= 2;
    }
    assert_eq!(first.1, last.1);
    let delivery = loop {
        let delivery = meta.simulator.deliveries().remove(0);
        if delivery.state != MetaDeliveryState::Waiting {
            break delivery;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((delivery.state, delivery.attempts, delivery.status), (MetaDeliveryState::Dropped, 13, Some(503)));
}

#[tokio::test]
async fn duplicates_come_on_demand_and_a_message_that_waits_holds_up_no_other() {
    let mut callback = Callback::refusing(2).await;
    let meta = Meta::with_page(&callback).await;
    meta.simulator.tell(&[meta.post_on_page("refused")]);
    let refused = callback.messages.recv().await.unwrap();
    assert_eq!(callback.messages.recv().await.unwrap(), refused);
    meta.simulator.tell(&[meta.post_on_page("taken")]);
    let taken = callback.messages.recv().await.unwrap();
    assert_ne!(taken, refused);
    let url = format!("{}/__sim/webhooks", meta.simulator.url());
    let list: Value = reqwest::get(&url).await.unwrap().json().await.unwrap();
    let id = &list["deliveries"][1]["id"];
    let again = reqwest::Client::new().post(format!("{url}/{id}/repeat")).send().await.unwrap();
    assert_eq!(again.status(), 202);
    assert_eq!(callback.messages.recv().await.unwrap(), taken);
    assert!(!meta.simulator.repeat_delivery(99));
    let numbers: BTreeSet<_> = meta.simulator.deliveries().iter().map(|delivery| delivery.id).collect();
    assert_eq!(numbers.len(), 2);
}
