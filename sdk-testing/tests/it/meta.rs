//! The simulated Graph API over HTTP.

mod ads;
mod audiences;
mod client;
mod images;
mod instagram;
mod lead_story;
mod leads;
mod limits;
mod once;
mod planned;
mod reach;
mod schedules;
mod tree;
mod typed;
mod uploads;
mod videos;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use acd_meta::MetaClient;
use acd_testing::{ManualClock, MetaSimulator};
use serde_json::{Value, json};

/// A simulator and somebody who calls it.
pub(crate) struct Meta {
    pub(crate) simulator: Arc<MetaSimulator>,
    http: reqwest::Client,
}

impl Meta {
    pub(crate) async fn start() -> Self {
        Self::of(MetaSimulator::start().await.unwrap())
    }

    pub(crate) fn of(simulator: MetaSimulator) -> Self {
        // Where another crate of the build switched TLS on, reqwest wants a provider of cryptography even for plain HTTP.
        let _chosen_before = rustls::crypto::ring::default_provider().install_default().is_err();
        Self { simulator: Arc::new(simulator), http: reqwest::Client::new() }
    }

    /// A simulator and our client of it, both on this clock.
    pub(crate) async fn on(clock: &ManualClock) -> (Self, MetaClient) {
        let simulator = MetaSimulator::builder().runtime(clock.runtime()).start().await.unwrap();
        let world = simulator.world().clone();
        let runtime = clock.runtime();
        let client = MetaClient::builder(world.access_token)
            .app_secret(world.app_secret)
            .base_url(simulator.url())
            .http(|http| http.runtime(runtime));
        (Self::of(simulator), client.build().unwrap())
    }

    /// How often calls with this method went to paths that hold this text.
    pub(crate) fn calls(&self, method: &str, path: &str) -> usize {
        self.simulator.traffic().iter().filter(|call| call.method == method && call.path.contains(path)).count()
    }

    /// What faults did, in order.
    pub(crate) fn faults(&self) -> Vec<&'static str> {
        self.simulator.traffic().into_iter().filter_map(|call| call.fault).collect()
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> reqwest::Result<reqwest::Response> {
        let url = format!("{}/v26.0/{path}", self.simulator.url());
        let request = self.http.request(method.parse().unwrap(), url);
        let request = request.bearer_auth(&self.simulator.world().access_token);
        match body {
            Some(body) => request.json(body).send().await,
            None => request.send().await,
        }
    }

    /// Calls with another token, and gives the answer.
    pub(crate) async fn call_as(&self, token: &str, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/v26.0/{path}", self.simulator.url());
        let request = self.http.request(method.parse().unwrap(), url).bearer_auth(token);
        let request = if body.is_null() { request } else { request.json(&body) };
        request.send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.send("GET", path, None).await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.send("POST", path, Some(&body)).await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Value {
        self.send("DELETE", path, None).await.unwrap().json().await.unwrap()
    }

    /// An edge of the ad account.
    pub(crate) fn account(&self, edge: &str) -> String {
        format!("{}/{edge}", self.simulator.world().ad_account)
    }

    /// Creates below the ad account and gives the id.
    pub(crate) async fn create(&self, edge: &str, body: Value) -> String {
        let answer = self.post(&self.account(edge), body).await;
        answer["id"].as_str().unwrap_or_else(|| panic!("not created: {answer}")).to_owned()
    }
}

/// Lets somebody who waits for this many seconds, one wait after the other, go on.
pub(crate) async fn pass(clock: &ManualClock, pauses: &[u64]) {
    for pause in pauses.iter().copied().map(Duration::from_secs) {
        clock.sleeping(pause).await;
        clock.advance(pause);
    }
}

/// The beginning of a video file, and as many bytes as are wanted.
pub(crate) fn video(size: usize) -> Vec<u8> {
    let body = (0..size).map(|at| u8::try_from(at % 251).unwrap_or_default());
    b"\0\0\0\x18ftypisom".iter().copied().chain(body.skip(12)).collect()
}

/// A campaign without a budget.
pub(crate) fn campaign() -> Value {
    json!({
        "name": "c", "objective": "OUTCOME_TRAFFIC", "special_ad_categories": [], "status": "ACTIVE",
        "is_adset_budget_sharing_enabled": false,
    })
}

/// Adds or replaces members; null takes one away.
pub(crate) fn with(mut body: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Code and subcode of a refusal.
pub(crate) fn refusal(answer: &Value) -> (i64, Option<i64>) {
    let error = &answer["error"];
    (error["code"].as_i64().unwrap_or_default(), error["error_subcode"].as_i64())
}
