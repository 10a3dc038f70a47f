use std::time::Duration;

use acd_core::upload::Uploader;
use acd_meta::instagram::{
    AccountInsights, AccountMetric, ContainerStatus, CreateContainer, IgMediaFields, ImagePost, InsightsPeriod,
    MediaMetric, MetricType, Reel, Story,
};
use acd_meta::{ErrorKind, IgUserId, MetaClient};
use acd_testing::{ManualClock, MetaEffect, MetaFault};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Meta, pass, refusal, video};

const DAY: Duration = Duration::from_secs(86_400);

async fn start() -> (ManualClock, Meta, MetaClient, IgUserId) {
    let clock = ManualClock::new();
    let (meta, client) = Meta::on(&clock).await;
    let user = meta.simulator.world().instagram_user.as_str().into();
    (clock, meta, client, user)
}

fn url(name: &str) -> String {
    format!("https://cdn.example.com/{name}")
}

fn image() -> CreateContainer {
    CreateContainer::image(ImagePost { caption: Some("Hi".to_owned()), ..ImagePost::new(url("a.jpg")) })
}

#[tokio::test]
async fn each_kind_is_published_and_read() {
    let (clock, meta, client, user) = start().await;
    let instagram = client.instagram();
    let reel = Reel { share_to_feed: Some(true), ..Reel::new(url("a.mp4")) };
    for (container, pauses, expected) in [
        (image(), &[][..], ("IMAGE", "FEED", "https://www.instagram.com/p/")),
        (CreateContainer::reel(reel), &[2, 4, 8], ("VIDEO", "REELS", "https://www.instagram.com/reel/")),
        (CreateContainer::story(Story::Image(url("a.jpg"))), &[], ("IMAGE", "STORY", "https://www.instagram.com/p/")),
        (
            CreateContainer::story(Story::Video(url("a.mov"))),
            &[2, 4, 8],
            ("VIDEO", "STORY", "https://www.instagram.com/"),
        ),
    ] {
        let (posted, ()) = tokio::join!(instagram.post(&user, &container), pass(&clock, pauses));
        let media = instagram.media(&posted.unwrap().unwrap(), &IgMediaFields::all()).await.unwrap();
        let (kind, product, link) = expected;
        assert_eq!((media.media_type.as_deref(), media.media_product_type.as_deref()), (Some(kind), Some(product)));
        assert!(media.permalink.unwrap().starts_with(link) && media.timestamp.is_some());
        assert_eq!((media.username.as_deref(), media.thumbnail_url.is_some()), (Some("simulated"), kind == "VIDEO"));
        assert!(media.media_url.unwrap().starts_with("https://cdn.example.com/a."));
    }
    assert_eq!(instagram.limit(&user).await.unwrap().quota_usage, 4);
    assert_eq!(meta.get(&format!("{user}?fields=media_count")).await["media_count"], 4);
    let newest = meta.get(&format!("{user}/media?fields=media_product_type")).await;
    assert_eq!(
        (newest["data"].as_array().map(Vec::len), &newest["data"][0]["media_product_type"]),
        (Some(4), &json!("STORY"))
    );
    let id = newest["data"][0]["id"].as_str().unwrap();
    instagram.delete(&id.into()).await.unwrap();
    assert_eq!(refusal(&meta.get(id).await), (100, Some(33)));
    assert_eq!(instagram.limit(&user).await.unwrap().quota_usage, 4, "what was deleted counts all the same");
}

#[tokio::test]
async fn a_carousel_is_one_post_of_its_items_in_their_order() {
    let (clock, meta, client, user) = start().await;
    let instagram = client.instagram();
    let clip = CreateContainer::reel(Reel::new(url("b.mp4")));
    let items = [
        CreateContainer::image(ImagePost::new(url("a.jpg"))),
        clip,
        CreateContainer::image(ImagePost::new(url("c.jpg"))),
    ];
    let post = instagram.post_carousel(&user, &items, Some("Three".to_owned()));
    let (posted, ()) = tokio::join!(post, pass(&clock, &[2, 4, 8]));
    let id = posted.unwrap().unwrap();
    let album = meta.get(&format!("{id}?fields=media_type,caption,children{{media_type,media_url}}")).await;
    assert_eq!((&album["media_type"], &album["caption"]), (&json!("CAROUSEL_ALBUM"), &json!("Three")));
    let shown: Vec<_> =
        album["children"]["data"].as_array().unwrap().iter().map(|item| item["media_url"].clone()).collect();
    assert_eq!(shown, [url("a.jpg"), url("b.mp4"), url("c.jpg")]);
    assert_eq!(instagram.limit(&user).await.unwrap().quota_usage, 1);
    assert_eq!(meta.get(&format!("{user}/media")).await["data"], json!([{ "id": id }]), "items are not posts");
}

