//! Rules: shared events of any product become conversions, once each.

use acd_core::Secret;
use acd_platform::conditions::{Condition, Operator};
use acd_platform::meta_events::{ConversionOrigin, CreateMetaEventRule, PutConversionSwitch, RuleMapping};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::hub::{ALL, Hub};
use crate::support::wait::until;
use crate::users::refusal;

fn purchase() -> CreateMetaEventRule {
    CreateMetaEventRule {
        product: None,
        event: "Order Completed".to_owned(),
        conditions: Vec::new(),
        meta_event: "Purchase".to_owned(),
        mapping: RuleMapping::default(),
    }
}

fn order(id: &str, change: &Value) -> Value {
    let mut event = json!({
        "event": "Order Completed", "messageId": id, "userId": "ann",
        "properties": {
            "order_id": id, "revenue": "59.90", "currency": "eur",
            "products": [{ "product_id": "sku-1", "quantity": 2, "price": 29.95 }],
        },
        "context": {
            "ip": "198.51.100.7", "userAgent": "Mozilla/5.0",
            "page": { "url": "https://shop.test/done?fbclid=AbC" },
        },
    });
    event.as_object_mut().unwrap().extend(change.as_object().cloned().unwrap());
    event
}

impl Hub {
    async fn track(&self, key: &Secret, event: Value) {
        let reply = self.server.http().post("/v1/track").bearer(key).json(&event).send().await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    async fn forward(&self) -> usize {
        // What arrives in the very millisecond is left to the next look.
        self.clock.advance(TimeDelta::milliseconds(2));
        self.server.app.conversions.forwarder().forward_due().await.unwrap()
    }
}

#[tokio::test]
async fn an_order_becomes_a_purchase_of_the_person_that_the_product_knows() {
    let hub = Hub::open().await;
    hub.pct.meta_events().create_rule(&purchase()).await.unwrap();
    let who = json!({ "userId": "ann", "traits": { "email": "Ann@Example.com", "phone": "+16505551212" } });
    assert_eq!(hub.server.http().post("/v1/identify").bearer(&hub.key).json(&who).send().await.status, 200);
    hub.track(&hub.key, order("o1", &json!({}))).await;
    hub.track(&hub.key, json!({ "event": "Order Cancelled", "userId": "ann" })).await;
    assert_eq!(hub.forward().await, 1, "{:?}", hub.conversions().await);
    assert_eq!(hub.forward().await, 0);

    let stored: Value = sqlx::query_scalar("select payload from attribution_events")
        .fetch_one(&hub.server.database.pool())
        .await
        .unwrap();
    assert_eq!(stored["custom_data"]["value"], 59.9);
    assert_eq!(stored["custom_data"]["currency"], "EUR");
    assert_eq!(stored["custom_data"]["contents"], json!([{ "id": "sku-1", "quantity": 2, "item_price": 29.95 }]));
    assert_eq!(stored["action_source"], "website");
    let person = stored["user_data"].as_object().unwrap();
    let keys: Vec<_> = person.keys().map(String::as_str).collect();
    assert_eq!(keys, ["client_ip_address", "client_user_agent", "em", "external_id", "fbc", "ph"]);
    assert!(person["fbc"].as_str().unwrap().ends_with(".AbC") && !stored.to_string().contains("xample.com"));

    hub.send_due().await;
    let sent = hub.conversions().await.remove(0);
    assert_eq!((sent.state.as_str(), sent.origin), ("sent", ConversionOrigin::Rule));
    let source = sent.source_event_id.unwrap();
    assert_eq!(sent.event_id, source.to_string());
    assert_eq!(hub.pct.events().get(source).await.unwrap().message_id, "o1");
    assert_eq!(hub.at_meta(), [(source.to_string(), true)]);
}

#[tokio::test]
async fn what_happens_on_a_phone_reaches_meta_as_an_event_of_the_app() {
    let hub = Hub::open().await;
    hub.pct.meta_events().create_rule(&purchase()).await.unwrap();
    let phone = json!({
        "device": { "type": "ios", "id": "install-1", "advertisingId": "7A3CBEA0-BDF5-11E4-8DFC-AA07A5B093DB",
            "adTrackingEnabled": true, "model": "iPhone17,1" },
        "os": { "name": "iOS", "version": "18.1" }, "app": { "namespace": "com.example.shop", "version": "1.2.3", "build": "456" },
        "locale": "de-DE", "timezone": "Europe/Berlin", "userAgent": "Shop/1.2.3",
        "referrer": { "url": "https://shop.test/?fbclid=AbC" },
    });
    hub.track(&hub.key, order("allowed", &json!({ "context": phone }))).await;
    let mut unknown = phone.clone();
    unknown["os"] = json!({});
    hub.track(&hub.key, order("no version", &json!({ "context": unknown }))).await;
    assert_eq!(hub.forward().await, 1, "{:?}", hub.conversions().await);
    let event: Value = sqlx::query_scalar("select payload from attribution_events where state = 'pending'")
        .fetch_one(&hub.server.database.pool())
        .await
        .unwrap();
    assert_eq!(event["action_source"], "app");
    let extinfo = [
        "i2",
        "com.example.shop",
        "1.2.3",
        "456",
        "18.1",
        "iPhone17,1",
        "de_DE",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "Europe/Berlin",
    ];
    let app = json!({ "advertiser_tracking_enabled": 1, "application_tracking_enabled": 1, "extinfo": extinfo });
    assert_eq!(event["app_data"], app);
    let person = &event["user_data"];
    assert_eq!(person["madid"], "7A3CBEA0-BDF5-11E4-8DFC-AA07A5B093DB");
    assert_eq!(person["anon_id"], "install-1");
    assert!(person["fbc"].as_str().unwrap().ends_with(".AbC"), "{person}");
    assert_eq!(event.get("event_source_url"), None);

    hub.send_due().await;
    assert_eq!(hub.at_meta().len(), 1, "{:?}", hub.conversions().await);
    let told = hub.conversions().await;
    let cause = told.iter().find_map(|one| one.cause.as_deref()).unwrap();
    assert!(cause.contains("app_data.extinfo"), "{cause}");
}

#[tokio::test]
async fn the_browsers_id_wins_and_what_came_already_is_not_sent_again() {
    let hub = Hub::open().await;
    let mut rule = purchase();
    rule.meta_event = "Lead".to_owned();
    hub.pct.meta_events().create_rule(&rule).await.unwrap();
    hub.pct.meta_events().send(&hub.lead("by both")).await.unwrap();
    hub.track(&hub.key, order("o1", &json!({ "properties": { "event_id": "by both" } }))).await;
    hub.track(&hub.key, order("o2", &json!({ "properties": { "event_id": "by the browser" } }))).await;
    assert_eq!(hub.forward().await, 1);
    hub.send_due().await;
    let mut ids: Vec<_> = hub.at_meta().into_iter().map(|(id, _)| id).collect();
    ids.sort();
    assert_eq!(ids, ["by both", "by the browser"]);
}

#[tokio::test]
async fn conditions_decide_and_what_cannot_be_sent_is_recorded_with_its_cause() {
    let hub = Hub::open().await;
    let mut rule = purchase();
    rule.conditions = vec![
        Condition::new("properties.revenue", Operator::GreaterThan, 10),
        Condition::new("properties.plan", Operator::OneOf, vec!["pro", "enterprise"]),
        Condition::new("properties.trial", Operator::NotEquals, true),
        Condition::valueless("context.page.url", Operator::Exists),
    ];
    hub.pct.meta_events().create_rule(&rule).await.unwrap();
    let of =
        |plan: &str, revenue: Value| json!({ "properties": { "plan": plan, "revenue": revenue, "currency": "USD" } });
    for (id, change) in [
        ("fits", of("pro", json!(11))),
        ("cheap", of("pro", json!("9"))),
        ("free", of("free", json!(50))),
        ("trial", json!({ "properties": { "plan": "pro", "revenue": 50, "currency": "USD", "trial": true } })),
        ("no page", json!({ "properties": { "plan": "pro", "revenue": 50 }, "context": {} })),
        ("no currency", json!({ "properties": { "plan": "pro", "revenue": 50 } })),
        ("stranger", json!({ "userId": "bob", "properties": { "plan": "pro", "revenue": 50, "currency": "USD" } })),
        ("asked", {
            let page = json!({ "url": "https://shop.test/" });
            let consent = json!({ "categoryPreferences": { "advertising": true } });
            let context = json!({ "page": page, "consent": consent });
            json!({ "userId": "eve", "context": context, "properties": { "plan": "pro", "revenue": 50, "currency": "USD" } })
        }),
    ] {
        hub.track(&hub.key, order(id, &change)).await;
    }
    assert_eq!(hub.forward().await, 2);
    let told: Vec<_> = hub.conversions().await.into_iter().map(|one| (one.state.to_string(), one.cause)).collect();
    assert_eq!(told.iter().map(|(state, _)| state.as_str()).collect::<Vec<_>>().len(), 4);
    let causes: Vec<_> = told.iter().filter_map(|(_, cause)| cause.as_deref()).collect();
    assert_eq!(causes.len(), 2, "{told:?}");
    assert!(
        causes.iter().any(|cause| cause.contains("currency"))
            && causes.iter().any(|cause| cause.contains("no consent"))
    );
}

#[tokio::test]
async fn only_what_comes_while_the_switch_is_on_and_the_rule_is_there_is_forwarded() {
    let hub = Hub::closed().await;
    hub.consent("ann", true).await;
    let rule = hub.pct.meta_events().create_rule(&purchase()).await.unwrap();
    hub.track(&hub.key, order("while off", &json!({}))).await;
    hub.clock.advance(TimeDelta::seconds(1));
    hub.pct.meta_events().put_switch(&hub.on()).await.unwrap();
    hub.track(&hub.key, order("while on", &json!({}))).await;
    assert_eq!(hub.forward().await, 1);
    hub.clock.advance(TimeDelta::minutes(5));
    assert_eq!(hub.forward().await, 0, "nor does the second look find what is not to be sent");
    hub.pct.meta_events().delete_rule(rule.id).await.unwrap();
    hub.track(&hub.key, order("without a rule", &json!({}))).await;
    assert_eq!(hub.forward().await, 0);
    assert_eq!(refusal(hub.pct.meta_events().delete_rule(rule.id).await).0, 404);
}

#[tokio::test]
async fn what_commits_while_its_moment_is_looked_at_is_found_by_the_next_look() {
    let hub = Hub::open().await;
    let replica = hub.replica().await;
    hub.pct.meta_events().create_rule(&purchase()).await.unwrap();
    // A rival that stores an event of the same messageId makes ours wait for its end.
    let pool = hub.server.database.pool();
    let mut rival = pool.begin().await.unwrap();
    let same = "insert into shared_events (id, product, type, event, message_id, user_id, timestamp, received_at)
        values (acd.uuid_v7(), 'pct', 'page', null, 'slow', 'ann', now(), now())";
    sqlx::query(same).execute(&mut *rival).await.unwrap();
    let rest = async {
        until("the slow event waits", async || {
            let waiting = "select count(*) from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock' and query like 'insert into shared_events%'";
            let count: i64 = sqlx::query_scalar(waiting).fetch_one(&pool).await.unwrap();
            (count > 0).then_some(())
        })
        .await;
        hub.clock.advance(TimeDelta::milliseconds(5));
        let quick = order("quick", &json!({}));
        assert_eq!(replica.http().post("/v1/track").bearer(&hub.key).json(&quick).send().await.status, 200);
        assert_eq!(hub.forward().await, 0, "what came after it is not passed either");
        rival.rollback().await.unwrap();
    };
    tokio::join!(hub.track(&hub.key, order("slow", &json!({}))), rest);
    assert_eq!(hub.forward().await, 2);
    assert_eq!(hub.forward().await, 0);
}

#[tokio::test]
async fn what_a_clock_that_is_behind_stamped_is_found_by_the_second_look() {
    let hub = Hub::open().await;
    hub.pct.meta_events().create_rule(&purchase()).await.unwrap();
    hub.track(&hub.key, order("early", &json!({}))).await;
    assert_eq!(hub.forward().await, 1);
    // As if the clock of whoever stores it were behind the one by which it was looked.
    let late = "update shared.meta_event_cursor set position = acd.uuid_v7_floor($1 + interval '1 second') where name = 'head'";
    sqlx::query(late).bind(hub.clock.now()).execute(&hub.server.database.pool()).await.unwrap();
    hub.track(&hub.key, order("late", &json!({}))).await;
    assert_eq!(hub.forward().await, 0);
    hub.clock.advance(TimeDelta::minutes(3));
    assert_eq!(hub.forward().await, 1);
    assert_eq!(hub.conversions().await.len(), 2);
}

#[tokio::test]
async fn every_products_conversions_go_to_its_own_pixel_by_its_own_rules() {
    let hub = Hub::open().await;
    hub.pct.meta_events().create_rule(&purchase()).await.unwrap();
    let key = hub.server.key("portal28", &ALL).await;
    let portal = hub.server.client(&key);
    portal
        .meta_events()
        .put_switch(&PutConversionSwitch { pixel_id: Some("77".to_owned()), ..hub.on() })
        .await
        .unwrap();
    let own = json!({ "context": { "consent": { "categoryPreferences": { "advertising": true } } } });
    hub.track(&key, order("o1", &own)).await;
    assert_eq!(hub.forward().await, 0, "the rule is another product's");
    portal.meta_events().create_rule(&purchase()).await.unwrap();
    hub.track(&key, order("o2", &own)).await;
    assert_eq!(hub.forward().await, 1);
    let made = portal.meta_events().list(&Default::default()).await.unwrap().data;
    assert_eq!(made.iter().map(|one| one.pixel_id.as_str()).collect::<Vec<_>>(), ["77"]);
    assert!(hub.conversions().await.is_empty());
}

#[tokio::test]
async fn a_rule_that_cannot_work_is_refused_and_a_repeat_makes_no_second() {
    let hub = Hub::open().await;
    let meta_events = hub.pct.meta_events();
    let with = |change: fn(&mut CreateMetaEventRule)| {
        let mut rule = purchase();
        change(&mut rule);
        rule
    };
    for wrong in [
        with(|rule| rule.event = String::new()),
        with(|rule| rule.meta_event = "a\0".to_owned()),
        with(|rule| rule.mapping.value = Some("traits.email".to_owned())),
        with(|rule| rule.mapping.event_id = Some("properties..id".to_owned())),
        with(|rule| rule.mapping.default_currency = Some("euro".to_owned())),
        with(|rule| {
            rule.conditions = vec![Condition::new("properties.a", Operator::LessThan, "x")];
        }),
    ] {
        assert_eq!(refusal(meta_events.create_rule(&wrong).await), (422, "invalid_body".to_owned()), "{wrong:?}");
    }
    let one = meta_events.create_rule(&purchase()).idempotency_key("k").await.unwrap();
    assert_eq!(meta_events.create_rule(&purchase()).idempotency_key("k").await.unwrap(), one);
    let other = with(|rule| rule.meta_event = "Lead".to_owned());
    let reused = refusal(meta_events.create_rule(&other).idempotency_key("k").await);
    assert_eq!(reused, (409, "idempotency_key_reused".to_owned()));
    assert_eq!(meta_events.rules(&Default::default()).await.unwrap().data, [one]);
}
