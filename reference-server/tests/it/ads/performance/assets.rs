//! What images did in the ads that show them.

use acd_meta::CampaignId;
use acd_platform::ads::asset_insights::{AssetInsight, ListAssetInsights};
use acd_platform::ads::publications::{CreatePublication, PublicationState, PublishedKind};
use acd_platform::ads::winners::ListWinners;
use acd_platform::assets::AssetType;
use chrono::{Days, TimeDelta};
use wiremock::MockServer;

use super::super::publishing::images::{SCOPES, png, record, serve, show};
use super::super::publishing::support::{ended_as, ids, plan, working};
use super::support::{Running, World};
use super::winners::did;
use crate::users::refusal;

#[tokio::test]
async fn what_ads_did_is_what_their_images_did() {
    let world = World::start().await;
    let _working = working(&world.server.app);
    let everreach = world.product("everreach").await;
    world.product("pct").await;
    let pct = world.server.product("pct", &SCOPES).await;
    let files = MockServer::start().await;
    let mut images = Vec::new();
    for width in [600, 700, 800] {
        let name = format!("{width}.png");
        serve(&files, &name, png(width), u64::from(width < 800)).await;
        images.push(record(&pct, &files, &name, AssetType::Image, &png(width)).await.id);
    }
    images.sort_unstable();
    // The first in two ads, the second in one, and the third in none.
    let mut wanted = plan(&world.page, 3);
    for (creative, image) in wanted.creatives.iter_mut().zip([images[0], images[0], images[1]]) {
        show(&mut creative.object, image);
    }
    let accepted = pct.ads().publications().create(&CreatePublication::of(wanted)).await.unwrap();
    let shown = ended_as(&pct, accepted.id, PublicationState::Succeeded).await;
    let campaign: CampaignId = shown.publication.campaign_id.clone().unwrap();
    let made = Running {
        campaign: campaign.clone(),
        ad_set: ids(&shown, PublishedKind::AdSet)[0].as_str().into(),
        ads: ids(&shown, PublishedKind::Ad).iter().map(|id| id.as_str().into()).collect(),
    };
    let other = world.running(&pct, 2).await;
    world.pass(TimeDelta::days(60));
    let long_ago = world.now().date_naive() - Days::new(45);
    for day in 0..3 {
        did(&world, &made, long_ago + Days::new(day), &[300, 200, 100]).await;
    }
    did(&world, &other, long_ago, &[9, 9]).await;
    world.sync().await;

    let asked = ListAssetInsights {
        since: Some(long_ago),
        until: Some(long_ago + Days::new(9)),
        conversion: Some("lead".to_owned()),
        ..ListAssetInsights::default()
    };
    let found = pct.ads().asset_insights().list(&asked).await.unwrap();
    let told = |row: &AssetInsight| (row.asset_id, row.ads, row.figures.conversions, row.figures.impressions);
    let first = (images[0], 2, 1_500, 600_000);
    let second = (images[1], 1, 300, 300_000);
    assert_eq!(found.data.iter().map(told).collect::<Vec<_>>(), [first, second]);
    assert_eq!(found.data[0].figures.cost_per_conversion_minor, Some(40.0));
    assert!(found.as_of.is_some() && found.next_cursor.is_none());
    let of =
        async |asset| pct.ads().asset_insights().list(&ListAssetInsights { asset: Some(asset), ..asked.clone() }).await;
    assert_eq!(of(images[1]).await.unwrap().data, found.data[1..]);
    assert!(of(images[2]).await.unwrap().data.is_empty(), "it was never shown");
    let page = pct.ads().asset_insights().list(&ListAssetInsights { limit: Some(1), ..asked.clone() }).await.unwrap();
    assert_eq!(page.data, found.data[..1]);
    let next = ListAssetInsights { cursor: page.next_cursor, limit: Some(1), ..asked.clone() };
    assert_eq!(pct.ads().asset_insights().list(&next).await.unwrap().data, found.data[1..]);

    // What won is known by its images, and a campaign is found by them.
    let asked = ListWinners {
        asset: Some(images[1]),
        since: asked.since,
        until: asked.until,
        conversion: asked.conversion.clone(),
        ..ListWinners::default()
    };
    let winners = pct.ads().winners().list(&asked).await.unwrap().data;
    assert_eq!(winners.iter().map(|test| &test.campaign_id).collect::<Vec<_>>(), [&campaign]);
    let shown: Vec<_> = winners[0].ads.iter().map(|ad| ad.asset_ids.clone()).collect();
    assert_eq!(shown, [vec![images[0]], vec![images[0]], vec![images[1]]]);
    let never = ListWinners { asset: Some(images[2]), ..asked.clone() };
    assert!(pct.ads().winners().list(&never).await.unwrap().data.is_empty());

    // Nothing of it is another product's.
    assert_eq!(refusal(everreach.ads().winners().list(&asked).await).0, 404);
    let all = ListAssetInsights { since: asked.since, until: asked.until, ..ListAssetInsights::default() };
    assert!(everreach.ads().asset_insights().list(&all).await.unwrap().data.is_empty());
    let one = ListAssetInsights { asset: Some(images[0]), ..all };
    assert_eq!(refusal(everreach.ads().asset_insights().list(&one).await).0, 404);
}
