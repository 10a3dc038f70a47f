//! The switch and the consent: without both nothing leaves.

use acd_platform::meta_events::{
    GetConversionSwitch, LimitedDataUse, ListSwitchChanges, MetaEvent, PutConversionSwitch,
};
use chrono::TimeDelta;

use super::hub::{Hub, lead};
use crate::support::app::TestApp;
use crate::users::{refusal, topics};

#[tokio::test]
async fn off_is_where_it_starts_and_every_change_is_kept() {
    let hub = Hub::closed().await;
    let meta_events = hub.pct.meta_events();
    let switch = meta_events.switch(&GetConversionSwitch::default()).await.unwrap();
    assert!(!switch.enabled && switch.changed_at.is_none());
    assert_eq!(refusal(meta_events.send(&hub.lead("e1")).await), (403, "not_enabled".to_owned()));

    let on = meta_events.put_switch(&hub.on()).await.unwrap();
    assert_eq!(meta_events.put_switch(&hub.on()).await.unwrap(), on, "a repeat changes nothing");
    hub.consent("ann", true).await;
    assert_eq!(meta_events.send(&hub.lead("e1")).await.unwrap().outcome.as_str(), "accepted");
    let off = PutConversionSwitch { enabled: false, ..hub.on() };
    meta_events.put_switch(&off).await.unwrap();
    assert_eq!(refusal(meta_events.send(&hub.lead("e2")).await), (403, "not_enabled".to_owned()));
    hub.send_due().await;
    let stopped = hub.conversions().await.remove(0);
    assert_eq!((stopped.state.as_str(), hub.requests()), ("refused", 0), "what is queued stops too");
    assert!(stopped.cause.unwrap().contains("switch was off"));

    let changes = meta_events.switch_changes(&ListSwitchChanges::default()).await.unwrap().data;
    assert_eq!(changes.iter().map(|change| change.switch.enabled).collect::<Vec<_>>(), [false, true]);
    assert!(changes.iter().all(|change| change.changed_by == "product" && change.request_id.starts_with("req_")));
    let told = topics(&hub.server).await;
    assert_eq!(told.iter().filter(|topic| *topic == "conversion_switch.changed").count(), 2);
}

#[tokio::test]
async fn a_switch_that_cannot_work_is_refused() {
    let hub = Hub::closed().await;
    let meta_events = hub.pct.meta_events();
    let with = |change: fn(&mut PutConversionSwitch)| {
        let mut switch = hub.on();
        change(&mut switch);
        switch
    };
    for wrong in [
        with(|switch| switch.pixel_id = None),
        with(|switch| switch.pixel_id = Some("1/../2".to_owned())),
        with(|switch| switch.test_event_code = Some("a b".to_owned())),
        with(|switch| switch.limited_data_use = Some(LimitedDataUse { country: 2, state: 0 })),
        with(|switch| switch.allowed_events = Some(vec![String::new()])),
        with(|switch| switch.allowed_events = Some(vec!["Lead".to_owned(); 101])),
    ] {
        assert_eq!(refusal(meta_events.put_switch(&wrong).await), (422, "invalid_body".to_owned()), "{wrong:?}");
    }
    let foreign = PutConversionSwitch { product: Some("portal28".parse().unwrap()), ..hub.on() };
    assert_eq!(refusal(meta_events.put_switch(&foreign).await).0, 404);
    let unknown = PutConversionSwitch { product: Some("nobody".parse().unwrap()), ..hub.on() };
    assert_eq!(refusal(hub.server.admin().meta_events().put_switch(&unknown).await).1, "unknown_product");
    assert_eq!(refusal(hub.server.admin().meta_events().put_switch(&hub.on()).await).1, "product_required");

    let away = TestApp::over(hub.server.database.clone(), Default::default()).await;
    let pct = away.client(&hub.key);
    assert_eq!(refusal(pct.meta_events().put_switch(&hub.on()).await), (503, "meta_not_connected".to_owned()));
}

#[tokio::test]
async fn nothing_is_sent_of_a_person_who_did_not_agree() {
    let hub = Hub::open().await;
    let at = hub.clock.now() - TimeDelta::hours(1);
    // Of nobody who is on record.
    let of_nobody = |id: &str| {
        let mut event = lead(id, at);
        event.insert("user_data".to_owned(), serde_json::json!({ "external_id": "7" }));
        MetaEvent::new(event)
    };
    let batch = [
        of_nobody("silent"),
        of_nobody("no").advertising(false),
        of_nobody("yes").advertising(true),
        of_nobody("stranger").user("bob"),
        hub.lead("known"),
        hub.lead("not now").advertising(false),
        MetaEvent::new(lead("by address", at)),
    ];
    let reply = hub.pct.meta_events().send_many(&batch).await.unwrap();
    let told: Vec<_> = reply.results.iter().map(|result| result.outcome.as_str()).collect();
    assert_eq!(told, ["refused", "refused", "accepted", "refused", "accepted", "refused", "refused"]);
    hub.send_due().await;
    let mut sent: Vec<_> = hub.at_meta().into_iter().map(|(id, _)| id).collect();
    sent.sort();
    assert_eq!(sent, ["known", "yes"]);
    let kept: i64 =
        sqlx::query_scalar("select count(*) from attribution_events where state = 'refused' and payload is null")
            .fetch_one(&hub.server.database.pool())
            .await
            .unwrap();
    assert_eq!(kept, 5, "recorded, without the person");
}

#[tokio::test]
async fn a_withdrawal_stops_what_is_queued_whatever_the_event_said() {
    let hub = Hub::open().await;
    hub.pct.meta_events().send_many(&[hub.lead("stored"), hub.lead("own").advertising(true)]).await.unwrap();
    hub.clock.advance(TimeDelta::seconds(1));
    hub.consent("ann", false).await;
    hub.send_due().await;
    assert_eq!((hub.states().await, hub.requests()), (vec!["refused".to_owned(); 2], 0));
    // Who agrees anew, after the withdrawal, is taken at the word.
    hub.clock.advance(TimeDelta::seconds(2));
    let anew = MetaEvent::new(lead("anew", hub.clock.now())).user("ann").advertising(true);
    assert_eq!(hub.pct.meta_events().send(&anew).await.unwrap().outcome.as_str(), "accepted");
}

#[tokio::test]
async fn a_decision_under_an_address_or_another_id_of_the_person_counts() {
    let hub = Hub::open().await;
    let who =
        serde_json::json!({ "userId": "ann", "anonymousId": "visitor", "traits": { "email": "ann@example.com" } });
    assert_eq!(hub.server.http().post("/v1/identify").bearer(&hub.key).json(&who).send().await.status, 200);
    let at = hub.clock.now() - TimeDelta::hours(1);
    let by_address = MetaEvent::new(lead("by address", at));
    let mut other = lead("by visitor", at);
    other.insert("user_data".to_owned(), serde_json::json!({ "external_id": "7" }));
    let by_visitor = MetaEvent::new(other).visitor("visitor");
    let reply = hub.pct.meta_events().send_many(&[by_address.clone(), by_visitor]).await.unwrap();
    assert_eq!(reply.accepted, 2, "{reply:?}");
    hub.consent("ann", false).await;
    hub.send_due().await;
    assert_eq!(hub.states().await, ["refused", "refused"]);
}
