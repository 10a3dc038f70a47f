use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use acd_core::upload::{FileSessionStore, UploadTarget, Uploader};
use acd_meta::media::{AdVideoFields, CreateVideo, Slideshow, VideoStatusCode};
use acd_meta::{AdAccountId, MetaClient, VideoId};
use acd_testing::{ManualClock, MetaEffect, MetaFault};
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Meta, pass, refusal, video};

const MIB: usize = 1 << 20;
const SIZE: usize = 2 * MIB + MIB / 2;

async fn start() -> (ManualClock, Meta, MetaClient, AdAccountId) {
    let clock = ManualClock::new();
    let (meta, client) = Meta::on(&clock).await;
    let account = meta.simulator.world().ad_account.as_str().into();
    (clock, meta, client, account)
}

/// An uploader that does not wait between a failure and the next try.
fn uploader<T: UploadTarget>(target: T, clock: &ManualClock) -> Uploader<T> {
    Uploader::new(target).runtime(clock.runtime()).backoff(Duration::ZERO, Duration::ZERO)
}

fn cut_within(path: &str, bytes: u64) -> MetaFault {
    MetaFault::new(MetaEffect::CutWithin { bytes }).method("POST").path(path).times(1)
}

/// How the simulator shows an upload of these bytes.
fn arrival(id: &VideoId, bytes: &[u8]) -> Value {
    let sum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "id": id, "bytes": bytes.len(), "sha256": sum })
}

/// That the simulator has these bytes, once.
fn check_arrived(meta: &Meta, id: &VideoId, bytes: &[u8]) {
    assert_eq!(meta.simulator.snapshot()["uploads"], json!([arrival(id, bytes)]), "all the bytes in their order");
}

#[tokio::test]
async fn a_video_goes_in_chunks_and_is_processed() {
    let (clock, meta, client, account) = start().await;
    let videos = client.ad_videos();
    let bytes = Bytes::from(video(SIZE));
    let id = uploader(videos.chunked(&account, "Clip"), &clock).upload(bytes.clone()).await.unwrap();
    check_arrived(&meta, &id, &bytes);
    assert_eq!(meta.calls("POST", "/advideos"), 5, "start, three chunks, finish");
    let status = async || videos.get(&id, &AdVideoFields::all()).await.unwrap().status.unwrap();
    assert_eq!(status().await.video_status, Some(VideoStatusCode::Processing));
    meta.simulator.advance(Duration::from_secs(5));
    assert_eq!(status().await.processing_progress, Some(50));
    let (ready, ()) = tokio::join!(videos.wait(&id), pass(&clock, &[3, 6]));
    ready.unwrap();
    let found = videos.get(&id, &AdVideoFields::all()).await.unwrap();
    assert_eq!(found.title.as_deref(), Some("Clip"));
    assert!(found.length.is_some() && found.source.is_some() && found.picture.is_some());

    let png = &b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x40\0\0\0\xf0"[..];
    assert_eq!(videos.thumbnails(&id).await.unwrap().data.len(), 3);
    videos.add_thumbnail(&id, "own.png", png, true).await.unwrap();
    let thumbnails = videos.thumbnails(&id).await.unwrap().data;
    let preferred: Vec<_> = thumbnails.iter().filter(|one| one.is_preferred == Some(true)).collect();
    let [own] = preferred[..] else { panic!("{thumbnails:?}") };
    assert_eq!((own.width, own.height, thumbnails.len()), (Some(320), Some(240), 4));
}

#[tokio::test]
async fn a_connection_that_ends_within_a_chunk_costs_that_chunk() {
    let (clock, meta, client, account) = start().await;
    meta.simulator.inject(cut_within("/advideos", 300_000).times(2));
    let bytes = Bytes::from(video(SIZE));
    let id = uploader(client.ad_videos().chunked(&account, "Clip"), &clock).upload(bytes.clone()).await.unwrap();
    check_arrived(&meta, &id, &bytes);
    assert_eq!(meta.faults(), ["cut_within"; 2]);
    assert_eq!(meta.calls("POST", "/advideos"), 7, "one chunk came three times");
}

#[tokio::test]
async fn bytes_that_came_before_a_cut_are_not_sent_again() {
    let (clock, meta, client, account) = start().await;
    for bytes in [600_000, 1_200_000] {
        meta.simulator.inject(cut_within("/video-ads-upload/", bytes));
    }
    // The rest arrives, and so does the end, but nobody hears of it.
    for path in ["/video-ads-upload/", "/video_ads"] {
        meta.simulator.inject(MetaFault::new(MetaEffect::CutAfter).method("POST").path(path).times(1));
    }
    let bytes = Bytes::from(video(SIZE));
    let target = client.ad_videos().resumable(&account);
    let first = uploader(target.clone(), &clock).upload(bytes.clone()).await.unwrap_err();
    assert!(first.may_have_been_sent(), "the answer to the first call is lost, and with it the video that it made");
    let id = uploader(target, &clock).upload(bytes.clone()).await.unwrap();
    let uploads = meta.simulator.snapshot()["uploads"].clone();
    let arrived: Vec<_> = uploads.as_array().unwrap().iter().filter(|one| one["bytes"] != 0).collect();
    assert_eq!(arrived, [&arrival(&id, &bytes)]);
    assert_eq!(meta.calls("POST", "/video-ads-upload/"), 3, "600,000 bytes, 1,200,000 more, and the rest");
    assert_eq!(meta.faults(), ["cut_after", "cut_within", "cut_within", "cut_after"]);
}

