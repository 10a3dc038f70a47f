use acd_analytics::{EnqueueError, FlushError, Track, Withdrawal};
use acd_core::testing::ManualClock;

use crate::support::{Act, Server, builder, track};

#[tokio::test]
async fn without_consent_nothing_is_queued_and_nothing_is_sent() {
    let (server, clock) = (Server::new([]), ManualClock::new());
    let client = builder(&server, &clock).consent(false).build().unwrap();
    assert_eq!(client.track(Track::new("E").user_id("u")), Err(EnqueueError::ConsentWithheld));
    assert!(matches!(client.flush().await, Err(FlushError::ConsentWithheld { left: 0 })));
    client.set_consent(true);
    track(&client, 0..1);
    client.flush().await.unwrap();
    assert_eq!(server.arrived()[0].names(), ["E0"]);
    assert_eq!(client.stats().without_consent, 1);
}

#[tokio::test]
async fn withdrawal_forgets_what_is_queued_and_cuts_off_what_is_under_way() {
    let (server, clock) = (Server::new([Act::Hang]), ManualClock::new());
    let client = builder(&server, &clock).batch_events(2).build().unwrap();
    track(&client, 0..5);
    server.arrivals(1).await;
    client.set_consent(false);
    client.set_consent(true);
    track(&client, 5..6);
    client.flush().await.unwrap();
    assert_eq!(server.arrived()[1].names(), ["E5"]);
    assert_eq!(server.sizes(), [2, 1]);
    let stats = client.stats();
    assert_eq!((stats.forgotten, stats.delivered, stats.held), (5, 1, 0));
}

#[tokio::test]
async fn withdrawal_keeps_what_is_queued_where_told_to() {
    let (server, clock) = (Server::new([Act::Hang]), ManualClock::new());
    let client = builder(&server, &clock).batch_events(2).on_withdrawal(Withdrawal::Keep).build().unwrap();
    track(&client, 0..3);
    server.arrivals(1).await;
    client.set_consent(false);
    assert!(matches!(client.flush().await, Err(FlushError::ConsentWithheld { left: 3 })));
    assert_eq!(server.sizes(), [2], "nothing leaves while consent is withheld");
    client.set_consent(true);
    client.flush().await.unwrap();
    assert_eq!(server.sizes(), [2, 2, 1]);
    assert_eq!(client.stats().delivered, 3);
}

#[tokio::test]
async fn a_shutdown_sends_nothing_that_consent_was_withdrawn_for() {
    let (server, clock) = (Server::new([]), ManualClock::new());
    let client = builder(&server, &clock).on_withdrawal(Withdrawal::Keep).build().unwrap();
    track(&client, 0..3);
    client.set_consent(false);
    assert_eq!(client.shutdown().await.left, 3);
    assert_eq!(server.sizes(), [0; 0]);
}
