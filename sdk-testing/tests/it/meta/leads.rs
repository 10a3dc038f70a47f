use std::time::Duration;

use serde_json::{Value, json};

use super::{Meta, campaign, refusal};

impl Meta {
    async fn create_form(&self, body: Value) -> Value {
        let world = self.simulator.world();
        self.call_as(&world.page_access_token, "POST", &format!("{}/leadgen_forms", world.page), body).await
    }
}

fn form() -> Value {
    json!({
        "name": "Newsletter", "privacy_policy": { "url": "https://a.example/privacy" },
        "questions": [{ "type": "EMAIL" }, { "type": "CUSTOM", "label": "Favourite colour" }],
    })
}

#[tokio::test]
async fn forms_are_judged_and_listed_with_their_leads() {
    let meta = Meta::start().await;
    for change in [
        json!({ "name": null }),
        json!({ "questions": [] }),
        json!({ "questions": [{ "label": "no type" }] }),
        json!({ "questions": [{ "type": "CUSTOM" }] }),
        json!({ "privacy_policy": { "link_text": "no url" } }),
    ] {
        assert_eq!(refusal(&meta.create_form(super::with(form(), &change)).await), (100, None), "{change}");
    }
    let id = meta.create_form(form()).await["id"].as_str().unwrap().to_owned();
    let wrong = json!({ "field_data": [{ "name": "shoe_size", "values": ["44"] }] });
    assert_eq!(refusal(&meta.post(&format!("{id}/test_leads"), wrong).await), (100, None));
    meta.post(&format!("{id}/test_leads"), json!({})).await;
    let leads = meta.get(&format!("{id}/leads")).await;
    let values = |place: usize| leads["data"][0]["field_data"][place]["values"][0].as_str().unwrap().to_owned();
    assert_eq!(values(1), "<test lead: dummy data for favourite_colour>");
    let page = meta.simulator.world().page.clone();
    let forms = meta.get(&format!("{page}/leadgen_forms?fields=name,leads_count")).await;
    assert_eq!(forms["data"][0], json!({ "id": id, "name": "Newsletter", "leads_count": 1 }));
    meta.post(&id, json!({ "status": "ARCHIVED" })).await;
    assert_eq!(refusal(&meta.post(&format!("{id}/test_leads"), json!({})).await), (100, None));
}

#[tokio::test]
async fn a_lead_names_the_ad_that_brought_it_and_is_found_by_its_time() {
    let meta = Meta::start().await;
    let campaign = meta.create("campaigns", campaign()).await;
    let set = meta.create("adsets", super::ads::ad_set(&campaign)).await;
    let creative = meta.create("adcreatives", super::ads::creative(&meta)).await;
    let ad = meta.create("ads", json!({ "name": "a", "adset_id": set, "creative": { "creative_id": creative } })).await;
    let form = meta.simulator.world().lead_form.clone();
    let answers = json!([{ "name": "email", "values": ["ada@example.com"] }]);
    let first = meta.simulator.submit_lead(&form, Some(&ad), &answers).unwrap();
    meta.simulator.advance(Duration::from_secs(600));
    let body = json!({ "form": form, "field_data": answers });
    let submitted = reqwest::Client::new().post(format!("{}/__sim/leads", meta.simulator.url())).json(&body);
    let second: Value = submitted.send().await.unwrap().json().await.unwrap();

    let lead = meta.get(&format!("{first}?fields=ad_id,adset_id,campaign_id,campaign_name,is_organic")).await;
    let expected = json!({
        "id": first, "ad_id": ad, "adset_id": set, "campaign_id": campaign, "campaign_name": "c", "is_organic": false,
    });
    assert_eq!(lead, expected);
    assert_eq!(meta.get(&format!("{ad}/leads?fields=id")).await["data"], json!([{ "id": first }]));
    let time = meta.get(&format!("{first}?fields=created_time")).await["created_time"].clone();
    let newer = json!([{ "field": "time_created", "operator": "GREATER_THAN", "value": time }]).to_string();
    let newer: String = url::form_urlencoded::byte_serialize(newer.as_bytes()).collect();
    let found = meta.get(&format!("{form}/leads?fields=id&filtering={newer}")).await;
    assert_eq!(found["data"], json!([{ "id": second["id"] }]));
    assert_eq!(refusal(&meta.get(&format!("{form}/leads?filtering=%5B%7B%22field%22%3A%22x%22%7D%5D")).await).0, 100);
    assert!(meta.simulator.submit_lead("1", None, &answers).is_err());
}

#[tokio::test]
async fn leads_are_read_with_the_permission_for_them_alone() {
    let meta = Meta::start().await;
    let form = meta.simulator.world().lead_form.clone();
    let lead = meta.simulator.submit_lead(&form, None, &json!([])).unwrap();
    let control = format!("{}/__sim/tokens/{}", meta.simulator.url(), meta.simulator.world().access_token);
    let change = json!({ "scopes": ["ads_management", "ads_read"] });
    reqwest::Client::new().put(control).json(&change).send().await.unwrap().error_for_status().unwrap();
    for path in [lead, format!("{form}/leads")] {
        assert_eq!(refusal(&meta.get(&path).await), (200, None), "{path}");
    }
}
