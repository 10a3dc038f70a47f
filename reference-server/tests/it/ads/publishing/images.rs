//! Creatives whose images are the product's assets.

use acd_meta::ads::creatives::{CreateCreative, StoryContent};
use acd_platform::ads::publications::{CreatePublication, ItemState, PublicationState, PublishedKind};
use acd_platform::assets::{Asset, AssetSource, AssetType, CreateAsset};
use acd_platform::keys::Scope;
use acd_platform::{AssetId, ContentHash, PlatformClient};
use serde_json::Map;
use sha2::{Digest, Sha256};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate, Times};

use super::super::hub::Hub;
use super::support::{ended_as, ids, plan, states, working};
use crate::support::app::TestOptions;
use crate::users::refusal;

pub(in crate::ads) const SCOPES: [Scope; 4] = [Scope::AdsRead, Scope::AdsWrite, Scope::AssetsRead, Scope::AssetsWrite];

/// As much of a PNG as tells its size.
pub(in crate::ads) fn png(width: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(600_u32.to_be_bytes());
    bytes.extend(b"\x08\x02\0\0\0\0\0\0\0");
    bytes
}

pub(in crate::ads) async fn record(
    client: &PlatformClient,
    files: &MockServer,
    name: &str,
    kind: AssetType,
    bytes: &[u8],
) -> Asset {
    let asset = CreateAsset {
        product: None,
        owner_id: None,
        kind,
        source: AssetSource::Render,
        content_hash: ContentHash::from(<[u8; 32]>::from(Sha256::digest(bytes))),
        size_bytes: bytes.len() as u64,
        url: format!("{}/{name}", files.uri()),
        thumbnail_url: None,
        metadata: Map::new(),
    };
    client.assets().create(&asset).await.unwrap()
}

pub(in crate::ads) async fn serve(files: &MockServer, name: &str, bytes: Vec<u8>, times: impl Into<Times>) {
    let answer = ResponseTemplate::new(200).set_body_bytes(bytes);
    Mock::given(method("GET")).and(path(format!("/{name}"))).respond_with(answer).expect(times).mount(files).await;
}

pub(in crate::ads) fn show(creative: &mut CreateCreative, image: AssetId) {
    let Some(StoryContent::LinkData(link)) = creative.object_story_spec.as_mut().map(|story| &mut story.content) else {
        panic!("{creative:?} has no link");
    };
    link.image_hash = Some(image.to_string());
}

/// So many ads, each with one of the images.
fn showing(hub: &Hub, images: &[AssetId]) -> CreatePublication {
    let mut plan = plan(&hub.page, images.len());
    for (creative, image) in plan.creatives.iter_mut().zip(images) {
        show(&mut creative.object, *image);
    }
    CreatePublication::of(plan)
}

