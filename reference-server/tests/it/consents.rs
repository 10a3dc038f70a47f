//! Consents over real HTTP.

use acd_platform::PlatformClient;
use acd_platform::consents::{ConsentSource, GetConsents, Purpose, PutConsents};
use acd_platform::keys::Scope;
use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::json;

use crate::support::app::TestApp;
use crate::users::{refusal, topics};

const CONSENTS: [Scope; 3] = [Scope::ConsentsRead, Scope::ConsentsWrite, Scope::EventsWrite];

fn ann(granted: bool) -> PutConsents {
    PutConsents::of_user("ann", ConsentSource::Banner, [(Purpose::Advertising, granted)])
}

fn of_ann() -> GetConsents {
    GetConsents { user_id: Some("ann".to_owned()), ..GetConsents::default() }
}

async fn allowed(client: &PlatformClient, query: &GetConsents) -> bool {
    client.consents().get(query).await.unwrap().allow(Purpose::Advertising)
}

async fn rows(server: &TestApp) -> i64 {
    sqlx::query_scalar("select count(*) from shared_consents").fetch_one(&server.database.pool()).await.unwrap()
}

#[tokio::test]
async fn nothing_is_agreed_to_until_it_is_and_the_latest_decision_counts() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &CONSENTS).await;
    assert!(pct.consents().get(&of_ann()).await.unwrap().purposes.is_empty());

    let given = pct.consents().put(&ann(true)).await.unwrap();
    assert!(given.allow(Purpose::Advertising) && !given.allow(Purpose::Analytics));
    assert_eq!(pct.consents().put(&ann(true)).await.unwrap(), given, "a repeat changes nothing");
    let withdrawn = pct.consents().put(&ann(false)).await.unwrap();
    assert!(!withdrawn.allow(Purpose::Advertising));

    let an_hour_ago = Some(Utc::now() - TimeDelta::hours(1));
    let late = PutConsents { decided_at: an_hour_ago, ..ann(true) };
    for _ in 0..2 {
        assert_eq!(pct.consents().put(&late).await.unwrap(), withdrawn, "what arrives late does not undo a withdrawal");
    }
    assert_eq!(rows(&server).await, 3, "and is kept, once");
    assert_eq!(topics(&server).await, ["consent.changed", "consent.changed"]);
}

#[tokio::test]
async fn a_decision_under_any_id_of_a_person_counts_in_its_product_alone() {
    let server = TestApp::start().await;
    let (pct, portal) = (server.product("pct", &CONSENTS).await, server.product("portal28", &CONSENTS).await);
    let visitor = GetConsents { anonymous_id: Some("visitor".to_owned()), ..GetConsents::default() };
    let as_visitor = PutConsents { user_id: None, anonymous_id: visitor.anonymous_id.clone(), ..ann(true) };
    pct.consents().put(&as_visitor).await.unwrap();
    assert!(allowed(&pct, &visitor).await && !allowed(&pct, &of_ann()).await);

    let key = server.key("pct", &CONSENTS).await;
    let who = json!({ "userId": "ann", "anonymousId": "visitor", "traits": { "email": "Ann@Example.com" } });
    server.http().post("/v1/identify").bearer(&key).json(&who).send().await;
    let by_email = GetConsents { email: Some(" ANN@example.com".to_owned()), ..GetConsents::default() };
    assert!(allowed(&pct, &of_ann()).await && allowed(&pct, &by_email).await);
    for query in [&of_ann(), &visitor, &by_email] {
        assert!(!allowed(&portal, query).await, "what another product was told is not this one's");
    }
    pct.consents().put(&ann(false)).await.unwrap();
    assert!(!allowed(&pct, &visitor).await);
    let in_pct = GetConsents { product: Some("pct".parse().unwrap()), ..of_ann() };
    assert_eq!(refusal(portal.consents().get(&in_pct).await).0, 404);
    assert!(!allowed(&server.admin(), &in_pct).await);
}

#[tokio::test]
async fn of_two_decisions_of_one_moment_the_refusal_counts() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &CONSENTS).await;
    let moment = Some(Utc::now());
    for granted in [false, true] {
        pct.consents().put(&PutConsents { decided_at: moment, ..ann(granted) }).await.unwrap();
    }
    assert!(!allowed(&pct, &of_ann()).await);
}

#[tokio::test]
async fn the_same_decision_many_times_at_once_is_recorded_once() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &CONSENTS).await;
    let answers = join_all((0..20).map(|_| async { pct.consents().put(&ann(true)).await.unwrap() })).await;
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(rows(&server).await, 1);
}

#[tokio::test]
async fn what_is_not_a_decision_is_refused() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &CONSENTS).await;
    let tomorrow = Some(Utc::now() + TimeDelta::days(1));
    for (decision, expected) in [
        (PutConsents { user_id: None, ..ann(true) }, (400, "invalid_subject")),
        (PutConsents { email: Some("a@b.example".to_owned()), ..ann(true) }, (400, "invalid_subject")),
        (PutConsents { purposes: Default::default(), ..ann(true) }, (422, "invalid_body")),
        (PutConsents { user_id: Some(String::new()), ..ann(true) }, (422, "invalid_body")),
        (PutConsents { user_id: Some("a\0".to_owned()), ..ann(true) }, (422, "invalid_body")),
        (PutConsents { decided_at: tomorrow, ..ann(true) }, (422, "invalid_body")),
        (PutConsents { policy_version: Some("v".repeat(101)), ..ann(true) }, (422, "invalid_body")),
        (PutConsents { product: Some("portal28".parse().unwrap()), ..ann(true) }, (404, "not_found")),
    ] {
        let (status, code) = refusal(pct.consents().put(&decision).await);
        assert_eq!((status, code.as_str()), expected, "{decision:?}");
    }
    assert_eq!(refusal(server.admin().consents().put(&ann(true)).await).0, 400, "whose decision?");
    let reader = server.product("pct", &[Scope::ConsentsRead]).await;
    assert_eq!(refusal(reader.consents().put(&ann(true)).await), (403, "missing_scope".to_owned()));
    assert_eq!(rows(&server).await, 0);
}
