//! Publications that ended long ago.

use acd_platform::ads::publications::{CreatePublication, PublicationState, PublishedKind};
use chrono::TimeDelta;
use sqlx::query;

use super::super::hub::Hub;
use super::support::{ended_as, ids, plan, working};
use crate::support::wait::until;
use crate::users::refusal;

#[tokio::test]
async fn a_publication_goes_when_it_ended_long_ago_and_what_it_made_stays() {
    let hub = Hub::start().await;
    let stop = working(&hub.server.app);
    let pct = hub.product("pct").await;
    let publish = async |key: &str| {
        let wanted = CreatePublication::of(plan(&hub.page, 1));
        pct.ads().publications().create(&wanted).idempotency_key(key).await.unwrap().id
    };
    let (old, new) = (publish("old").await, publish("new").await);
    let made = ended_as(&pct, old, PublicationState::Succeeded).await;
    ended_as(&pct, new, PublicationState::Succeeded).await;
    stop.cancel();
    let open = publish("open").await;
    // They are kept for seven days.
    let pool = hub.server.database.pool();
    for (id, age) in [(old, TimeDelta::days(8)), (new, TimeDelta::days(6))] {
        let sql = "update ads_publications set created_at = now() - $2, finished_at = now() - $2 where id = $1";
        query(sql).bind(id.uuid()).bind(age).execute(&pool).await.unwrap();
    }
    query("update ads_publications set created_at = 'epoch' where id = $1")
        .bind(open.uuid())
        .execute(&pool)
        .await
        .unwrap();
    let due = "update shared_job_schedules set next_at = now() where kind = 'acd.ads.clean_up_publications'";
    query(due).execute(&pool).await.unwrap();
    hub.server.app.jobs.keep_up().await.unwrap();
    let _working = working(&hub.server.app);
    until("the old one is gone", async || pct.ads().publications().get(old).await.err().map(drop)).await;
    assert_eq!(refusal(pct.ads().publications().get(old).await).0, 404);
    pct.ads().publications().get(new).await.unwrap();
    ended_as(&pct, open, PublicationState::Succeeded).await;
    let ad = ids(&made, PublishedKind::Ad)[0].clone();
    pct.ads().ads().get(&ad.as_str().into()).await.unwrap();
    // The key is free again.
    assert_ne!(publish("old").await, old);
}
