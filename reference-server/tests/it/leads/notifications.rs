//! Whatever else Meta tells of: kept once, for whom it concerns, and announced.

use acd_meta::ads::campaigns::UpdateCampaign;
use acd_platform::PlatformClient;
use acd_platform::ads::notifications::{ListMetaNotifications, MetaNotification};
use acd_platform::ads::sources::MetaSourceKind;
use acd_testing::MetaChange as Told;
use serde_json::json;

use super::{Hub, SCOPES, body};
use crate::support::wait::until;
use crate::users::topics;

async fn changes(client: &PlatformClient) -> Vec<MetaNotification> {
    client.ads().notifications().list_all(ListMetaNotifications::default()).items().collect(9_999).await.unwrap()
}

#[tokio::test]
async fn changes_reach_the_products_whose_they_are() {
    let hub = Hub::start().await;
    let everreach = hub.server.product("everreach", &SCOPES).await;
    hub.own_page().await;
    hub.own(MetaSourceKind::Instagram, &hub.world().instagram_user, "everreach").await;
    let [campaign, ..] = hub.advertise().await;
    let post = json!({ "item": "post", "verb": "add", "message": "private words\0", "of_tomorrow": [1] });
    let comment = json!({ "id": "5", "text": "private words" });
    let issue = json!({ "id": campaign, "level": "CAMPAIGN", "error_code": 1, "error_summary": "s" });
    let foreign = json!({ "id": "17", "level": "AD", "error_code": 1 });
    let world = hub.world();
    let told = hub.simulator().tell(&[
        Told::new("page", &world.page, "feed", post.clone()),
        Told::new("instagram", &world.instagram_user, "comments", comment.clone()),
        Told::new("ad_account", &world.ad_account, "with_issues_ad_objects", issue.clone()),
        Told::new("ad_account", &world.ad_account, "with_issues_ad_objects", foreign),
    ]);
    assert_eq!(told, 4);
    until("all are known", async || (changes(&hub.server.admin()).await.len() == 4).then_some(())).await;
    let ours = changes(&hub.pct).await;
    assert_eq!(ours.len(), 2);
    let find = |field: &str| ours.iter().find(|change| change.field == field).unwrap();
    assert_eq!(find("with_issues_ad_objects").value, issue);
    let feed = find("feed");
    assert_eq!((feed.value["of_tomorrow"].clone(), feed.object_id.as_str()), (json!([1]), world.page.as_str()));
    let theirs = changes(&everreach).await;
    assert_eq!((theirs.len(), &theirs[0].value), (1, &comment));
    let mut announced = topics(&hub.server).await;
    announced.retain(|topic| topic.starts_with("meta."));
    announced.sort_unstable();
    assert_eq!(announced, ["meta.ad_issue", "meta.ad_issue", "meta.instagram_changed", "meta.page_changed"]);
    assert_eq!(hub.count("select count(*) from events_outbox where payload::text like '%private%'").await, 0);
}

#[tokio::test]
async fn a_campaign_that_is_paused_is_told_of() {
    let hub = Hub::start().await;
    let [campaign, ..] = hub.advertise().await;
    let pause = UpdateCampaign { status: Some("PAUSED".into()), ..UpdateCampaign::new() };
    hub.pct.ads().campaigns().update(&campaign.as_str().into(), &pause).await.unwrap();
    let query = ListMetaNotifications { field: Some("field_changed".to_owned()), ..ListMetaNotifications::default() };
    until("the product hears of it", async || {
        let told = hub.pct.ads().notifications().list(&query).await.unwrap().data;
        told.iter().any(|change| change.value["object_id"] == json!(campaign)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_same_change_in_several_webhooks_is_one() {
    let hub = Hub::start().await;
    hub.own_page().await;
    let page = hub.world().page.clone();
    let post =
        |n: u32| json!({ "field": "feed", "value": { "item": "post", "verb": "add", "post_id": n.to_string() } });
    let bodies = [body(&page, &[post(1), post(2)]), body(&page, &[post(2), post(1), post(2)]), body(&page, &[post(3)])];
    for told in &bodies {
        assert_eq!(hub.tell(told).await.status, 200);
    }
    hub.all_read().await;
    assert_eq!(changes(&hub.pct).await.len(), 3);
    assert_eq!(hub.count("select count(*) from events_outbox where topic = 'meta.page_changed'").await, 3);
}

#[tokio::test]
async fn a_thousand_changes_at_once_are_taken() {
    let hub = Hub::start().await;
    hub.own_page().await;
    let post = |n: u32| json!({ "field": "feed", "value": { "item": "post", "verb": "add", "message": "ä".repeat(200), "post_id": n } });
    let changes: Vec<_> = (0..1_000).map(post).collect();
    assert_eq!(hub.tell(&body(&hub.world().page, &changes)).await.status, 200);
    hub.all_read().await;
    assert_eq!(hub.count("select count(*) from ads_notifications where product = 'pct'").await, 1_000);
}
