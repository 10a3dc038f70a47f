//! Assets over real HTTP.

use acd_platform::assets::{Asset, AssetSource, AssetType, CreateAsset, ListAssets, UpdateAsset};
use acd_platform::keys::Scope;
use acd_platform::{ContentHash, UserId};
use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::users::{USERS, named, refusal, topics};

const ASSETS: [Scope; 4] = [Scope::AssetsRead, Scope::AssetsWrite, USERS[0], USERS[1]];

fn image(content: u8) -> CreateAsset {
    CreateAsset {
        product: None,
        owner_id: None,
        kind: AssetType::Image,
        source: AssetSource::Upload,
        content_hash: ContentHash::from([content; 32]),
        size_bytes: 1_024,
        url: format!("https://assets.example.com/{content}.png"),
        thumbnail_url: None,
        metadata: Map::from_iter([("width".to_owned(), Value::from(1_200))]),
    }
}

#[tokio::test]
async fn a_product_records_changes_and_deletes_its_assets() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &ASSETS).await;
    let asset = pct.assets().create(&image(1)).await.unwrap();
    assert_eq!((asset.product.as_str(), asset.kind, asset.size_bytes), ("pct", AssetType::Image, 1_024));
    assert_eq!((asset.content_hash, &asset.metadata["width"]), (image(1).content_hash, &json!(1_200)));
    assert_eq!(pct.assets().get(asset.id).await.unwrap(), asset);

    let thumbnail = "https://assets.example.com/1.small.png".to_owned();
    let change = UpdateAsset { thumbnail_url: Some(Some(thumbnail.clone())), ..UpdateAsset::default() };
    let changed = pct.assets().update(asset.id, &change).await.unwrap();
    assert_eq!((changed.thumbnail_url, &changed.metadata), (Some(thumbnail), &asset.metadata));
    let change = UpdateAsset { thumbnail_url: Some(None), metadata: Some(Map::new()), ..UpdateAsset::default() };
    let changed = pct.assets().update(asset.id, &change).await.unwrap();
    assert_eq!((changed.thumbnail_url.as_ref(), changed.metadata.len()), (None, 0));
    assert_eq!(pct.assets().update(asset.id, &UpdateAsset::default()).await.unwrap(), changed);

    pct.assets().delete(asset.id).await.unwrap();
    assert_eq!(refusal(pct.assets().get(asset.id).await).0, 404);
    assert_eq!(refusal(pct.assets().delete(asset.id).await).0, 404);
    assert_eq!(topics(&server).await, ["asset.created", "asset.updated", "asset.updated", "asset.deleted"]);
}

#[tokio::test]
async fn the_same_content_is_recorded_once_however_often_it_comes() {
    let server = TestApp::start().await;
    let key = server.key("pct", &ASSETS).await;
    let pct = server.client(&key);
    let image = image(1);
    let assets: Vec<Asset> = join_all((0..8).map(|_| pct.assets().create(&image).into_future()))
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert!(assets.iter().all(|asset| *asset == assets[0]));
    let elsewhere = CreateAsset { url: "https://other.example.com/".to_owned(), ..image.clone() };
    assert_eq!(pct.assets().create(&elsewhere).await.unwrap(), assets[0]);
    assert_eq!(topics(&server).await, ["asset.created"]);
    let body = serde_json::to_value(&image).unwrap();
    assert_eq!(server.http().post("/v1/assets").bearer(&key).json(&body).send().await.status, 200);
    // Another product's file with the same bytes is another asset.
    let portal = server.key("portal28", &ASSETS).await;
    let reply = server.http().post("/v1/assets").bearer(&portal).json(&body).send().await;
    assert_eq!((reply.status, reply.json()["product"].as_str()), (201, Some("portal28")));
}

#[tokio::test]
async fn another_products_assets_are_not_there() {
    let server = TestApp::start().await;
    let (pct, portal) = (server.product("pct", &ASSETS).await, server.product("portal28", &ASSETS).await);
    let asset = pct.assets().create(&image(1)).await.unwrap();
    let change = UpdateAsset { metadata: Some(Map::new()), ..UpdateAsset::default() };
    assert_eq!(refusal(portal.assets().get(asset.id).await).0, 404);
    assert_eq!(refusal(portal.assets().update(asset.id, &change).await).0, 404);
    assert_eq!(refusal(portal.assets().delete(asset.id).await).0, 404);
    assert!(portal.assets().list(&ListAssets::default()).await.unwrap().data.is_empty());
    assert_eq!(server.admin().assets().get(asset.id).await.unwrap(), asset);
    assert_eq!(refusal(server.admin().assets().create(&image(2)).await), (422, "product_required".to_owned()));
    let unknown = CreateAsset { product: Some("no_such".parse().unwrap()), ..image(2) };
    assert_eq!(refusal(server.admin().assets().create(&unknown).await), (422, "unknown_product".to_owned()));
}

