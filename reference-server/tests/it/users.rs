//! Users over real HTTP.

use acd_core::Secret;
use acd_platform::keys::{ListApiKeys, Scope};
use acd_platform::users::{CallerKind, CreateUser, ListUsers, UpdateUser, User};
use acd_platform::{Error, ErrorKind, PlatformClient, UserId};
use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::app::TestApp;

pub(crate) const USERS: [Scope; 2] = [Scope::UsersRead, Scope::UsersWrite];

/// A request for a user with this address.
pub(crate) fn named(email: &str) -> CreateUser {
    CreateUser { email: email.to_owned(), ..CreateUser::default() }
}

/// Status and code of a refusal.
#[track_caller]
pub(crate) fn refusal<T>(result: Result<T, Error>) -> (u16, String) {
    let Err(error) = result else { panic!("was not refused") };
    (error.status().unwrap().as_u16(), error.code().unwrap().to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// The outbox' topics, oldest first.
pub(crate) async fn topics(server: &TestApp) -> Vec<String> {
    let sql = "select topic from events_outbox where topic not like 'key.%' order by created_at, id";
    sqlx::query_scalar(sql).fetch_all(&server.database.pool()).await.unwrap()
}

async fn emails(client: &PlatformClient, query: ListUsers) -> Vec<String> {
    let users = client.users().list_all(query).items().collect(100_000).await.unwrap();
    users.into_iter().map(|user| user.email).collect()
}

#[tokio::test]
async fn a_product_creates_finds_and_changes_its_users() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &USERS).await;
    let wanted =
        CreateUser { name: Some("Ada".to_owned()), locale: Some("pt-BR".to_owned()), ..named("Ada@Example.COM") };
    let ada = pct.users().create(&wanted).await.unwrap();
    assert_eq!((ada.email.as_str(), ada.signup_product.as_str()), ("ada@example.com", "pct"));
    assert_eq!((ada.locale.as_str(), ada.timezone.as_str()), ("pt-BR", "UTC"));
    assert_eq!(pct.users().get(ada.id).await.unwrap(), ada);

    let change = UpdateUser { name: Some(None), timezone: Some("Europe/Berlin".to_owned()), ..UpdateUser::default() };
    let changed = pct.users().update(ada.id, &change).await.unwrap();
    assert_eq!((changed.name.as_deref(), changed.timezone.as_str()), (None, "Europe/Berlin"));
    assert_eq!((changed.locale.as_str(), changed.email.as_str()), ("pt-BR", "ada@example.com"));
    assert!(changed.updated_at > ada.updated_at);
    assert_eq!(pct.users().update(ada.id, &UpdateUser::default()).await.unwrap(), changed);
    assert_eq!(topics(&server).await, ["user.created", "user.updated"]);
}

#[tokio::test]
async fn lists_are_pages_in_order_and_find_an_address_in_any_case() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &USERS).await;
    for name in ["c", "a", "b"] {
        pct.users().create(&named(&format!("{name}@example.com"))).await.unwrap();
    }
    let two = ListUsers { limit: Some(2), ..ListUsers::default() };
    let page = pct.users().list(&two).await.unwrap();
    assert_eq!(page.data.len(), 2);
    let rest = ListUsers { cursor: page.next_cursor, ..two.clone() };
    assert_eq!(emails(&pct, rest).await, ["b@example.com"]);
    assert_eq!(emails(&pct, two).await, ["c@example.com", "a@example.com", "b@example.com"]);
    let by_email = ListUsers { email: Some("A@example.COM".to_owned()), ..ListUsers::default() };
    assert_eq!(emails(&pct, by_email).await, ["a@example.com"]);
    for (query, code) in [
        (ListUsers { limit: Some(201), ..ListUsers::default() }, "invalid_query"),
        (ListUsers { cursor: Some("nonsense".to_owned()), ..ListUsers::default() }, "invalid_cursor"),
    ] {
        assert_eq!(refusal(pct.users().list(&query).await), refused(400, code));
    }
}

