//! Entitlements over real HTTP.

use acd_platform::entitlements::{EntitlementSource, EntitlementStatus, ListEntitlements, Plan, PutEntitlement, Role};
use acd_platform::keys::Scope;
use acd_platform::users::UpdateUser;
use acd_platform::{ProductSlug, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::users::{USERS, named, refusal, topics};

fn to(product: &str, plan: Plan) -> PutEntitlement {
    let product: ProductSlug = product.parse().unwrap();
    PutEntitlement { product: Some(product), ..PutEntitlement::active(plan, EntitlementSource::Admin) }
}

#[tokio::test]
async fn a_product_entitles_its_users_and_a_repeat_causes_nothing() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &USERS).await;
    let ada = pct.users().create(&named("ada@example.com")).await.unwrap();
    let wanted = PutEntitlement::active(Plan::Starter, EntitlementSource::Signup);
    let first = pct.entitlements().put(ada.id, &wanted).await.unwrap();
    assert_eq!((first.product.as_str(), first.plan, first.role), ("pct", Plan::Starter, Role::Member));
    assert!(first.grants);
    assert_eq!(pct.entitlements().put(ada.id, &wanted).await.unwrap(), first);
    let more = PutEntitlement { plan: Plan::Pro, role: Role::Owner, ..wanted };
    let second = pct.entitlements().put(ada.id, &more).await.unwrap();
    assert_eq!((second.plan, second.role, second.created_at), (Plan::Pro, Role::Owner, first.created_at));
    assert_eq!(topics(&server).await, ["user.created", "entitlement.changed", "entitlement.changed"]);
    assert_eq!(pct.entitlements().of_user(ada.id).await.unwrap().data, [second]);
}

#[tokio::test]
async fn status_and_expiry_say_together_whether_access_is_granted() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &USERS).await;
    let ada = pct.users().create(&named("ada@example.com")).await.unwrap();
    let (past, ahead): (DateTime<Utc>, DateTime<Utc>) =
        (Utc::now() - TimeDelta::days(1), Utc::now() + TimeDelta::days(1));
    use EntitlementStatus::{Active, Canceled, Expired, PastDue, Trialing};
    for (status, expires_at, grants) in [
        (Active, None, true),
        (Active, Some(ahead), true),
        (Active, Some(past), false),
        (Trialing, Some(past), false),
        (PastDue, Some(ahead), true),
        (Canceled, None, false),
        (Canceled, Some(ahead), true),
        (Canceled, Some(past), false),
        (Expired, None, false),
        (Expired, Some(ahead), false),
    ] {
        let wanted =
            PutEntitlement { status, expires_at, ..PutEntitlement::active(Plan::Pro, EntitlementSource::Stripe) };
        let stored = pct.entitlements().put(ada.id, &wanted).await.unwrap();
        assert_eq!(stored.grants, grants, "{status} {expires_at:?}");
        let read = pct.entitlements().of_user(ada.id).await.unwrap();
        assert_eq!(read.data[0].grants, grants, "{status} {expires_at:?}");
    }
}

#[tokio::test]
async fn entitlement_is_what_lets_a_second_product_see_a_user() {
    let server = TestApp::start().await;
    let (pct, portal) = (server.product("pct", &USERS).await, server.product("portal28", &USERS).await);
    let ada = pct.users().create(&named("ada@example.com")).await.unwrap();
    pct.entitlements().put(ada.id, &PutEntitlement::active(Plan::Free, EntitlementSource::Signup)).await.unwrap();
    // Knowing an id is no right: otherwise a product could read any profile by entitling its user.
    let own = PutEntitlement::active(Plan::Free, EntitlementSource::Signup);
    assert_eq!(refusal(portal.entitlements().put(ada.id, &own).await).0, 404);
    assert_eq!(refusal(portal.entitlements().of_user(ada.id).await).0, 404);
    assert_eq!(refusal(portal.entitlements().put(ada.id, &to("pct", Plan::Pro)).await).0, 404);

    server.admin().entitlements().put(ada.id, &to("portal28", Plan::Pro)).await.unwrap();
    assert_eq!(portal.users().get(ada.id).await.unwrap(), ada);
    let seen = portal.entitlements().of_user(ada.id).await.unwrap().data;
    assert_eq!(seen.iter().map(|one| one.product.as_str()).collect::<Vec<_>>(), ["portal28"]);
    let change = UpdateUser { name: Some(Some("Eve".to_owned())), ..UpdateUser::default() };
    assert_eq!(refusal(portal.users().update(ada.id, &change).await), (403, "not_signup_product".to_owned()));
}

