//! Sending: once each, whoever dies, whatever Meta says.

use acd_platform::meta_events::PutConversionSwitch;
use acd_testing::{MetaEffect, MetaFault};
use chrono::TimeDelta;
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::hub::Hub;
use crate::support::process::Settings;
use crate::support::wait::until;

#[tokio::test]
async fn a_thousand_go_in_one_request_and_a_bad_one_sinks_no_other() {
    let hub = Hub::open().await;
    let batch: Vec<_> = (0..1_000).map(|id| hub.lead(&format!("e{id}"))).collect();
    assert_eq!(hub.pct.meta_events().send_many(&batch).await.unwrap().accepted, 1_000);
    // What every check here lets through and Meta does not: it knows its sources, and this version not all of them.
    let damaged = "update attribution_events set payload = jsonb_set(payload, '{action_source}', '\"kiosk\"')
        where event_id = 'e617'";
    sqlx::query(damaged).execute(&hub.server.database.pool()).await.unwrap();
    hub.send_due().await;
    let all = hub.conversions().await;
    let refused: Vec<_> = all.iter().filter(|one| one.state.as_str() == "refused").collect();
    assert_eq!(refused.iter().map(|one| one.event_id.as_str()).collect::<Vec<_>>(), ["e617"]);
    assert!(refused[0].cause.as_deref().unwrap().starts_with("Meta: ") && refused[0].fbtrace_id.is_some());
    assert_eq!(all.iter().filter(|one| one.state.as_str() == "sent").count(), 999);
    assert!(hub.requests() <= 21, "halving asks {} times", hub.requests());
    assert!(hub.at_meta().iter().all(|(_, counts)| *counts), "and none arrived twice");
}

#[tokio::test]
async fn a_request_whose_answer_is_lost_is_repeated_and_counts_once() {
    let hub = Hub::open().await;
    hub.meta.inject(MetaFault::new(MetaEffect::CutAfter).method("POST").path("/events").times(1));
    hub.pct.meta_events().send(&hub.lead("e1")).await.unwrap();
    hub.send_due().await;
    hub.clock.advance(TimeDelta::seconds(10));
    hub.send_due().await;
    assert_eq!(hub.states().await, ["sent"]);
    assert_eq!(hub.at_meta(), [("e1".to_owned(), true), ("e1".to_owned(), false)]);
}

/// The next request arrives, and whoever sent it waits for an answer: for so long, whoever looks may find and kill them.
fn keep_the_answer(hub: &Hub) {
    hub.meta.inject(MetaFault::new(MetaEffect::Silence).method("POST").path("/events").times(1));
}

#[tokio::test]
async fn who_dies_between_sending_and_saying_so_is_followed_when_the_lease_ends() {
    let hub = Hub::open().await;
    hub.pct.meta_events().send(&hub.lead("e1")).await.unwrap();
    // Meta has it and nobody is told; while it waits to be, the sender dies.
    keep_the_answer(&hub);
    let sender = hub.server.app.conversions.sender().unwrap().clone();
    let dying = tokio::spawn(async move { sender.send_due().await });
    until("Meta has it", async || (!hub.at_meta().is_empty()).then_some(())).await;
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());
    hub.meta.clear_faults();
    let replica = hub.replica().await;
    let other = replica.app.conversions.sender().unwrap();
    assert_eq!(other.send_due().await.unwrap(), 0, "the lease is not over");
    hub.clock.advance(TimeDelta::seconds(181));
    assert_eq!(other.send_due().await.unwrap(), 1);
    assert_eq!(hub.states().await, ["sent"]);
    assert_eq!(hub.at_meta(), [("e1".to_owned(), true), ("e1".to_owned(), false)], "counted once");
}

