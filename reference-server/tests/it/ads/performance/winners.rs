//! Which ads do better than the others.

use acd_platform::ads::winners::{AdVerdict, ConversionsPer, ListWinners, VerdictReason};
use chrono::{Days, NaiveDate, TimeDelta};
use sqlx::query;

use super::support::{Running, World};

/// What the ads did on a day so long ago that Meta corrects it no more.
pub(super) async fn did(world: &World, made: &Running, day: NaiveDate, conversions: &[i64]) {
    let sql =
        "insert into ads_insights_daily (account, level, object_id, day, product, campaign_id, currency, spend_minor,
            impressions, reach, clicks, link_clicks, video_plays, video_thruplays, video_p25, video_p50, video_p75,
            video_p100, actions, action_values_minor, read_at)
         values ($1, 'ad', $2, $3, 'pct', $4, 'USD', 10000, 100000, 0, 1000, 1000, 0, 0, 0, 0, 0, 0,
            jsonb_build_object('lead', $5::bigint), '{}', now())";
    for (ad, conversions) in made.ads.iter().zip(conversions) {
        query(sql)
            .bind(world.account.to_string())
            .bind(ad.as_str())
            .bind(day)
            .bind(made.campaign.as_str())
            .bind(conversions)
            .execute(&world.server.database.pool())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn ads_of_a_campaign_are_judged_with_numbers_and_reasons() {
    let world = World::start().await;
    let (pct, everreach) = (world.product("pct").await, world.product("everreach").await);
    let made = world.running(&pct, 3).await;
    let small = world.running(&pct, 2).await;
    world.pass(TimeDelta::days(60));
    let long_ago = world.now().date_naive() - Days::new(45);
    for day in 0..3 {
        did(&world, &made, long_ago + Days::new(day), &[300, 100, 198]).await;
    }
    did(&world, &small, long_ago, &[3, 1]).await;
    world.sync().await;
    let asked = ListWinners {
        since: Some(long_ago),
        until: Some(long_ago + Days::new(9)),
        conversion: Some("lead".to_owned()),
        ..ListWinners::default()
    };
    let found = pct.ads().winners().list(&asked).await.unwrap();
    assert_eq!((found.rule.least_conversions, found.rule.false_positive_rate), (20, 0.05));
    assert_eq!((found.rule.per, found.rule.conversion.as_str()), (ConversionsPer::Impressions, "lead"));
    assert!(found.as_of.is_some() && found.next_cursor.is_none());
    let [first, second] = &found.data[..] else { panic!("{found:?}") };
    assert_eq!((&first.campaign_id, &first.account), (&made.campaign, &world.account));
    let said: Vec<_> = first.ads.iter().map(|ad| (&ad.ad_id, ad.verdict, ad.reason)).collect();
    let wanted = [
        (&made.ads[0], AdVerdict::Winner, VerdictReason::ConvertsBetter),
        (&made.ads[1], AdVerdict::Loser, VerdictReason::ConvertsWorse),
        (&made.ads[2], AdVerdict::Undecided, VerdictReason::DifferenceTooSmall),
    ];
    assert_eq!(said, wanted);
    let winner = &first.ads[0];
    assert_eq!((winner.figures.conversions, winner.figures.impressions), (900, 300_000));
    assert!(winner.ratio.unwrap() > 2.0 && winner.creative_id.is_some());
    assert!(second.ads.iter().all(|ad| ad.reason == VerdictReason::TooFewConversions));

    // Page by page, one campaign alone, and nothing of another product's.
    let page = pct.ads().winners().list(&ListWinners { limit: Some(1), ..asked.clone() }).await.unwrap();
    assert_eq!(page.data, found.data[..1]);
    let next = ListWinners { limit: Some(1), cursor: page.next_cursor, ..asked.clone() };
    assert_eq!(pct.ads().winners().list(&next).await.unwrap().data, found.data[1..]);
    let one = ListWinners { campaign: Some(small.campaign.clone()), ..asked.clone() };
    assert_eq!(pct.ads().winners().list(&one).await.unwrap().data, found.data[1..]);
    assert!(everreach.ads().winners().list(&asked).await.unwrap().data.is_empty());
}

#[tokio::test]
async fn equal_rates_are_not_told_apart() {
    let world = World::start().await;
    let pct = world.product("pct").await;
    world.running(&pct, 2).await;
    world.pass(TimeDelta::days(3));
    // Every click is a click on the link: the ads cannot differ.
    let asked = ListWinners {
        per: Some(ConversionsPer::Clicks),
        conversion: Some("link_click".to_owned()),
        ..ListWinners::default()
    };
    let found = pct.ads().winners().list(&asked).await.unwrap().data;
    assert_eq!(found[0].ads.len(), 2);
    for ad in &found[0].ads {
        let said = (ad.verdict, ad.reason, ad.ratio);
        assert_eq!(said, (AdVerdict::Undecided, VerdictReason::DifferenceTooSmall, Some(1.0)));
    }
}
