use std::time::Duration;

use acd_meta::accounts::ListAdAccounts;
use acd_meta::audiences::{
    AudienceFields, AudienceKey, AudienceSubtype, AudienceUsers, CreateAudience, LookalikeSpec, SavedAudienceFields,
    UpdateAudience,
};
use acd_meta::limits::UseCase;
use acd_meta::{AudienceId, ErrorKind};
use serde_json::json;

use super::refusal;
use super::typed::Client;

async fn customers(client: &Client, people: u32) -> AudienceId {
    let audiences = client.meta.audiences();
    let created = audiences.create(&client.account, &CreateAudience::customer_file("Customers")).await.unwrap();
    if people > 0 {
        audiences.add_users(&created.id, &numbered(0..people), None).await.unwrap();
    }
    created.id
}

fn numbered(numbers: std::ops::Range<u32>) -> AudienceUsers {
    AudienceUsers::of(AudienceKey::ExternId, numbers.map(|n| n.to_string()))
}

#[tokio::test]
async fn audiences_are_created_read_changed_and_deleted() {
    let client = Client::start().await;
    let audiences = client.meta.audiences();
    let without_source = CreateAudience::new("Customers", AudienceSubtype::Custom);
    let error = audiences.create(&client.account, &without_source).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, Some("100")));

    let id = customers(&client, 0).await;
    let audience = audiences.get(&id, &AudienceFields::all()).await.unwrap();
    assert_eq!((audience.name.as_deref(), audience.subtype), (Some("Customers"), Some(AudienceSubtype::Custom)));
    assert_eq!((audience.operation_status.unwrap().code, audience.delivery_status.unwrap().code), (200, 300));
    let change = UpdateAudience { name: Some("Buyers".to_owned()), ..UpdateAudience::new() };
    audiences.update(&id, &change).await.unwrap();
    let listed = audiences.list(&client.account, &Default::default()).await.unwrap().data;
    assert_eq!((listed.len(), listed[0].name.as_deref()), (1, Some("Buyers")));
    audiences.delete(&id).await.unwrap();
    assert_eq!(audiences.get(&id, &AudienceFields::new()).await.unwrap_err().kind(), ErrorKind::NotFound);

    let saved = &client.simulator.world().saved_audience;
    let saved = audiences.get_saved(&saved.as_str().into(), &SavedAudienceFields::all()).await.unwrap();
    assert_eq!(saved.targeting.unwrap().geo_locations.countries, ["US"]);
    assert_eq!(audiences.saved(&client.account, &Default::default()).await.unwrap().data.len(), 1);
}

#[tokio::test]
async fn a_website_audience_says_what_people_did() {
    let client = Client::start().await;
    let pixel = &client.simulator.world().pixel;
    let source = json!({ "type": "pixel", "id": pixel });
    let rule = json!({ "inclusions": { "operator": "or", "rules": [{ "event_sources": [source], "retention_seconds": 86_400 }] } });
    for (rule, days, expected) in
        [(rule.clone(), 30, None), (rule, 181, Some("100")), (json!({ "inclusions": {} }), 30, Some("100/1713098"))]
    {
        let audience = CreateAudience {
            rule: Some(rule.to_string().into()),
            retention_days: Some(days),
            ..CreateAudience::new("Visitors", AudienceSubtype::Website)
        };
        let outcome = client.meta.audiences().create(&client.account, &audience).await;
        assert_eq!(outcome.err().and_then(|error| error.code().map(str::to_owned)).as_deref(), expected, "{rule}");
    }
}