#[tokio::test]
async fn kill_9_between_sending_and_saying_so_neither_loses_nor_counts_twice() {
    let hub = Hub::open().await;
    let settings = Settings::outside(&hub.server.database.url)
        .with("ACD_LISTEN", "127.0.0.1:0")
        .with("META_BASE_URL", hub.meta.url())
        .with("META_ACCESS_TOKEN", hub.meta.world().access_token.as_str())
        .with("META_APP_SECRET", hub.meta.world().app_secret.as_str());
    keep_the_answer(&hub);
    let batch: Vec<_> = (0..20).map(|id| hub.lead(&format!("e{id}"))).collect();
    hub.pct.meta_events().send_many(&batch).await.unwrap();
    let first = settings.serve().await;
    until("Meta has them", async || (hub.at_meta().len() == 20).then_some(())).await;
    first.kill().await;
    hub.meta.clear_faults();
    assert_eq!(hub.states().await, vec!["pending"; 20]);
    let over = "update attribution_events set next_attempt_at = now() where state = 'pending'";
    sqlx::query(over).execute(&hub.server.database.pool()).await.unwrap();
    let _second = settings.serve().await;
    until("all is sent", async || (hub.states().await == vec!["sent"; 20]).then_some(())).await;
    let arrived = hub.at_meta();
    assert_eq!((arrived.len(), arrived.iter().filter(|(_, counts)| *counts).count()), (40, 20));
}

#[tokio::test]
async fn replicas_share_the_work_and_send_nothing_twice() {
    let hub = Hub::open().await;
    let replica = hub.replica().await;
    for batch in 0..4 {
        let events: Vec<_> = (0..40).map(|id| hub.lead(&format!("e{batch}-{id}"))).collect();
        hub.pct.meta_events().send_many(&events).await.unwrap();
        let senders = [&hub.server, &replica].map(|server| server.app.conversions.sender().unwrap());
        join_all(senders.iter().chain(&senders).map(|sender| sender.send_due())).await;
    }
    assert_eq!(hub.states().await, vec!["sent"; 160]);
    let arrived = hub.at_meta();
    assert!(arrived.len() == 160 && arrived.iter().all(|(_, counts)| *counts), "{}", arrived.len());
}

#[tokio::test]
async fn what_passes_is_waited_for_and_what_is_too_old_expires() {
    let hub = Hub::open().await;
    hub.meta.inject(
        MetaFault::new(MetaEffect::Error { code: 190, subcode: Some(463), status: None, is_transient: false })
            .path("/events"),
    );
    hub.pct.meta_events().send(&hub.lead("e1")).await.unwrap();
    hub.send_due().await;
    let waiting = hub.conversions().await.remove(0);
    assert_eq!((waiting.state.as_str(), waiting.attempts), ("pending", 1));
    assert!(waiting.cause.unwrap().contains("190/463"));
    hub.send_due().await;
    assert_eq!(hub.conversions().await[0].attempts, 1, "not before its time");
    hub.clock.advance(TimeDelta::seconds(6));
    hub.meta.clear_faults();
    hub.send_due().await;
    assert_eq!(hub.states().await, ["sent"]);

    hub.meta.inject(
        MetaFault::new(MetaEffect::Error { code: 2, subcode: None, status: None, is_transient: true }).path("/events"),
    );
    hub.pct.meta_events().send(&hub.lead("e2")).await.unwrap();
    hub.send_due().await;
    hub.clock.advance(TimeDelta::days(7));
    hub.send_due().await;
    let expired = hub.conversions().await.remove(1);
    assert_eq!(expired.state.as_str(), "expired");
    let cause = expired.cause.unwrap();
    assert!(cause.contains("7 days") && cause.contains("the last attempt: "), "{cause}");
}

#[tokio::test]
async fn while_meta_is_away_one_request_finds_out_and_the_rest_waits_untouched() {
    let hub = Hub::open().await;
    let away = MetaEffect::Error { code: 2, subcode: None, status: None, is_transient: true };
    hub.meta.inject(MetaFault::new(away).path("/events"));
    let batch: Vec<_> = (0..1_000).map(|id| hub.lead(&format!("e{id}"))).collect();
    hub.pct.meta_events().send_many(&batch).await.unwrap();
    let more: Vec<_> = (1_000..1_200).map(|id| hub.lead(&format!("e{id}"))).collect();
    hub.pct.meta_events().send_many(&more).await.unwrap();
    let sender = hub.server.app.conversions.sender().unwrap();
    assert_eq!([sender.send_due().await.unwrap(), sender.send_due().await.unwrap()], [1_000, 0]);
    let tried = async || hub.conversions().await.iter().filter(|one| one.attempts > 0).count();
    assert_eq!(tried().await, 1_000, "what was not sent did not cost a turn");
    let asked = hub.requests();
    hub.clock.advance(TimeDelta::seconds(5) - TimeDelta::milliseconds(1));
    assert_eq!((sender.send_due().await.unwrap(), hub.requests()), (0, asked));

    // What no request is needed for is not held up: the rest is for another pixel now.
    let elsewhere = PutConversionSwitch { pixel_id: Some("1".to_owned()), ..hub.on() };
    hub.pct.meta_events().put_switch(&elsewhere).await.unwrap();
    assert_eq!((sender.send_due().await.unwrap(), hub.requests()), (200, asked));
    hub.pct.meta_events().put_switch(&hub.on()).await.unwrap();
    hub.meta.clear_faults();
    hub.clock.advance(TimeDelta::milliseconds(1));
    assert_eq!(sender.send_due().await.unwrap(), 1_000);
    let states = hub.states().await;
    let of = |state: &str| states.iter().filter(|one| *one == state).count();
    assert_eq!((of("sent"), of("refused")), (1_000, 200));
}

