//! Logs of advertising that were kept long enough.

use acd_platform::jobs::JobState;
use sqlx::{query, query_scalar};

use super::hub::Hub;
use super::publishing::support::working;
use crate::support::wait::until;

#[tokio::test]
async fn what_became_of_conversions_and_changes_goes_when_it_is_old_and_what_is_still_to_be_sent_stays() {
    let hub = Hub::start().await;
    let pool = hub.server.database.pool();
    // They are kept for seven days.
    for (name, state, age) in [("old", "sent", 8), ("new", "sent", 6), ("waiting", "pending", 9)] {
        let sql = "insert into attribution_events
                (id, product, pixel_id, event_name, event_id, event_time, state, deduplicates, next_attempt_at, received_at)
             select acd.uuid_v7_floor(at), 'pct', '1', $1, $1, at, $2, false, at, at from (select now() - $3 * interval '1 day' as at) as t";
        query(sql).bind(name).bind(state).bind(age).execute(&pool).await.unwrap();
        let sql = "insert into ads_changes (id, account, kind, object_id, field, detected_at)
             select acd.uuid_v7_floor(at), 'act_1', 'ad', $1, 'name', at from (select now() - $2 * interval '1 day' as at) as t";
        query(sql).bind(name).bind(age).execute(&pool).await.unwrap();
    }
    let due = "update shared_job_schedules set next_at = now() where kind = 'acd.ads.clean_up_logs'";
    query(due).execute(&pool).await.unwrap();
    hub.server.app.jobs.keep_up().await.unwrap();
    let _working = working(&hub.server.app);
    until("the job has succeeded", async || {
        let state = "select state::text from shared_jobs where kind = 'acd.ads.clean_up_logs'";
        let state: String = query_scalar(state).fetch_one(&pool).await.unwrap();
        (state == JobState::Succeeded.as_str()).then_some(())
    })
    .await;
    let left = async |sql: &str| -> Vec<String> {
        query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(&pool).await.unwrap()
    };
    assert_eq!(left("select event_name from attribution_events order by 1").await, ["new", "waiting"]);
    assert_eq!(left("select object_id from ads_changes order by 1").await, ["new"]);
}