#[tokio::test]
async fn an_image_is_fetched_and_uploaded_once_an_account() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    hub.product("pct").await;
    let pct = hub.server.product("pct", &SCOPES).await;
    let files = MockServer::start().await;
    serve(&files, "a.png", png(600), 1).await;
    let image = record(&pct, &files, "a.png", AssetType::Image, &png(600)).await;
    for made in 1..=2 {
        let wanted = showing(&hub, &[image.id, image.id]);
        let accepted = pct.ads().publications().create(&wanted).await.unwrap();
        let shown = ended_as(&pct, accepted.id, PublicationState::Succeeded).await;
        let creative = ids(&shown, PublishedKind::Creative)[0].clone();
        let creative = pct.ads().creatives().get(&creative.as_str().into()).await.unwrap();
        let hash = creative.object_story_spec.unwrap()["link_data"]["image_hash"].as_str().unwrap().to_owned();
        assert!(image.content_hash.to_string().starts_with(&hash), "the simulator's hash of these bytes: {hash}");
        let uploads = hub.simulator().traffic().iter().filter(|call| call.path.ends_with("/adimages")).count();
        assert_eq!((hub.of_kind("AdImage"), uploads, hub.of_kind("Ad")), (1, 1, 2 * made));
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_fails_its_creative_with_the_cause() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    hub.product("pct").await;
    let pct = hub.server.product("pct", &SCOPES).await;
    let files = MockServer::start().await;
    serve(&files, "good.png", png(600), 1).await;
    serve(&files, "changed.png", png(601), 1).await;
    serve(&files, "text.png", b"no image".to_vec(), 1).await;
    let answer = ResponseTemplate::new(302).insert_header("location", "/good.png");
    Mock::given(method("GET")).and(path("/moved.png")).respond_with(answer).mount(&files).await;
    let mut images = Vec::new();
    for (name, bytes) in [
        ("good.png", png(600)),
        ("changed.png", png(700)),
        ("text.png", b"no image".to_vec()),
        ("moved.png", png(602)),
        ("missing.png", png(603)),
    ] {
        images.push(record(&pct, &files, name, AssetType::Image, &bytes).await.id);
    }
    let accepted = pct.ads().publications().create(&showing(&hub, &images)).await.unwrap();
    let shown = ended_as(&pct, accepted.id, PublicationState::Partial).await;
    let code = |at: usize| {
        let key = format!("creative-{at}");
        let item = shown.items.iter().find(|item| item.key == key).unwrap();
        item.problem.as_ref().map(|problem| problem.code.as_str())
    };
    let codes = [1, 2, 3, 4, 5].map(code);
    let expected =
        [None, Some("asset_changed"), Some("meta_rejected"), Some("file_not_fetchable"), Some("file_not_fetchable")];
    assert_eq!(codes, expected);
    assert_eq!(states(&shown, PublishedKind::Ad)[0], ("ad-1", ItemState::Created));
    assert_eq!(shown.publication.counts.not_tried, 4);
}

#[tokio::test]
async fn only_images_of_the_product_are_shown() {
    let hub = Hub::start().await;
    hub.product("pct").await;
    hub.product("everreach").await;
    let (pct, everreach) = (hub.server.product("pct", &SCOPES).await, hub.server.product("everreach", &SCOPES).await);
    let files = MockServer::start().await;
    let image = record(&pct, &files, "a.png", AssetType::Image, &png(600)).await;
    let video = record(&pct, &files, "a.mp4", AssetType::Video, b"film").await;
    assert_eq!(refusal(everreach.ads().publications().create(&showing(&hub, &[image.id])).await).0, 404);
    let wrong = pct.ads().publications().create(&showing(&hub, &[video.id])).await;
    assert_eq!(refusal(wrong), (422, "invalid_body".to_owned()));
}

#[tokio::test]
async fn files_are_not_fetched_from_where_this_server_alone_reaches() {
    let hub = Hub::start_with(TestOptions { fetches_private: false, ..TestOptions::default() }).await;
    let _working = working(&hub.server.app);
    hub.product("pct").await;
    let pct = hub.server.product("pct", &SCOPES).await;
    let files = MockServer::start().await;
    serve(&files, "a.png", png(600), 0).await;
    let by_address = record(&pct, &files, "a.png", AssetType::Image, &png(600)).await;
    let port = files.address().port();
    let by_name = CreateAsset {
        product: None,
        owner_id: None,
        kind: AssetType::Image,
        source: AssetSource::Upload,
        content_hash: ContentHash::from([7; 32]),
        size_bytes: 1,
        url: format!("http://localhost:{port}/a.png"),
        thumbnail_url: None,
        metadata: Map::new(),
    };
    let by_name = pct.assets().create(&by_name).await.unwrap();
    let accepted = pct.ads().publications().create(&showing(&hub, &[by_address.id, by_name.id])).await.unwrap();
    let shown = ended_as(&pct, accepted.id, PublicationState::Failed).await;
    for key in ["creative-1", "creative-2"] {
        let problem = shown.items.iter().find(|item| item.key == key).unwrap().problem.clone().unwrap();
        assert_eq!(problem.code, "file_not_fetchable");
        assert!(problem.detail.contains("not public"), "{}", problem.detail);
    }
}