#[tokio::test]
async fn a_reel_on_disk_is_uploaded_whatever_happens_meanwhile() {
    let (clock, meta, client, user) = start().await;
    let instagram = client.instagram();
    let bytes = Bytes::from(video(900_000));
    let reel = CreateContainer::reel(Reel { collaborators: vec!["ada".to_owned()], ..Reel::uploaded() });
    let (posted, ()) = tokio::join!(instagram.post_video(&user, &reel, bytes.clone()), pass(&clock, &[2, 4, 8]));
    let media = meta.get(&format!("{}?fields=media_product_type", posted.unwrap().unwrap())).await;
    assert_eq!(media["media_product_type"], "REELS");

    for bytes in [200_000, 300_000] {
        meta.simulator.inject(MetaFault::new(MetaEffect::CutWithin { bytes }).path("/ig-api-upload/").times(1));
    }
    meta.simulator.inject(MetaFault::new(MetaEffect::CutAfter).path("/ig-api-upload/").times(1));
    let story = CreateContainer::story(Story::Upload);
    let uploader = Uploader::new(instagram.upload(&user, &story)).runtime(clock.runtime());
    let container = uploader.backoff(Duration::ZERO, Duration::ZERO).upload(bytes.clone()).await.unwrap();
    assert_eq!(meta.faults(), ["cut_within", "cut_within", "cut_after"]);
    let (ready, ()) = tokio::join!(instagram.wait(&container), pass(&clock, &[2, 4, 8]));
    ready.unwrap();
    let snapshot = meta.simulator.snapshot();
    let [first, second] = &snapshot["uploads"].as_array().unwrap()[..] else { panic!("{}", snapshot["uploads"]) };
    assert_eq!((&first["sha256"], &second["bytes"]), (&second["sha256"], &json!(bytes.len())));
}

#[tokio::test]
async fn the_host_for_bytes_judges_as_metas_does() {
    let (_, meta, ..) = start().await;
    let user = &meta.simulator.world().instagram_user;
    let made = meta.post(&format!("{user}/media"), json!({ "media_type": "REELS", "upload_type": "resumable" })).await;
    let uri = made["uri"].as_str().unwrap();
    let token = format!("OAuth {}", meta.simulator.world().access_token);
    let bearer = format!("Bearer {}", meta.simulator.world().access_token);
    for (authorization, offset, size, status, kind) in [
        (&bearer, "0", "12", 400, "NotAuthorizedError"),
        (&token, "5", "12", 412, "OffsetInvalidError"),
        (&token, "0", "x", 400, "PartialRequestError"),
        (&token, "0", "11", 400, "PartialRequestError"),
    ] {
        let request = reqwest::Client::new().post(uri).header("authorization", authorization);
        let request = request.header("offset", offset).header("file_size", size).body(video(12));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{kind}");
        assert_eq!(answer.json::<Value>().await.unwrap()["debug_info"]["type"], kind);
    }
    let request = reqwest::Client::new().post(uri).header("authorization", &token).header("file_url", url("a.mp4"));
    assert_eq!(request.send().await.unwrap().json::<Value>().await.unwrap()["success"], true);
    meta.simulator.advance(Duration::from_secs(10));
    let path = format!("{}?fields=status_code,video_status", made["id"].as_str().unwrap());
    let found = meta.get(&path).await;
    assert_eq!(
        (&found["status_code"], &found["video_status"]["processing_phase"]["status"]),
        (&json!("FINISHED"), &json!("complete"))
    );
}