#[tokio::test]
async fn a_sender_that_is_asked_to_stop_gives_back_what_it_has_not_sent() {
    let hub = Hub::open().await;
    hub.meta.inject(MetaFault::new(MetaEffect::Latency { milliseconds: 1_000 }).path("/events").times(1));
    for batch in 0..3 {
        let events: Vec<_> = (0..1_000).map(|id| hub.lead(&format!("e{batch}-{id}"))).collect();
        hub.pct.meta_events().send_many(&events).await.unwrap();
    }
    let stop = CancellationToken::new();
    let running = tokio::spawn(hub.server.app.conversions.sender().unwrap().clone().run(stop.clone()));
    let pool = hub.server.database.pool();
    let claimed = async || {
        let count: i64 = sqlx::query_scalar("select count(*) from attribution_events where attempts > 0")
            .fetch_one(&pool)
            .await
            .unwrap();
        count
    };
    until("a batch is claimed", async || (claimed().await == 1_000).then_some(())).await;
    stop.cancel();
    running.await.unwrap();
    assert_eq!(claimed().await, 1_000, "no further batch was begun");
    assert!(hub.requests() <= 1);
    // Nothing waits for a lease to end.
    let replica = hub.replica().await;
    replica.app.conversions.sender().unwrap().send_due().await.unwrap();
    assert_eq!(hub.states().await, vec!["sent"; 3_000]);
    assert_eq!(hub.requests(), 3, "and each went once");
}

#[tokio::test]
async fn a_sender_that_meta_keeps_refusing_gives_up() {
    let hub = Hub::open().await;
    let no_pixel = PutConversionSwitch { pixel_id: Some("1".to_owned()), ..hub.on() };
    hub.pct.meta_events().put_switch(&no_pixel).await.unwrap();
    hub.pct.meta_events().send(&hub.lead("e1")).await.unwrap();
    for _ in 0..20 {
        hub.send_due().await;
        hub.clock.advance(TimeDelta::hours(1));
    }
    let failed = hub.conversions().await.remove(0);
    assert_eq!((failed.state.as_str(), failed.attempts), ("failed", 20));
    let again = hub.pct.meta_events().send(&hub.lead("e1")).await.unwrap();
    assert_eq!(again.outcome.as_str(), "accepted", "what never arrived is no repetition");
}

#[tokio::test]
async fn the_browsers_copy_and_ours_count_once_whichever_is_first() {
    let hub = Hub::open().await;
    let pixel = &hub.meta.world().pixel;
    let http = crate::support::http::Http::new(&hub.meta.url());
    let browser = async |id: &str| {
        let seen = format!("/tr?id={pixel}&ev=Lead&eid={id}&dl=https%3A%2F%2Fshop.test%2F");
        assert_eq!(http.get(&seen).send().await.status, 200);
    };
    let server = async |id: &str| {
        hub.pct.meta_events().send(&hub.lead(id)).await.unwrap();
        hub.send_due().await;
    };
    server("ours-first").await;
    browser("ours-first").await;
    browser("its-first").await;
    server("its-first").await;
    browser("its-alone").await;
    let counted: Vec<_> = hub.at_meta().into_iter().filter(|(_, counts)| *counts).map(|(id, _)| id).collect();
    assert_eq!((hub.at_meta().len(), counted.join(", ")), (5, "ours-first, its-first, its-alone".to_owned()));
}