#[tokio::test]
async fn another_products_users_are_not_there() {
    let server = TestApp::start().await;
    let (pct, portal) = (server.product("pct", &USERS).await, server.product("portal28", &USERS).await);
    let ada = pct.users().create(&named("ada@example.com")).await.unwrap();
    let change = UpdateUser { name: Some(Some("Eve".to_owned())), ..UpdateUser::default() };
    assert_eq!(refusal(portal.users().get(ada.id).await), refused(404, "not_found"));
    assert_eq!(refusal(portal.users().update(ada.id, &change).await), refused(404, "not_found"));
    assert!(emails(&portal, ListUsers::default()).await.is_empty());
    assert_eq!(emails(&server.admin(), ListUsers::default()).await, ["ada@example.com"]);
    // The refusal must not tell whose the address is.
    let foreign = portal.users().create(&named("ada@example.com")).await.unwrap_err();
    let own = pct.users().create(&named("ADA@example.com")).await.unwrap_err();
    assert_eq!((foreign.code(), foreign.detail()), (own.code(), own.detail()));
    assert_eq!(refusal::<User>(Err(foreign)), refused(409, "email_taken"));
    let other = CreateUser { product: Some("pct".parse().unwrap()), ..named("eve@example.com") };
    assert_eq!(refusal(portal.users().create(&other).await), refused(404, "not_found"));
}

#[tokio::test]
async fn an_administrator_names_the_product() {
    let server = TestApp::start().await;
    let admin = server.admin();
    assert_eq!(refusal(admin.users().create(&named("a@example.com")).await), refused(422, "product_required"));
    let unknown = CreateUser { product: Some("nothing_like_it".parse().unwrap()), ..named("a@example.com") };
    assert_eq!(refusal(admin.users().create(&unknown).await), refused(422, "unknown_product"));
    let id = UserId::from(Uuid::from_u128(7));
    let wanted = CreateUser { product: Some("pct".parse().unwrap()), id: Some(id), ..named("a@example.com") };
    assert_eq!(admin.users().create(&wanted).await.unwrap().id, id);
    let same_id = CreateUser { email: "b@example.com".to_owned(), ..wanted };
    assert_eq!(refusal(admin.users().create(&same_id).await), refused(409, "id_taken"));
}

#[tokio::test]
async fn repeats_of_one_request_make_one_user() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &USERS).await;
    let ada = named("ada@example.com");
    let repeats = join_all((0..8).map(|_| pct.users().create(&ada).idempotency_key("signup-1").into_future())).await;
    let ids: Vec<_> = repeats.into_iter().map(|user| user.unwrap().id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(topics(&server).await, ["user.created"]);
    let other = pct.users().create(&named("eve@example.com")).idempotency_key("signup-1").await;
    assert_eq!(refusal(other), refused(409, "idempotency_key_reused"));
    // Keys of different products have nothing to do with each other.
    let portal = server.product("portal28", &USERS).await;
    portal.users().create(&named("eve@example.com")).idempotency_key("signup-1").await.unwrap();
}

#[tokio::test]
async fn a_user_reads_and_changes_their_own_profile_only() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &USERS).await;
    let ada = pct.users().create(&named("ada@example.com")).await.unwrap();
    let eve = pct.users().create(&named("eve@example.com")).await.unwrap();
    let user = server.client(&server.user_token(ada.id));
    assert_eq!(user.users().get(ada.id).await.unwrap(), ada);
    let change = UpdateUser { name: Some(Some("Ada".to_owned())), ..UpdateUser::default() };
    assert_eq!(user.users().update(ada.id, &change).await.unwrap().name.as_deref(), Some("Ada"));
    assert_eq!(topics(&server).await.last().unwrap(), "user.updated");

    assert_eq!(refusal(user.users().get(eve.id).await), refused(404, "not_found"));
    assert_eq!(refusal(user.users().update(eve.id, &change).await), refused(404, "not_found"));
    let address = UpdateUser { email: Some("new@example.com".to_owned()), ..UpdateUser::default() };
    assert_eq!(refusal(user.users().update(ada.id, &address).await), refused(403, "email_not_confirmed"));
    assert_eq!(refusal(user.users().list(&ListUsers::default()).await), refused(403, "missing_scope"));
    assert_eq!(refusal(user.users().create(&named("x@example.com")).await), refused(403, "missing_scope"));
}

