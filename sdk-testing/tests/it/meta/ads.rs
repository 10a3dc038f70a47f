use std::sync::Arc;

use acd_testing::{MetaEffect, MetaFault};
use serde_json::{Value, json};

use super::{Meta, campaign, refusal, with};

pub(super) fn ad_set(campaign: &str) -> Value {
    json!({
        "name": "s", "campaign_id": campaign, "daily_budget": 5000, "billing_event": "IMPRESSIONS",
        "optimization_goal": "LINK_CLICKS", "targeting": { "geo_locations": { "countries": ["US"] } },
    })
}

pub(super) fn creative(meta: &Meta) -> Value {
    json!({ "name": "k", "object_story_spec": { "page_id": meta.simulator.world().page, "link_data": { "link": "https://a.example" } } })
}

#[tokio::test]
async fn campaigns_are_judged_as_meta_does() {
    let meta = Meta::start().await;
    for (change, expected) in [
        (json!({ "name": null }), (100, None)),
        (json!({ "special_ad_categories": null }), (100, None)),
        (json!({ "objective": "LINK_CLICKS" }), (100, None)),
        (json!({ "status": "ARCHIVED" }), (100, None)),
        (json!({ "daily_budget": 99 }), (100, Some(1_885_272))),
        (json!({ "daily_budget": 500, "lifetime_budget": 500 }), (100, None)),
        (json!({ "spend_cap": 99 }), (100, Some(2_446_307))),
        (json!({ "bid_strategy": "COST_CAP" }), (100, Some(1_885_204))),
        (json!({ "is_adset_budget_sharing_enabled": null }), (100, None)),
        (json!({ "execution_options": ["validate_only"] }), (0, None)),
        (json!({}), (0, None)),
    ] {
        let answer = meta.post(&meta.account("campaigns"), with(campaign(), &change)).await;
        assert_eq!(refusal(&answer), expected, "{change}: {answer}");
    }
    let list = meta.get(&meta.account("campaigns?summary=total_count")).await;
    assert_eq!(list["summary"]["total_count"], 1, "what was only validated or refused is not there");
}

#[tokio::test]
async fn ad_sets_are_judged_by_their_campaign() {
    let meta = Meta::start().await;
    let traffic = meta.create("campaigns", campaign()).await;
    let budgeted = meta.create("campaigns", with(campaign(), &json!({ "daily_budget": 900 }))).await;
    let housing = meta.create("campaigns", with(campaign(), &json!({ "special_ad_categories": ["HOUSING"] }))).await;
    let places = |places: Value| json!({ "targeting": { "geo_locations": places } });
    for (campaign, change, expected) in [
        (&traffic, json!({}), (0, None)),
        (&traffic, json!({ "daily_budget": null }), (100, None)),
        (&traffic, json!({ "optimization_goal": "APP_INSTALLS" }), (100, None)),
        (&traffic, json!({ "billing_event": "THRUPLAY" }), (100, None)),
        (&traffic, json!({ "bid_strategy": "COST_CAP" }), (100, None)),
        (&traffic, json!({ "end_time": "2001-01-01T00:00:00+0000" }), (100, Some(1_487_033))),
        (&traffic, json!({ "targeting": {} }), (100, None)),
        (&traffic, places(json!({ "countries": ["US"], "location_types": ["home"] })), (100, Some(1_870_199))),
        (&traffic, places(json!({ "countries": ["DE"] })), (100, Some(3_858_152))),
        (
            &traffic,
            with(places(json!({ "countries": ["DE"] })), &json!({ "dsa_payor": "A", "dsa_beneficiary": "A" })),
            (0, None),
        ),
        (&budgeted, json!({}), (100, Some(1_885_621))),
        (&budgeted, json!({ "daily_budget": null }), (0, None)),
        (&housing, json!({}), (100, None)),
        (&"7".to_owned(), json!({}), (100, None)),
    ] {
        let answer = meta.post(&meta.account("adsets"), with(ad_set(campaign), &change)).await;
        assert_eq!(refusal(&answer), expected, "{change}: {answer}");
    }
}

