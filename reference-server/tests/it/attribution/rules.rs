//! What counts as a conversion: made, listed, applied to the past, deleted.

use acd_platform::attribution::{CreateConversionRule, Credit, Effect, GetReport, ListConversionRules};
use acd_platform::conditions::{Condition, Operator};
use chrono::TimeDelta;
use serde_json::json;

use super::{Two, sale, usd};

#[tokio::test]
async fn a_rule_counts_the_past_too_and_a_deleted_one_nothing() {
    let two = Two::start().await;
    two.send(&two.pct, json!([sale("ann", "2031-05-19T00:00:00Z", "1", 1.0), { "type": "page", "userId": "ann" }]))
        .await;
    two.send(&two.pct, json!([{ "type": "track", "event": "Order Completed", "anonymousId": "visitor", "timestamp": "2031-05-19T00:00:00Z",
        "properties": { "revenue": 2, "currency": "USD" } }])).await;
    two.send(&two.gapradar, json!([sale("ann", "2031-05-19T00:00:00Z", "1", 50.0)])).await;
    two.clock.advance(TimeDelta::minutes(1));
    let [rule, _] = two.pct.sells().await;
    two.send(&two.pct, json!([sale("ann", "2031-05-19T00:00:00Z", "2", 4.0)])).await;
    two.clock.advance(TimeDelta::minutes(1));
    let total = async || two.pct.report(GetReport::default()).await.total;
    assert_eq!(total().await, usd(1, 0, 400, 0), "at once what comes");
    assert_eq!(two.server.app.attribution.settle().await.unwrap(), 0, "replicas may still store without knowing it");
    two.clock.advance(TimeDelta::minutes(3));
    assert_eq!(two.server.app.attribution.settle().await.unwrap(), 3);
    assert_eq!(total().await, usd(3, 0, 700, 0), "later what was there, and nothing twice");
    assert_eq!(two.server.app.attribution.settle().await.unwrap(), 0);

    two.pct.client.attribution().delete_rule(rule.id).await.unwrap();
    two.pct.client.attribution().delete_rule(rule.id).await.unwrap();
    assert_eq!(total().await, Credit::default());
    two.server.app.attribution.settle().await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from shared_conversions")
        .fetch_one(&two.server.database.pool())
        .await
        .unwrap();
    assert_eq!(left, 0, "what counts no more is not kept");
    two.send(&two.pct, json!([sale("ann", "2031-05-19T00:00:00Z", "3", 4.0)])).await;
    assert_eq!(total().await, Credit::default());
}

#[tokio::test]
async fn rules_are_a_products_own() {
    let two = Two::start().await;
    let (own, foreign) = (two.pct.client.attribution(), two.gapradar.client.attribution());
    let rule = CreateConversionRule::ecommerce("Sale", "Order Completed", Effect::Conversion);
    let made = own.create_rule(&rule).idempotency_key("k").await.unwrap();
    assert_eq!(own.create_rule(&rule).idempotency_key("k").await.unwrap(), made, "a repeat makes nothing");
    let code = |error: acd_platform::Error| error.status().unwrap().as_u16();
    let other = CreateConversionRule { name: "Other".to_owned(), ..rule.clone() };
    assert_eq!(code(own.create_rule(&other).idempotency_key("k").await.unwrap_err()), 409);
    assert_eq!(code(own.create_rule(&rule).await.unwrap_err()), 409, "the name is taken");
    let theirs = CreateConversionRule { product: Some("gapradar".parse().unwrap()), ..rule.clone() };
    assert_eq!(code(own.create_rule(&theirs).await.unwrap_err()), 404);
    assert_eq!(code(foreign.delete_rule(made.id).await.unwrap_err()), 404);
    let admin = two.server.admin();
    assert_eq!(
        code(admin.attribution().create_rule(&rule).await.unwrap_err()),
        422,
        "an administrator names the product"
    );
    let of_gapradar = admin.attribution().create_rule(&theirs).await.unwrap();

    let list = async |client: &acd_platform::PlatformClient| {
        client
            .attribution()
            .rules_all(ListConversionRules { limit: Some(1), ..Default::default() })
            .items()
            .collect(9)
            .await
            .unwrap()
    };
    assert_eq!(list(&two.pct.client).await, std::slice::from_ref(&made));
    assert_eq!(list(&two.gapradar.client).await, std::slice::from_ref(&of_gapradar));
    assert_eq!(list(&admin).await, [made.clone(), of_gapradar]);
    own.delete_rule(made.id).await.unwrap();
    assert_eq!(list(&two.pct.client).await, []);
    own.create_rule(&rule).await.unwrap();
}

#[tokio::test]
async fn conditions_and_one_rule_of_several() {
    let two = Two::start().await;
    let rule = |name: &str, operator, value: i64| CreateConversionRule {
        conditions: vec![Condition::new("properties.revenue", operator, value)],
        ..CreateConversionRule::ecommerce(name, "Order Completed", Effect::Conversion)
    };
    let api = two.pct.client.attribution();
    let small = api.create_rule(&rule("Small", Operator::AtMost, 10)).await.unwrap();
    let large = api.create_rule(&rule("Large", Operator::AtLeast, 10)).await.unwrap();
    let at = "2031-05-19T00:00:00Z";
    two.send(&two.pct, json!([sale("a", at, "1", 9.99), sale("a", at, "2", 10.0), sale("a", at, "3", 10.01)])).await;
    let total = async |rule| two.pct.report(GetReport { rule, ..GetReport::default() }).await.total;
    assert_eq!(total(Some(small.id)).await, usd(2, 0, 1_999, 0));
    assert_eq!(total(Some(large.id)).await, usd(2, 0, 2_001, 0));
    assert_eq!(total(None).await, usd(4, 0, 4_000, 0), "an event that two rules count counts for both");
}

#[tokio::test]
async fn a_condition_on_the_context_counts_the_past_as_it_counts_what_comes() {
    let two = Two::start().await;
    let at = "2031-05-19T00:00:00Z";
    let on = |device: &str, order: &str| {
        let mut event = sale("ann", at, order, 3.0);
        event["context"] = json!({ "device": { "type": device } });
        event
    };
    two.send(&two.pct, json!([on("ios", "1"), on("tv", "2"), sale("ann", at, "3", 3.0)])).await;
    two.clock.advance(TimeDelta::minutes(1));
    let conditions = vec![Condition::new("context.device.type", Operator::OneOf, vec!["android", "ios"])];
    let rule = CreateConversionRule {
        conditions,
        ..CreateConversionRule::ecommerce("In the app", "Order Completed", Effect::Conversion)
    };
    two.pct.client.attribution().create_rule(&rule).await.unwrap();
    two.send(&two.pct, json!([on("android", "4"), on("tv", "5"), sale("ann", at, "6", 3.0)])).await;
    let total = async || two.pct.report(GetReport::default()).await.total;
    assert_eq!(total().await, usd(1, 0, 300, 0));
    two.clock.advance(TimeDelta::minutes(4));
    assert_eq!(two.server.app.attribution.settle().await.unwrap(), 6);
    assert_eq!(total().await, usd(2, 0, 600, 0));
}
