//! Creatives whose videos are the product's assets.

use std::time::Duration;

use acd_meta::AdAccountId;
use acd_meta::ads::creatives::{CreateCreative, ObjectStorySpec, StoryContent, VideoData};
use acd_platform::ads::accounts::CreateAdAccountUse;
use acd_platform::ads::publications::{
    CreatePublication, ItemState, PublicationDetails, PublicationState, PublishedKind,
};
use acd_platform::assets::{Asset, AssetType};
use acd_platform::keys::Scope;
use acd_platform::{AssetId, PlatformClient};
use acd_testing::{MetaEffect, MetaFault, MetaSimulator};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use wiremock::MockServer;

use super::super::hub::Hub;
use super::images::{SCOPES, png, record, serve};
use super::support::{ended, ended_as, ids, plan, states, working};
use crate::support::cluster::fresh_database;
use crate::support::process::{Settings, free_address};
use crate::support::wait::within;
use crate::users::refusal;

/// For how long the simulator works on a video.
const PROCESSING: Duration = Duration::from_secs(10);
/// Two leases, and a machine that does much else.
const LIMIT: Duration = Duration::from_secs(240);

/// As much of an MP4 file as tells what it is, and something to send.
fn mp4(size: usize) -> Vec<u8> {
    let mut bytes = b"\0\0\0\x18ftypisom".to_vec();
    bytes.extend((bytes.len()..size).map(|at| u8::try_from(at % 251).unwrap()));
    bytes
}

fn showing(page: &str, videos: &[AssetId]) -> CreatePublication {
    let mut plan = plan(page, videos.len());
    for (creative, video) in plan.creatives.iter_mut().zip(videos) {
        let shown = VideoData {
            video_id: video.to_string().into(),
            image_url: None,
            image_hash: None,
            title: Some("Clip".to_owned()),
            message: None,
            link_description: None,
            call_to_action: None,
            other: Map::new(),
        };
        let story =
            ObjectStorySpec { page_id: page.into(), instagram_user_id: None, content: StoryContent::VideoData(shown) };
        creative.object = CreateCreative { object_story_spec: Some(story), ..CreateCreative::new() };
    }
    CreatePublication::of(plan)
}

fn nodes(simulator: &MetaSimulator, kind: &str) -> Vec<Value> {
    let snapshot = simulator.snapshot();
    snapshot["nodes"].as_array().unwrap().iter().filter(|node| node["kind"] == kind).cloned().collect()
}

/// Lets the simulator's time pass once it works on so many videos.
async fn process(simulator: &MetaSimulator, videos: usize) {
    let is_begun = |video: &Value| video["fields"]["status"]["processing_phase"]["status"] != "not_started";
    within(LIMIT, "the videos are uploaded", async || {
        (nodes(simulator, "AdVideo").iter().filter(|video| is_begun(video)).count() >= videos).then_some(())
    })
    .await;
    simulator.advance(PROCESSING);
}

async fn shown_by(client: &PlatformClient, made: &PublicationDetails) -> Value {
    let creative = ids(made, PublishedKind::Creative)[0].clone();
    let creative = client.ads().creatives().get(&creative.as_str().into()).await.unwrap();
    creative.object_story_spec.unwrap()["video_data"].clone()
}

fn arrived(simulator: &MetaSimulator) -> Value {
    simulator.snapshot()["uploads"].clone()
}