#[tokio::test]
async fn people_are_added_removed_and_forgotten() {
    let client = Client::start().await;
    let audiences = client.meta.audiences();
    let (one, other) = (customers(&client, 150).await, customers(&client, 2000).await);
    let size = async |id: &AudienceId| {
        let fields = AudienceFields::new().approximate_count_lower_bound().delivery_status();
        let audience = audiences.get(id, &fields).await.unwrap();
        (audience.approximate_count_lower_bound.unwrap(), audience.delivery_status.unwrap().code)
    };
    assert_eq!((size(&one).await, size(&other).await), ((1000, 200), (2000, 200)), "small ones are not told apart");
    let answer = audiences.remove_users(&other, &numbered(0..600), None).await.unwrap();
    assert_eq!((answer.audience_id.as_ref(), answer.num_received), (Some(&other), 600));
    assert_eq!(size(&other).await.0, 1400);
    // One more, and ads would reach too few.
    let error = audiences.remove_users(&one, &numbered(0..51), None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Forbidden, Some("200/1870047")));

    let answer = audiences.remove_from_all(&client.account, &numbered(600..1000), None).await.unwrap();
    assert_eq!((answer.audience_id, answer.num_received), (None, 400));
    assert_eq!((size(&one).await.0, size(&other).await.0), (1000, 1000));
}

#[tokio::test]
async fn people_are_hashed_and_bad_rows_counted() {
    let client = Client::start().await;
    let audiences = client.meta.audiences();
    let id = customers(&client, 0).await;
    let known = [[" Mary@Example.com ", "mary", "US"], ["not an address", "?", ""], ["john@example.com", "John", "de"]];
    let schema = [AudienceKey::Email, AudienceKey::FirstName, AudienceKey::Country];
    let hashed = AudienceUsers::hash(schema, known);
    assert_eq!((hashed.users.len(), hashed.dropped.len()), (2, 2));
    let answer = audiences.add_users(&id, &hashed.users, None).await.unwrap();
    assert_eq!((answer.num_received, answer.num_invalid_entries), (2, 0));
    // In the clear they would be sent for nothing.
    let clear = AudienceUsers::of(AudienceKey::Email, ["mary@example.com"]);
    let answer = audiences.add_users(&id, &clear.with_consent(), None).await.unwrap();
    assert_eq!((answer.num_invalid_entries, answer.invalid_entry_samples.as_object().unwrap().len()), (1, 1));
}

#[tokio::test]
async fn a_lookalike_needs_a_seed_that_is_large_enough() {
    let client = Client::start().await;
    let audiences = client.meta.audiences();
    let (small, large) = (customers(&client, 99).await, customers(&client, 100).await);
    let code = async |audience: &CreateAudience| {
        let outcome = audiences.create(&client.account, audience).await;
        outcome.err().and_then(|error| error.code().map(str::to_owned))
    };
    let alike = |seed: &AudienceId, ratio| CreateAudience::lookalike("Alike", seed.clone(), "US", ratio);
    assert_eq!(code(&alike(&small, 0.01)).await.as_deref(), Some("2654"));
    assert_eq!(code(&alike(&large, 0.015)).await.as_deref(), Some("100"));
    assert_eq!(code(&alike(&large, 0.21)).await.as_deref(), Some("100"));
    assert_eq!(code(&alike(&large, 0.02)).await, None);
    assert_eq!(code(&alike(&large, 0.02)).await.as_deref(), Some("2654/1713007"), "there is one like it");
    let nowhere = CreateAudience::lookalike("Alike", large.clone(), "USA", 0.01);
    assert_eq!(code(&nowhere).await.as_deref(), Some("2654/1713089"));

    // All from Germany: too few in the United States, unless those count.
    let schema = [AudienceKey::Email, AudienceKey::Country];
    let germans = AudienceUsers::hash(schema, (0..100).map(|n| [format!("n{n}@example.com"), "DE".to_owned()])).users;
    let abroad = customers(&client, 0).await;
    audiences.add_users(&abroad, &germans, None).await.unwrap();
    let mut spread = alike(&abroad, 0.01);
    assert_eq!(code(&spread).await.as_deref(), Some("2654"));
    let spec = spread.lookalike_spec.unwrap_or_default();
    spread.lookalike_spec = Some(LookalikeSpec { allow_international_seeds: Some(true), ..spec });
    assert_eq!(code(&spread).await, None);
}