#[tokio::test]
async fn containers_fail_and_expire() {
    let (clock, meta, client, user) = start().await;
    let instagram = client.instagram();
    let bad = instagram.create(&user, &CreateContainer::reel(Reel::new(url("a.avi")))).await.unwrap();
    let publish = meta.post(&format!("{user}/media_publish"), json!({ "creation_id": bad.id })).await;
    assert_eq!(refusal(&publish), (9007, Some(2_207_027)), "it is worked on");
    let (failed, ()) = tokio::join!(instagram.wait(&bad.id), pass(&clock, &[2, 4, 8]));
    let failed = failed.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Rejected);
    assert!(failed.to_string().contains("2207026"), "{failed}");

    let good = instagram.create(&user, &image()).await.unwrap();
    meta.simulator.advance(DAY - Duration::from_secs(1));
    assert_eq!(instagram.container(&good.id).await.unwrap().status_code, Some(ContainerStatus::Finished));
    meta.simulator.advance(Duration::from_secs(1));
    assert_eq!(instagram.wait(&good.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(instagram.publish(&user, &good.id).await.unwrap_err().code(), Some("24/2207008"));
}

#[tokio::test]
async fn a_lost_answer_is_no_second_post() {
    let (clock, meta, client, user) = start().await;
    meta.simulator.inject(MetaFault::new(MetaEffect::CutAfter).path("/media_publish").times(1));
    let instagram = client.instagram();
    let image = image();
    let (posted, ()) = tokio::join!(instagram.post(&user, &image), pass(&clock, &[2]));
    assert_eq!(posted.unwrap(), None, "it is published, and its id was in the answer");
    assert_eq!(meta.get(&format!("{user}/media")).await["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn what_an_account_may_post_is_respected_without_a_refusal() {
    let (_, meta, client, user) = start().await;
    let instagram = client.instagram();
    for _ in 0..50 {
        instagram.post(&user, &image()).await.unwrap();
    }
    let made = meta.calls("POST", "/media");
    let error = instagram.post(&user, &image()).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_sent()), (ErrorKind::RateLimited, false));
    assert_eq!(meta.calls("POST", "/media"), made, "nothing was made or published");
    assert!(meta.simulator.traffic().iter().all(|call| call.status == 200));

    let container = instagram.create(&user, &image()).await.unwrap();
    let refused = instagram.publish(&user, &container.id).await.unwrap_err();
    assert_eq!((refused.code(), refused.retry_after()), (Some("9/2207042"), Some(DAY)));
    meta.simulator.advance(DAY);
    instagram.post(&user, &image()).await.unwrap();
    assert_eq!(instagram.limit(&user).await.unwrap().left(), 49);
}

#[tokio::test]
async fn figures_of_posts_and_accounts_are_read() {
    let (_, meta, client, user) = start().await;
    let instagram = client.instagram();
    let id = instagram.post(&user, &image()).await.unwrap().unwrap();
    let rows = instagram.media_insights(&id, MediaMetric::ALL).await.unwrap().data;
    let number = |name: &str| rows.iter().find(|row| row.name == name).and_then(|row| row.number()).unwrap();
    let parts: u64 = ["likes", "comments", "saved", "shares"].into_iter().map(number).sum();
    assert_eq!((rows.len(), number("total_interactions")), (7, parts));
    let query = AccountInsights {
        metric_type: Some(MetricType::TotalValue),
        ..AccountInsights::new([AccountMetric::Reach, AccountMetric::Views], InsightsPeriod::Day)
    };
    let rows = instagram.account_insights(&user, &query).await.unwrap().data;
    assert!(rows.iter().all(|row| row.total_value.is_some() && row.number().is_some()));
    assert_eq!(refusal(&meta.get(&format!("{id}/insights?metric=impressions")).await), (100, None), "it is gone");
    assert_eq!(refusal(&meta.get(&format!("{id}/insights")).await), (100, None));
    assert_eq!(refusal(&meta.get(&format!("{user}/insights?metric=reach")).await), (100, None), "no period");
}

#[tokio::test]
async fn what_cannot_be_published_is_refused() {
    let (_, meta, _, user) = start().await;
    let media = format!("{user}/media");
    let single = meta.post(&media, json!({ "image_url": url("a.jpg") })).await["id"].clone();
    let working = json!({ "media_type": "VIDEO", "video_url": url("a.mp4"), "is_carousel_item": true });
    let working = meta.post(&media, working).await["id"].clone();
    let item = json!({ "image_url": url("a.jpg"), "is_carousel_item": true });
    let item = meta.post(&media, item).await["id"].clone();
    for (children, expected) in [
        (json!([item, single]), (100, None)),
        (json!([item, working]), (9007, Some(2_207_027))),
        (json!([item, "7"]), (24, Some(2_207_006))),
    ] {
        let answer = meta.post(&media, json!({ "media_type": "CAROUSEL", "children": children })).await;
        assert_eq!(refusal(&answer), expected, "{children}");
    }
    let publish = format!("{user}/media_publish");
    assert_eq!(refusal(&meta.post(&publish, json!({})).await), (100, None));
    assert_eq!(refusal(&meta.post(&publish, json!({ "creation_id": item })).await), (100, None));
    assert!(meta.post(&publish, json!({ "creation_id": single })).await["id"].is_string());
    assert_eq!(refusal(&meta.post(&publish, json!({ "creation_id": single })).await), (24, Some(2_207_006)));
    let limit = format!("{user}/content_publishing_limit");
    assert_eq!(meta.get(&limit).await, json!({ "data": [{ "quota_usage": 1 }] }));
    assert_eq!(refusal(&meta.get(&format!("{limit}?since=1")).await), (100, None));
}