#[tokio::test]
async fn a_video_is_uploaded_once_an_account_and_shown_with_a_picture_when_it_is_ready() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    hub.product("pct").await;
    let pct = hub.server.product("pct", &SCOPES).await;
    let files = MockServer::start().await;
    let bytes = mp4(300_000);
    serve(&files, "a.mp4", bytes.clone(), 1).await;
    let video = record(&pct, &files, "a.mp4", AssetType::Video, &bytes).await;
    let wanted = showing(&hub.page, &[video.id, video.id]);
    let first = pct.ads().publications().create(&wanted).await.unwrap();
    process(hub.simulator(), 1).await;
    let first = ended_as(&pct, first.id, PublicationState::Succeeded).await;
    let again = pct.ads().publications().create(&wanted).await.unwrap();
    ended_as(&pct, again.id, PublicationState::Succeeded).await;
    let [made] = &nodes(hub.simulator(), "AdVideo")[..] else { panic!("one video is there") };
    let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(arrived(hub.simulator()), json!([{ "id": made["id"], "bytes": bytes.len(), "sha256": sum }]));
    let shown = shown_by(&pct, &first).await;
    assert_eq!((&shown["video_id"], &shown["title"]), (&made["id"], &json!("Clip")));
    let pictures = nodes(hub.simulator(), "VideoThumbnail");
    let preferred = pictures.iter().find(|picture| picture["fields"]["is_preferred"] == true).unwrap();
    assert_eq!(shown["image_url"], preferred["fields"]["uri"]);
    assert_eq!(hub.of_kind("Ad"), 4);
}

#[tokio::test]
async fn a_video_that_cannot_be_used_fails_its_ad_alone_and_says_why() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    hub.product("pct").await;
    let pct = hub.server.product("pct", &SCOPES).await;
    let files = MockServer::start().await;
    let mut videos = Vec::new();
    for (name, lies, told) in [
        ("good.mp4", mp4(1_000), mp4(1_000)),
        ("text.mp4", b"no film at all".to_vec(), b"no film at all".to_vec()),
        ("changed.mp4", mp4(1_001), mp4(1_002)),
    ] {
        serve(&files, name, lies, 1).await;
        videos.push(record(&pct, &files, name, AssetType::Video, &told).await.id);
    }
    let accepted = pct.ads().publications().create(&showing(&hub.page, &videos)).await.unwrap();
    process(hub.simulator(), 2).await;
    let shown = ended_as(&pct, accepted.id, PublicationState::Partial).await;
    let code = |key: &str| {
        let item = shown.items.iter().find(|item| item.key == key).unwrap();
        item.problem.as_ref().map(|problem| problem.code.as_str())
    };
    let codes = ["creative-1", "creative-2", "creative-3"].map(code);
    assert_eq!(codes, [None, Some("video_not_usable"), Some("asset_changed")]);
    let ads = [("ad-1", ItemState::Created), ("ad-2", ItemState::NotTried), ("ad-3", ItemState::NotTried)];
    assert_eq!(states(&shown, PublishedKind::Ad), ads);
}

#[tokio::test]
async fn a_video_that_was_deleted_at_meta_is_uploaded_anew() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    hub.product("pct").await;
    let pct = hub.server.product("pct", &SCOPES).await;
    let files = MockServer::start().await;
    serve(&files, "a.mp4", mp4(1_000), 2).await;
    let video = record(&pct, &files, "a.mp4", AssetType::Video, &mp4(1_000)).await;
    let wanted = showing(&hub.page, &[video.id]);
    let first = pct.ads().publications().create(&wanted).await.unwrap();
    process(hub.simulator(), 1).await;
    ended_as(&pct, first.id, PublicationState::Succeeded).await;
    let made = nodes(hub.simulator(), "AdVideo")[0]["id"].as_str().unwrap().to_owned();
    let token = hub.simulator().world().access_token.clone();
    let delete =
        crate::support::http::Http::new(&hub.simulator().url()).call(http::Method::DELETE, &format!("/v26.0/{made}"));
    delete.bearer(&acd_core::Secret::from(token.as_str())).send().await.json();
    let again = pct.ads().publications().create(&wanted).await.unwrap();
    process(hub.simulator(), 1).await;
    let again = ended_as(&pct, again.id, PublicationState::Succeeded).await;
    assert_ne!(shown_by(&pct, &again).await["video_id"], made);
}