#[tokio::test]
async fn everyone_can_ask_who_they_are() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &USERS).await;
    let me = pct.users().me().await.unwrap();
    assert_eq!((me.kind, me.product.unwrap().as_str(), me.scopes), (CallerKind::Product, "pct", USERS.to_vec()));
    let me = server.admin().users().me().await.unwrap();
    assert_eq!((me.kind, me.product, me.scopes), (CallerKind::Admin, None, vec![Scope::Admin]));
    let ada = pct.users().create(&named("ada@example.com")).await.unwrap();
    let me = server.client(&server.user_token(ada.id)).users().me().await.unwrap();
    assert_eq!((me.kind, me.user_id, me.user), (CallerKind::User, Some(ada.id), Some(ada)));
    let stranger = UserId::from(Uuid::from_u128(7));
    let me = server.client(&server.user_token(stranger)).users().me().await.unwrap();
    assert_eq!((me.user_id, me.user), (Some(stranger), None));
    let wrong = server.client(&Secret::from("acd_wrong")).users().me().await;
    assert_eq!(refusal(wrong), refused(401, "invalid_key"));
}

#[tokio::test]
async fn scopes_are_held_to() {
    let server = TestApp::start().await;
    let reader = server.product("pct", &[Scope::UsersRead]).await;
    assert_eq!(refusal(reader.users().create(&named("a@example.com")).await), refused(403, "missing_scope"));
    let writer = server.product("pct", &[Scope::UsersWrite]).await;
    let ada = writer.users().create(&named("a@example.com")).await.unwrap();
    assert_eq!(refusal(writer.users().get(ada.id).await), refused(403, "missing_scope"));
    let error = reader.keys().list(&ListApiKeys::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}

#[tokio::test]
async fn values_that_cannot_be_stored_are_refused_by_name() {
    let server = TestApp::start().await;
    let key = server.key("pct", &USERS).await;
    let pct = server.client(&key);
    let ada = pct.users().create(&named("ada@example.com")).await.unwrap();
    let long = "x".repeat(201);
    for (field, value) in [
        ("email", json!("no address")),
        ("email", json!("a\0@example.com")),
        ("email", json!(null)),
        ("email", json!(7)),
        ("name", json!("a\0b")),
        ("name", json!("")),
        ("name", json!(long)),
        ("avatar_url", json!("javascript:alert(1)")),
        ("avatar_url", json!("https://example.com/\0")),
        ("locale", json!("en\0")),
        ("locale", json!("English")),
        ("timezone", json!("\0")),
        ("timezone", json!("x".repeat(65))),
        ("id", json!("7")),
        ("plan", json!("free")),
    ] {
        let mut body = json!({ "email": "eve@example.com" });
        body[field] = value;
        let reply = server.http().post("/v1/users").bearer(&key).json(&body).send().await;
        let problem = reply.problem(422, "invalid_body");
        assert!(problem["detail"].as_str().unwrap().contains(field), "{body} {problem}");
    }
    for body in
        [json!({ "name": "a\0b" }), json!({ "email": "a\0@b" }), json!({ "signup_product": "portal28" }), json!([null])]
    {
        let path = format!("/v1/users/{}", ada.id);
        server.http().call(Method::PATCH, &path).bearer(&key).json(&body).send().await.problem(422, "invalid_body");
    }
    server.http().get("/v1/users?email=%00").bearer(&key).send().await.problem(400, "invalid_query");
    assert_eq!(topics(&server).await, ["user.created"]);
}