#[tokio::test]
async fn a_lookalike_fills_within_hours() {
    let client = Client::start().await;
    let seed = customers(&client, 100).await;
    let audiences = client.meta.audiences();
    let alike = CreateAudience::lookalike("Alike", seed, "US", 0.01);
    let id = audiences.create(&client.account, &alike).await.unwrap().id;
    let state = async || {
        let audience = audiences.get(&id, &AudienceFields::all()).await.unwrap();
        (audience.operation_status.unwrap().code, audience.approximate_count_lower_bound.unwrap())
    };
    assert_eq!(state().await, (441, -1));
    client.simulator.advance(Duration::from_secs(6 * 3600));
    assert_eq!(state().await, (200, 2_400_000), "a hundredth of the country");
}

#[tokio::test]
async fn an_audience_is_shared_and_taken_back() {
    let client = Client::start().await;
    let audiences = client.meta.audiences();
    let id = customers(&client, 100).await;
    let other = client.simulator.world().other_ad_account.as_str().into();
    let error = audiences.share(&id, std::slice::from_ref(&client.account)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "it is that account's own");
    audiences.share(&id, std::slice::from_ref(&other)).await.unwrap();
    let with = audiences.shared_with(&id, &ListAdAccounts::default()).await.unwrap().data;
    assert_eq!(with.iter().map(|account| &account.id).collect::<Vec<_>>(), [&other]);
    let seen = async || audiences.list(&other, &Default::default()).await.unwrap().data.len();
    assert_eq!(seen().await, 1);
    // Also as the seed of a lookalike of that account.
    audiences.create(&other, &CreateAudience::lookalike("Alike", id.clone(), "US", 0.01)).await.unwrap();
    audiences.unshare(&id, std::slice::from_ref(&other)).await.unwrap();
    assert_eq!(seen().await, 1, "the lookalike alone");
}

#[tokio::test]
async fn a_flagged_audience_is_neither_changed_nor_a_seed_nor_targeted() {
    let client = Client::start().await;
    let audiences = client.meta.audiences();
    let id = customers(&client, 100).await;
    client.control("PUT", &format!("audiences/{id}"), &json!({ "flagged": true })).await;
    let fields = AudienceFields::new().operation_status();
    assert_eq!(audiences.get(&id, &fields).await.unwrap().operation_status.unwrap().code, 471);
    let error = audiences.add_users(&id, &numbered(0..1), None).await.unwrap_err();
    assert_eq!(error.code(), Some("100/1713230"));
    let alike = CreateAudience::lookalike("Alike", id.clone(), "US", 0.01);
    assert_eq!(audiences.create(&client.account, &alike).await.unwrap_err().code(), Some("100/1713232"));
    let spec = json!({ "geo_locations": { "countries": ["US"] }, "custom_audiences": [{ "id": id }] });
    let answer = client.get(&format!("{}/reachestimate?targeting_spec={spec}", client.account)).await;
    assert_eq!(refusal(&answer), (100, Some(1_713_232)));
    client.control("PUT", &format!("audiences/{id}"), &json!({ "flagged": false })).await;
    audiences.add_users(&id, &numbered(0..1), None).await.unwrap();
}

#[tokio::test]
async fn calls_count_towards_the_quota_of_audiences() {
    let client = Client::start().await;
    client.control("PUT", "limits", &json!({ "hourly_cap": 2 })).await;
    let path = format!("{}/customaudiences", client.account);
    let answer = client.send("GET", &path, None).await.unwrap();
    let usage = acd_meta::Usage::read(answer.headers());
    let used = usage.use_cases.iter().map(|(_, used)| used.use_case.clone()).collect::<Vec<_>>();
    assert_eq!(used, [UseCase::CustomAudience]);
    client.get(&path).await;
    assert_eq!(refusal(&client.get(&path).await), (80_003, Some(2_446_079)));
}