#[tokio::test]
async fn only_videos_of_the_product_are_shown_as_videos() {
    let hub = Hub::start().await;
    hub.product("pct").await;
    hub.product("everreach").await;
    let (pct, everreach) = (hub.server.product("pct", &SCOPES).await, hub.server.product("everreach", &SCOPES).await);
    let files = MockServer::start().await;
    let image = record(&pct, &files, "a.png", AssetType::Image, &png(600)).await;
    let video: Asset = record(&pct, &files, "a.mp4", AssetType::Video, &mp4(100)).await;
    let create = async |client: &PlatformClient, asset| {
        refusal(client.ads().publications().create(&showing(&hub.page, &[asset])).await)
    };
    assert_eq!(create(&everreach, video.id).await.0, 404);
    assert_eq!(create(&pct, image.id).await, (422, "invalid_body".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_are_killed_upload_a_video_once() {
    const SIZE: usize = 2_500_000;
    const FIRST: u64 = 1_000_000;
    let simulator = MetaSimulator::start().await.unwrap();
    let world = simulator.world().clone();
    let database = fresh_database().await;
    let settings = Settings::outside(&database.url)
        .with("ACD_LISTEN", free_address().await)
        .with("ACD_DB_POOL", "5")
        .with("ACD_FETCH_PRIVATE", "true")
        .with("META_ACCESS_TOKEN", &*world.access_token)
        .with("META_APP_SECRET", &*world.app_secret)
        .with("META_BASE_URL", simulator.url());
    let mut server = settings.serve().await;
    let admin = PlatformClient::new(settings.key(None, &["admin"]).await, server.url.as_str()).unwrap();
    let account = AdAccountId::from(world.ad_account.as_str());
    let allowed = CreateAdAccountUse { account, product: "pct".parse().unwrap(), weight: None };
    admin.ads().accounts().create(&allowed).await.unwrap();
    let scopes = SCOPES.map(Scope::as_str);
    let pct = PlatformClient::new(settings.key(Some("pct"), &scopes).await, server.url.as_str()).unwrap();
    let files = MockServer::start().await;
    let bytes = mp4(SIZE);
    serve(&files, "a.mp4", bytes.clone(), 1..=2).await;
    let video = record(&pct, &files, "a.mp4", AssetType::Video, &bytes).await;

    // In the middle of the bytes.
    let cut = MetaFault::new(MetaEffect::CutWithin { bytes: FIRST }).path("/video-ads-upload").times(1);
    simulator.inject(cut);
    let accepted = pct.ads().publications().create(&showing(&world.page, &[video.id])).await.unwrap();
    // It may have gone on by itself before anybody looks.
    let some = || arrived(&simulator)[0]["bytes"].as_u64().is_some_and(|bytes| bytes >= FIRST);
    within(LIMIT, "some bytes are there", async || some().then_some(())).await;
    server.kill().await;
    // All is there and Meta was told, who heard of nobody that knows it.
    simulator.inject(MetaFault::new(MetaEffect::CutAfter).method("POST").path("/video_ads").times(1));
    server = settings.serve().await;
    let is_begun =
        || nodes(&simulator, "AdVideo")[0]["fields"]["status"]["processing_phase"]["status"] == "in_progress";
    within(LIMIT, "Meta works on the video", async || is_begun().then_some(())).await;
    server.kill().await;
    simulator.advance(PROCESSING);
    let _server = settings.serve().await;

    within(LIMIT, "the publication ends", async || {
        let shown = pct.ads().publications().get(accepted.id).await.ok()?;
        shown.publication.finished_at
    })
    .await;
    let shown = ended(&pct, accepted.id).await;
    assert_eq!(shown.publication.state, PublicationState::Succeeded, "{shown:#?}");
    let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let [made] = &nodes(&simulator, "AdVideo")[..] else { panic!("one video is there") };
    assert_eq!(arrived(&simulator), json!([{ "id": made["id"], "bytes": SIZE, "sha256": sum }]));
    let sent = simulator.traffic().iter().filter(|call| call.path.contains("/video-ads-upload")).count();
    assert_eq!((sent, nodes(&simulator, "Ad").len()), (2, 1), "from where it broke off, and no more");
}