#[tokio::test]
async fn an_owner_sees_their_assets_and_must_be_known_to_the_product() {
    let server = TestApp::start().await;
    let (pct, portal) = (server.product("pct", &ASSETS).await, server.product("portal28", &ASSETS).await);
    let ada = pct.users().create(&named("ada@example.com")).await.unwrap();
    let asset = pct.assets().create(&CreateAsset { owner_id: Some(ada.id), ..image(1) }).await.unwrap();
    pct.assets().create(&image(2)).await.unwrap();
    let user = server.client(&server.user_token(ada.id));
    let seen = user.assets().list(&ListAssets::default()).await.unwrap().data;
    assert_eq!(seen.iter().map(|asset| asset.id).collect::<Vec<_>>(), [asset.id]);
    assert_eq!(user.assets().get(asset.id).await.unwrap(), asset);
    assert_eq!(refusal(user.assets().delete(asset.id).await).0, 403);

    let planted = CreateAsset { owner_id: Some(ada.id), ..image(3) };
    assert_eq!(refusal(portal.assets().create(&planted).await), (404, "not_found".to_owned()));
    let own = portal.assets().create(&image(3)).await.unwrap();
    let plant = UpdateAsset { owner_id: Some(Some(ada.id)), ..UpdateAsset::default() };
    assert_eq!(refusal(portal.assets().update(own.id, &plant).await), (404, "not_found".to_owned()));
    let give_up = UpdateAsset { owner_id: Some(None), ..UpdateAsset::default() };
    assert_eq!(pct.assets().update(asset.id, &give_up).await.unwrap().owner_id, None);
    assert_eq!(refusal(user.assets().get(asset.id).await).0, 404);
}

#[tokio::test]
async fn lists_are_pages_newest_first_and_filtered() {
    let server = TestApp::start().await;
    let pct = server.product("pct", &ASSETS).await;
    let mut ids = Vec::new();
    for content in 1..=5 {
        let kind = if content == 3 { AssetType::Video } else { AssetType::Image };
        ids.push(pct.assets().create(&CreateAsset { kind, ..image(content) }).await.unwrap().id);
    }
    ids.reverse();
    let all = ListAssets { limit: Some(2), ..ListAssets::default() };
    let listed = pct.assets().list_all(all).items().collect(100_000).await.unwrap();
    assert_eq!(listed.iter().map(|asset| asset.id).collect::<Vec<_>>(), ids);
    for (query, expected) in [
        (ListAssets { kind: Some(AssetType::Video), ..ListAssets::default() }, vec![ids[2]]),
        (ListAssets { content_hash: Some(image(5).content_hash), ..ListAssets::default() }, vec![ids[0]]),
        (ListAssets { source: Some(AssetSource::Render), ..ListAssets::default() }, vec![]),
        (ListAssets { owner_id: Some(UserId::from(Uuid::from_u128(7))), ..ListAssets::default() }, vec![]),
    ] {
        let found = pct.assets().list(&query).await.unwrap().data;
        assert_eq!(found.iter().map(|asset| asset.id).collect::<Vec<_>>(), expected, "{query:?}");
    }
}

#[tokio::test]
async fn values_that_cannot_be_stored_are_refused_by_name() {
    let server = TestApp::start().await;
    let key = server.key("pct", &ASSETS).await;
    for (field, value) in [
        ("type", json!("hologram")),
        ("source", json!("upload\0")),
        ("content_hash", json!("AB")),
        ("content_hash", json!("\0".repeat(64))),
        ("size_bytes", json!(-1)),
        ("size_bytes", json!(1.5)),
        ("size_bytes", json!(9_007_199_254_740_992_u64)),
        ("url", json!("file:///etc/passwd")),
        ("url", json!("https://example.com/\0")),
        ("thumbnail_url", json!("")),
        ("metadata", json!({ "deep": [{ "text": "a\0b" }] })),
        ("metadata", json!({ "a\0b": 1 })),
        ("metadata", json!({ "long": "x".repeat(33_000) })),
        ("metadata", json!([])),
        ("owner_id", json!("ada")),
        ("bucket", json!("mine")),
    ] {
        let mut body = serde_json::to_value(image(1)).unwrap();
        body[field] = value;
        let reply = server.http().post("/v1/assets").bearer(&key).json(&body).send().await;
        let problem = reply.problem(422, "invalid_body");
        assert!(problem["detail"].as_str().unwrap().contains(field), "{field} {problem}");
    }
    let list = "/v1/assets?type=hologram";
    server.http().get(list).bearer(&key).send().await.problem(400, "invalid_query");
    assert!(topics(&server).await.is_empty());
}