/// An upload that fails at the first failure, and another one of the same session.
async fn interrupt_and_resume<T: UploadTarget<Output = VideoId>>(
    clock: &ManualClock,
    target: impl Fn() -> T,
    bytes: &Bytes,
    interrupt: impl Fn(u64) + Send + Sync + 'static,
) -> VideoId {
    let folder = tempfile::tempdir().unwrap();
    let store = || FileSessionStore::new(folder.path().join("session"));
    let first = uploader(target(), clock).max_failures(0).store(store()).on_progress(move |at| interrupt(at.stored));
    first.upload(bytes.clone()).await.unwrap_err();
    uploader(target(), clock).max_failures(0).store(store()).upload(bytes.clone()).await.unwrap()
}

#[tokio::test]
async fn another_uploader_goes_on_where_the_first_one_stopped() {
    let bytes = Bytes::from(video(SIZE));
    let (clock, meta, client, account) = start().await;
    let (simulator, is_armed) = (Arc::clone(&meta.simulator), AtomicBool::new(false));
    let interrupt = move |stored| {
        if stored == MIB as u64 && !is_armed.swap(true, Ordering::Relaxed) {
            simulator.inject(cut_within("/advideos", 1000));
        }
    };
    let chunked = || client.ad_videos().chunked(&account, "Clip");
    let id = interrupt_and_resume(&clock, chunked, &bytes, interrupt).await;
    check_arrived(&meta, &id, &bytes);

    let (clock, meta, client, account) = start().await;
    meta.simulator.inject(cut_within("/video-ads-upload/", 1_000_000));
    let whole = || client.ad_videos().resumable(&account);
    let id = interrupt_and_resume(&clock, whole, &bytes, |_| ()).await;
    check_arrived(&meta, &id, &bytes);
}

#[tokio::test]
async fn wrong_phases_are_refused_as_meta_does() {
    let (_, meta, ..) = start().await;
    let path = meta.account("advideos");
    let send = async |body: Value| meta.post(&path, body).await;
    for (body, expected) in [
        (json!({}), (100, None)),
        (json!({ "upload_phase": "start" }), (100, None)),
        (json!({ "upload_phase": "start", "file_size": 0 }), (100, None)),
        (json!({ "upload_phase": "transfer", "upload_session_id": "7" }), (100, Some(33))),
        (json!({ "file_url": "https://localhost/a.mp4" }), (9004, Some(2_207_052))),
        (json!({ "file_url": "https://cdn.example.com/a.png" }), (352, None)),
        (json!({ "slideshow_spec": { "images_urls": ["https://cdn.example.com/a.jpg"] } }), (100, None)),
    ] {
        assert_eq!(refusal(&send(body.clone()).await), expected, "{body}");
    }
    let started = send(json!({ "upload_phase": "start", "file_size": 20 })).await;
    assert_eq!((&started["start_offset"], &started["end_offset"]), (&json!("0"), &json!("20")));
    let session = &started["upload_session_id"];
    let early = send(json!({ "upload_phase": "finish", "upload_session_id": session })).await;
    assert_eq!(refusal(&early), (6000, Some(1_363_037)));
    assert_eq!(
        early["error"]["error_data"],
        json!({ "start_offset": "0", "end_offset": "20" }),
        "an object, as here alone"
    );
    let cancelled = send(json!({ "upload_phase": "cancel", "upload_session_id": session })).await;
    assert_eq!(cancelled, json!({ "success": true }));
    assert_eq!(
        refusal(&send(json!({ "upload_phase": "finish", "upload_session_id": session })).await),
        (100, Some(33))
    );
}

#[tokio::test]
async fn meta_makes_videos_of_what_it_fetches_and_rejects_what_is_none() {
    let (clock, _meta, client, account) = start().await;
    let videos = client.ad_videos();
    let url = |name: &str| format!("https://cdn.example.com/{name}");
    let fetched = videos.create(&account, &CreateVideo::from_url(url("a.mp4"))).await.unwrap();
    let slides = Slideshow::new(["a.jpg", "b.jpg", "c.jpg"].map(url));
    videos.create(&account, &CreateVideo::slideshow(slides)).await.unwrap();
    let (ready, ()) = tokio::join!(videos.wait(&fetched.id), pass(&clock, &[3, 6, 12]));
    ready.unwrap();

    let text = Bytes::from_static(b"this is no video at all");
    let id = uploader(videos.chunked(&account, "Text"), &clock).upload(text).await.unwrap();
    let (refused, ()) = tokio::join!(videos.wait(&id), pass(&clock, &[3, 6, 12]));
    assert!(refused.unwrap_err().to_string().contains("no video of a supported format"));
}
