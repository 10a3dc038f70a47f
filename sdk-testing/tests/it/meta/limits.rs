use std::time::Duration;

use acd_testing::{ManualClock, MetaSimulator, MetaTier};
use serde_json::{Value, json};

use super::{Meta, campaign, refusal};

async fn limited() -> Meta {
    let clock = ManualClock::new();
    let builder = MetaSimulator::builder().runtime(clock.runtime()).tier(MetaTier::Limited);
    Meta::of(builder.start().await.unwrap())
}

#[tokio::test]
async fn usage_rises_to_the_cap_then_the_account_pauses() {
    let meta = limited().await;
    let path = meta.account("campaigns");
    let mut last = 0.0;
    for points in (3..=60).step_by(3) {
        let answer = meta.send("POST", &path, Some(&campaign())).await.unwrap();
        let usage: Value = serde_json::from_str(answer.headers()["x-ad-account-usage"].to_str().unwrap()).unwrap();
        let used = usage["acc_id_util_pct"].as_f64().unwrap();
        assert!(used > last && (used - f64::from(points) / 0.6).abs() < 0.01, "{used} after {points} points");
        last = used;
    }
    assert_eq!(refusal(&meta.get(&path).await), (17, Some(2_446_079)));
    meta.simulator.advance(Duration::from_secs(299));
    assert_eq!(refusal(&meta.get(&path).await), (17, Some(2_446_079)));
    meta.simulator.advance(Duration::from_secs(1));
    assert!(meta.get(&path).await["data"].is_array());
}

#[tokio::test]
async fn tokens_proofs_and_versions_are_checked() {
    let meta = Meta::start().await;
    let url = meta.simulator.url();
    let account = &meta.simulator.world().ad_account;
    let ask = async |path: String| reqwest::get(format!("{url}/{path}")).await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(refusal(&ask(format!("v26.0/{account}")).await), (104, None));
    assert_eq!(refusal(&ask(format!("v26.0/{account}?access_token=x")).await), (190, None));
    let token = &meta.simulator.world().access_token;
    assert_eq!(ask(format!("v22.0/{account}?access_token={token}&fields=currency")).await["currency"], "USD");
    assert_eq!(refusal(&ask(format!("v20.0/{account}?access_token={token}")).await), (2635, None));
    assert_eq!(refusal(&ask(format!("v26.0/{account}?access_token={token}&appsecret_proof=00")).await), (100, None));
    let control = reqwest::Client::new().put(format!("{url}/__sim/tokens/{token}")).json(&json!({ "revoked": 463 }));
    assert_eq!(control.send().await.unwrap().status(), 204);
    assert_eq!(refusal(&meta.get(account).await), (190, Some(463)));
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let meta = Meta::start().await;
    let page = reqwest::get(format!("{}/__sim/", meta.simulator.url())).await.unwrap().text().await.unwrap();
    assert!(page.contains("Meta simulator"));
    assert!(!page.contains("http://") && !page.contains("https://"), "a resource from outside");
}