#[tokio::test]
async fn a_user_sees_their_own_in_every_product_and_grants_none() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &USERS).await;
    let (admin, ada) = (server.admin(), pct.users().create(&named("ada@example.com")).await.unwrap());
    let eve = pct.users().create(&named("eve@example.com")).await.unwrap();
    for product in ["portal28", "pct"] {
        admin.entitlements().put(ada.id, &to(product, Plan::Pro)).await.unwrap();
        admin.entitlements().put(eve.id, &to(product, Plan::Free)).await.unwrap();
    }
    let user = server.client(&server.user_token(ada.id));
    let own = user.entitlements().list(&ListEntitlements::default()).await.unwrap().data;
    let products: Vec<_> = own.iter().map(|one| (one.user_id, one.product.as_str())).collect();
    assert_eq!(products, [(ada.id, "pct"), (ada.id, "portal28")]);
    assert_eq!(user.entitlements().of_user(ada.id).await.unwrap().data, own);
    assert_eq!(refusal(user.entitlements().of_user(eve.id).await).0, 404);
    assert_eq!(refusal(user.entitlements().put(ada.id, &to("pct", Plan::Enterprise)).await).0, 403);
}

#[tokio::test]
async fn lists_go_on_within_a_user() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &USERS).await;
    let admin = server.admin();
    let mut expected = Vec::new();
    for email in ["a@example.com", "b@example.com"] {
        let user = pct.users().create(&named(email)).await.unwrap();
        for product in ["pct", "portal28", "vellopad"] {
            let plan = if product == "pct" { Plan::Pro } else { Plan::Free };
            let made = admin.entitlements().put(user.id, &to(product, plan)).await.unwrap();
            expected.push(made);
        }
    }
    for limit in [1, 2, 4] {
        let query = ListEntitlements { limit: Some(limit), ..ListEntitlements::default() };
        let all: Vec<_> = admin.entitlements().list_all(query).items().collect(100_000).await.unwrap();
        assert_eq!(all, expected, "in pages of {limit}");
    }
    let pro = ListEntitlements { plan: Some(Plan::Pro), ..ListEntitlements::default() };
    assert_eq!(admin.entitlements().list(&pro).await.unwrap().data.len(), 2);
    let expired = ListEntitlements { status: Some(EntitlementStatus::Expired), ..ListEntitlements::default() };
    assert!(admin.entitlements().list(&expired).await.unwrap().data.is_empty());
    let own: Vec<_> = pct.entitlements().list_all(ListEntitlements::default()).items().collect(100_000).await.unwrap();
    assert!(own.len() == 2 && own.iter().all(|one| one.product.as_str() == "pct"));
    let foreign = ListEntitlements { product: Some("portal28".parse().unwrap()), ..ListEntitlements::default() };
    assert_eq!(refusal(pct.entitlements().list(&foreign).await).0, 404);
}

#[tokio::test]
async fn what_does_not_exist_is_said() {
    let server = TestApp::start().await;
    let key = server.key("pct", &USERS).await;
    let (pct, admin) = (server.client(&key), server.admin());
    let ada = pct.users().create(&named("ada@example.com")).await.unwrap();
    let nobody = UserId::from(Uuid::from_u128(7));
    let refusals = [
        (refusal(admin.entitlements().put(nobody, &to("pct", Plan::Pro)).await), (404, "not_found")),
        (refusal(admin.entitlements().put(ada.id, &to("no_such", Plan::Pro)).await), (422, "unknown_product")),
        (
            refusal(admin.entitlements().put(ada.id, &PutEntitlement { product: None, ..to("pct", Plan::Pro) }).await),
            (422, "product_required"),
        ),
    ];
    for ((status, code), expected) in refusals {
        assert_eq!((status, code.as_str()), expected);
    }
    let reader = server.product("pct", &[Scope::UsersRead]).await;
    assert_eq!(refusal(reader.entitlements().put(ada.id, &to("pct", Plan::Pro)).await).0, 403);
    let path = format!("/v1/users/{}/entitlement", ada.id);
    for plan in [json!("gold"), json!("pro\0"), json!(null)] {
        let body = json!({ "plan": plan, "role": "member", "status": "active", "source": "signup" });
        server.http().call(Method::PUT, &path).bearer(&key).json(&body).send().await.problem(422, "invalid_body");
    }
    let cursor = "/v1/entitlements?cursor=AAAA";
    server.http().get(cursor).bearer(&key).send().await.problem(400, "invalid_cursor");
}
