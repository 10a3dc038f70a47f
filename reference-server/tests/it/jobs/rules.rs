//! Values that are refused.

use acd_core::Secret;
use http::Method;
use serde_json::{Value, json};

use super::support::{ALL, at};
use crate::support::app::TestApp;

async fn refusal(app: &TestApp, key: &Secret, method: Method, path: &str, body: &Value) -> (u16, String) {
    let reply = app.http().call(method, path).bearer(key).json(body).send().await;
    let text: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    (reply.status, text["detail"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn each_value_that_is_not_allowed_is_refused_with_its_field() {
    let (app, _) = at("2026-11-01T12:00:00Z").await;
    let key = app.key("pct", &ALL).await;
    let lease =
        json!({ "id": "job_0192f0c123457abc8def0123456789ab", "lease_id": "lse_0192f0c123457abc8def0123456789ab" });
    let with = |name: &str, value: Value| {
        let mut whole = lease.clone();
        whole[name] = value;
        json!({ "jobs": [whole] })
    };
    let claim = |name: &str, value: Value| {
        let mut whole = json!({ "kinds": ["a.b"], "worker": "w" });
        whole[name] = value;
        whole
    };
    let job = |name: &str, value: Value| {
        let mut whole = json!({ "kind": "a.b" });
        whole[name] = value;
        whole
    };
    let schedule = |name: &str, value: Value| {
        let mut whole = json!({ "name": "n", "kind": "a.b", "cron": "@daily" });
        whole[name] = value;
        whole
    };
    for (path, body, field) in [
        ("/v1/jobs", job("kind", json!("A b")), "kind: "),
        ("/v1/jobs", job("kind", json!("acd.jobs.clean_up")), "kind: "),
        ("/v1/jobs", job("payload", json!({ "a": "\0" })), "payload: "),
        ("/v1/jobs", job("payload", json!({ "a": "x".repeat(70_000) })), "payload: "),
        ("/v1/jobs", job("payload", json!([])), "payload: "),
        ("/v1/jobs", job("priority", json!(101)), "priority: "),
        ("/v1/jobs", job("max_attempts", json!(0)), "max_attempts: "),
        ("/v1/jobs", job("backoff_ms", json!(86_400_001)), "backoff_ms: "),
        ("/v1/jobs", job("run_at", json!("2028-01-01T00:00:00Z")), "run_at: "),
        ("/v1/jobs", job("unique_key", json!("")), "unique_key: "),
        ("/v1/jobs", job("limit_key", json!("none")), "limit_key: "),
        ("/v1/jobs", job("colour", json!("red")), "unknown field"),
        ("/v1/jobs/batch", json!({ "jobs": [] }), "jobs: "),
        ("/v1/jobs/batch", json!({ "jobs": vec![json!({ "kind": "a.b" }); 1_001] }), "jobs: "),
        ("/v1/jobs/batch", json!({ "jobs": [{ "kind": "a.b" }, { "kind": "-" }] }), "jobs[1].kind: "),
        ("/v1/jobs/retry", json!({ "ids": [] }), "jobs: "),
        ("/v1/jobs/claim", claim("kinds", json!([])), "kinds: "),
        ("/v1/jobs/claim", claim("kinds", json!(["acd.jobs.clean_up"])), "kinds: "),
        ("/v1/jobs/claim", claim("worker", json!("")), "worker: "),
        ("/v1/jobs/claim", claim("limit", json!(501)), "limit: "),
        ("/v1/jobs/claim", claim("lease_seconds", json!(0)), "lease_seconds: "),
        ("/v1/jobs/claim", claim("wait_seconds", json!(21)), "wait_seconds: "),
        ("/v1/jobs/heartbeat", with("progress", json!(101)), "progress: "),
        ("/v1/jobs/heartbeat", with("progress_note", json!("a\0")), "progress_note: "),
        ("/v1/jobs/complete", with("result", json!("x".repeat(70_000))), "result: "),
        ("/v1/jobs/complete", with("result", json!(["\0"])), "result: "),
        ("/v1/jobs/fail", with("retry_after_ms", json!(1)), "error"),
        ("/v1/jobs/schedules", schedule("cron", json!("* * *")), "cron: "),
        ("/v1/jobs/schedules", schedule("cron", json!("0 0 30 2 *")), "cron: "),
        ("/v1/jobs/schedules", schedule("time_zone", json!("Mars/Olympus")), "time_zone: "),
        ("/v1/jobs/schedules", schedule("name", json!("")), "name: "),
    ] {
        let (status, detail) = refusal(&app, &key, Method::POST, path, &body).await;
        assert!(status == 422 && detail.contains(field), "{path} {field}: {status} {detail}");
    }
    for (body, field) in [
        (json!({ "key": "k" }), "max_running: "),
        (json!({ "key": "k", "burst": 2, "max_running": 1 }), "rate_count: "),
        (json!({ "key": "k", "rate_count": 2, "burst": 3 }), "burst: "),
        (json!({ "key": "", "max_running": 1 }), "key: "),
    ] {
        let (status, detail) = refusal(&app, &key, Method::PUT, "/v1/jobs/limits", &body).await;
        assert!(status == 422 && detail.contains(field), "{field}: {status} {detail}");
    }
    let (status, _) = refusal(&app, &app.admin_key, Method::POST, "/v1/jobs", &json!({ "kind": "a.b" })).await;
    assert_eq!(status, 422, "an administrator names the product");
}