#[tokio::test]
async fn a_tree_is_read_whole_with_one_call_and_copied() {
    let meta = Meta::start().await;
    let campaign = meta.create("campaigns", campaign()).await;
    let set = meta.create("adsets", ad_set(&campaign)).await;
    let creative = meta.create("adcreatives", creative(&meta)).await;
    let ad = meta.create("ads", json!({ "name": "a", "adset_id": set, "creative": { "creative_id": creative } })).await;
    let tree = meta.get(&format!("{campaign}?fields=name,adsets.limit(5){{id,ads{{id,creative{{name}}}}}}")).await;
    assert_eq!(
        tree["adsets"]["data"][0]["ads"]["data"][0],
        json!({ "id": ad, "creative": { "id": creative, "name": "k" } })
    );
    let copy = meta.post(&format!("{campaign}/copies"), json!({ "deep_copy": true })).await;
    let copied = copy["copied_campaign_id"].as_str().unwrap();
    assert_eq!(copy["ad_object_ids"].as_array().map(Vec::len), Some(3));
    let tree = meta.get(&format!("{copied}?fields=name,status,ads{{id}}")).await;
    assert_eq!((&tree["name"], &tree["status"]), (&json!("c - Copy"), &json!("PAUSED")));
    assert_eq!(tree["ads"]["data"].as_array().map(Vec::len), Some(1));

    assert_eq!(meta.delete(&set).await, json!({ "success": true }));
    assert_eq!(meta.get(&format!("{ad}?fields=effective_status")).await["effective_status"], "DELETED");
    assert_eq!(refusal(&meta.post(&set, json!({ "daily_budget": 900 })).await), (100, Some(1_487_056)));
    assert_eq!(refusal(&meta.get(&format!("{ad}?fields=nonsense")).await), (100, None));
    assert_eq!(refusal(&meta.get("1").await), (100, Some(33)));
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_found_by_its_label() {
    let meta = Meta::start().await;
    let label = meta.create("adlabels", json!({ "name": "run-1" })).await;
    meta.simulator.inject(MetaFault::new(MetaEffect::CutAfter).method("POST").path("/campaigns").times(1));
    meta.simulator.inject(MetaFault::new(MetaEffect::CutBefore).method("POST").path("/adsets").times(1));
    let labelled = with(campaign(), &json!({ "adlabels": [{ "id": label }] }));
    meta.send("POST", &meta.account("campaigns"), Some(&labelled)).await.expect_err("the answer is lost");
    let found = meta.get(&meta.account(&format!("campaignsbylabels?ad_label_ids=[\"{label}\"]&fields=id,name"))).await;
    let [one] = &found["data"].as_array().unwrap()[..] else { panic!("{found}") };
    let id = one["id"].as_str().unwrap();
    meta.send("POST", &meta.account("adsets"), Some(&ad_set(id))).await.expect_err("nothing was done");
    assert_eq!(meta.get(&format!("{id}/adsets")).await["data"], json!([]));
    let faults: Vec<_> = meta.simulator.traffic().into_iter().filter_map(|exchange| exchange.fault).collect();
    assert_eq!(faults, ["cut_after", "cut_before"]);
}

#[tokio::test]
async fn a_create_that_is_never_answered_is_done_while_its_caller_waits() {
    let meta = Arc::new(Meta::start().await);
    meta.simulator.inject(MetaFault::new(MetaEffect::Silence).method("POST").path("/campaigns").times(1));
    let caller = Arc::clone(&meta);
    let waiting = tokio::spawn(async move { caller.create("campaigns", campaign()).await });
    let made = || async { meta.get(&meta.account("campaigns")).await["data"].as_array().unwrap().len() };
    while made().await == 0 {}
    assert!(!waiting.is_finished());
    assert_eq!(meta.faults(), ["silence"]);
    waiting.abort();
    meta.create("campaigns", campaign()).await;
    assert_eq!(made().await, 2);
}

#[tokio::test]
async fn batches_use_results_of_earlier_items() {
    let meta = Meta::start().await;
    let body =
        |fields: &[(&str, &str)]| url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let campaign = body(&[
        ("name", "b"),
        ("objective", "OUTCOME_SALES"),
        ("special_ad_categories", "[]"),
        ("daily_budget", "900"),
    ]);
    let batch = json!([
        { "method": "POST", "name": "c", "relative_url": meta.account("campaigns"), "body": campaign },
        { "method": "GET", "relative_url": "{result=c:$.id}?fields=name" },
        { "method": "GET", "relative_url": "1" },
    ]);
    let answers = meta.post("", json!({ "batch": batch })).await;
    assert_eq!(answers[0], Value::Null, "used by another item, so left out");
    let read: Value = serde_json::from_str(answers[1]["body"].as_str().unwrap()).unwrap();
    assert_eq!(read["name"], "b");
    assert_eq!(answers[2]["code"], 400);
    let usage = answers[1]["headers"].as_array().unwrap();
    assert!(usage.iter().any(|header| header["name"] == "x-ad-account-usage"));
}
