use acd_testing::ManualClock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Meta, refusal};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x40\0\0\0\xf0";

#[tokio::test]
async fn images_are_known_by_their_bytes() {
    let (meta, client) = Meta::on(&ManualClock::new()).await;
    let account = meta.simulator.world().ad_account.as_str().into();
    let image = client.ad_images().upload(&account, "a.png", PNG).await.unwrap();
    assert_eq!((image.width, image.height), (Some(320), Some(240)));
    let again = client.ad_images().upload(&account, "b.png", PNG).await.unwrap();
    let text = meta.post(&meta.account("adimages"), json!({ "bytes": STANDARD.encode(PNG) })).await;
    assert_eq!(
        (again.hash.as_str(), text["images"]["bytes"]["hash"].as_str()),
        (image.hash.as_str(), Some(&*image.hash))
    );

    let found = client.ad_images().get(&account, &[&image.hash, "unknown"]).await.unwrap();
    let [one] = &found.data[..] else { panic!("{found:?}") };
    assert_eq!((one.name.as_deref(), one.status.as_deref()), (Some("a.png"), Some("ACTIVE")));
    assert_eq!(one.id, Some(format!("{}:{}", account.number(), image.hash)));
    let id = one.id.clone().unwrap();
    assert_eq!(meta.get(&format!("{id}?fields=width")).await["width"], 320);

    let spec = json!({
        "page_id": meta.simulator.world().page,
        "link_data": { "link": "https://a.example", "image_hash": image.hash },
    });
    let creative = meta.create("adcreatives", json!({ "object_story_spec": spec })).await;
    let delete = client.ad_images().delete(&account, &image.hash);
    assert_eq!(delete.await.unwrap_err().code(), Some("100"), "a creative shows it");
    meta.delete(&creative).await;
    client.ad_images().delete(&account, &image.hash).await.unwrap();
    assert_eq!(meta.get(&meta.account("adimages")).await["data"], json!([]));
    client.ad_images().upload(&account, "a.png", PNG).await.unwrap();
    assert_eq!(meta.get(&meta.account("adimages")).await["data"], json!([{ "id": id }]), "the same one is back");
}

#[tokio::test]
async fn what_is_no_image_is_refused() {
    let meta = Meta::start().await;
    for body in [
        json!({}),
        json!({ "bytes": "%" }),
        json!({ "bytes": STANDARD.encode("plain text") }),
        json!({ "copy_from": { "source_account_id": "1", "hash": "x" } }),
    ] {
        assert_eq!(refusal(&meta.post(&meta.account("adimages"), body.clone()).await), (100, None), "{body}");
    }
    assert_eq!(refusal(&meta.delete(&meta.account("adimages?hash=x")).await), (100, None));
}
