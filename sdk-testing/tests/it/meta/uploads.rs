use std::time::Duration;

use acd_meta::audiences::{
    AudienceFields, AudienceKey, AudienceSession, AudienceUpload, AudienceUsers, CreateAudience, SessionQuery,
    UploadAction,
};
use acd_meta::{AudienceId, ErrorKind};
use acd_testing::{MetaEffect, MetaFault};

use super::typed::Client;

const SESSION: u64 = 9_778_993;

fn people(count: u32) -> AudienceUsers {
    let addresses = (0..count).map(|n| [format!("person{n}@example.com")]);
    AudienceUsers::hash([AudienceKey::Email], addresses).users
}

async fn audience(client: &Client, people_before: &AudienceUsers) -> AudienceId {
    let audience = CreateAudience::customer_file("Customers");
    let id = client.meta.audiences().create(&client.account, &audience).await.unwrap().id;
    client.meta.audiences().add_users(&id, people_before, None).await.unwrap();
    id
}

/// The code of what goes on, and about how many people there are.
async fn state(client: &Client, id: &AudienceId) -> (i64, i64) {
    let audience = client.meta.audiences().get(id, &AudienceFields::all()).await.unwrap();
    (audience.operation_status.unwrap().code, audience.approximate_count_lower_bound.unwrap())
}

fn batch(session_id: u64, batch_seq: u32, last_batch_flag: bool) -> AudienceSession {
    AudienceSession { session_id, batch_seq, last_batch_flag, estimated_num_total: None }
}

#[tokio::test]
async fn everybody_is_replaced_in_sessions_of_ten_thousand() {
    let client = Client::start().await;
    let before = AudienceUsers::of(AudienceKey::ExternId, (0..2000).map(|n| n.to_string()));
    let id = audience(&client, &before).await;
    let audiences = client.meta.audiences();
    let upload = audiences.replace_all(&id, &people(25_000), SESSION).await.unwrap();
    assert_eq!((upload.batches, upload.received, upload.invalid), (3, 25_000, 0));
    assert_eq!(state(&client, &id).await, (200, 25_000), "and nobody from before");
    let sessions = audiences.sessions(&id, &SessionQuery::default()).await.unwrap().data;
    let [session] = &sessions[..] else { panic!("{sessions:?}") };
    assert_eq!((session.session_id, session.num_received, session.num_matched), (SESSION, 25_000, 25_000));
    assert!(session.end_time.is_some());
}

#[tokio::test]
async fn a_chunk_that_failed_is_resumed_in_the_same_session() {
    let (all, somebody) = (people(20_001), people(150));
    // Before it did anything, and after: the first, the second and the last batch.
    for (effect, lost) in [
        (MetaEffect::CutBefore, 1),
        (MetaEffect::CutAfter, 1),
        (MetaEffect::CutBefore, 2),
        (MetaEffect::CutAfter, 2),
        (MetaEffect::CutBefore, 3),
        (MetaEffect::CutAfter, 3),
    ] {
        let client = Client::start().await;
        let id = audience(&client, &somebody).await;
        let audiences = client.meta.audiences();
        let mut done = AudienceUpload::default();
        for (part, place) in all.batches().zip(1..lost) {
            let sent = audiences.replace_users(&id, &part, &batch(SESSION, place, false)).await.unwrap();
            (done.batches, done.received) = (place, done.received + sent.num_received);
        }
        client.simulator.inject(MetaFault::new(effect.clone()).path("/usersreplace").times(1));
        let mut upload = audiences.upload(UploadAction::Replace, &id, &all, SESSION).resume(done);
        let error = upload.run().await.unwrap_err();
        assert_eq!((error.kind(), upload.progress()), (ErrorKind::Interrupted, done), "{effect:?} {lost}: {error}");
        let mut later = audiences.upload(UploadAction::Replace, &id, &all, SESSION).resume(upload.progress());
        let done = later.run().await.unwrap_or_else(|error| panic!("{effect:?} {lost}: {error}"));
        assert_eq!((done.batches, done.received, done.invalid), (3, 20_001, 0), "{effect:?} {lost}");
        assert_eq!(state(&client, &id).await, (200, 20_000), "{effect:?} {lost}");
    }
}

#[tokio::test]
async fn while_an_audience_is_replaced_nothing_else_changes_it() {
    let client = Client::start().await;
    let id = audience(&client, &people(150)).await;
    let audiences = client.meta.audiences();
    let some = people(5);
    let code = |outcome: Result<_, acd_meta::Error>| outcome.err().and_then(|error| error.code().map(str::to_owned));
    let late = audiences.replace_users(&id, &some, &batch(1, 2, false)).await;
    assert_eq!(code(late).as_deref(), Some("2650/1870147"), "the first batch is missing");
    audiences.replace_users(&id, &people(2000), &batch(1, 1, false)).await.unwrap();
    assert_eq!(state(&client, &id).await, (300, 1000), "still those from before");
    let error = audiences.add_users(&id, &some, None).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("2650/1870145")));
    let second = audiences.replace_users(&id, &some, &batch(2, 1, true)).await;
    assert_eq!(code(second).as_deref(), Some("2650/1870145"));
    let other_schema = AudienceUsers::of(AudienceKey::ExternId, ["7"]);
    let other_schema = audiences.replace_users(&id, &other_schema, &batch(1, 2, false)).await;
    assert_eq!(code(other_schema).as_deref(), Some("100"));
    audiences.replace_users(&id, &some, &batch(1, 2, true)).await.unwrap();
    assert_eq!(state(&client, &id).await, (200, 2000), "five of them were there");
    let closed = audiences.replace_users(&id, &some, &batch(1, 3, true)).await;
    assert_eq!(code(closed).as_deref(), Some("2650/1870159"));
}

#[tokio::test]
async fn a_replacement_that_is_not_finished_fails_and_leaves_everybody() {
    let client = Client::start().await;
    let id = audience(&client, &people(2500)).await;
    let audiences = client.meta.audiences();
    audiences.replace_users(&id, &people(10), &batch(1, 1, false)).await.unwrap();
    client.simulator.advance(Duration::from_secs(90 * 60));
    assert_eq!(state(&client, &id).await, (400, 2500));
    let error = audiences.replace_users(&id, &people(10), &batch(1, 2, true)).await.unwrap_err();
    assert_eq!(error.code(), Some("2650/1870158"));
    let done = audiences.replace_all(&id, &people(1500), 2).await.unwrap();
    assert_eq!((done.received, state(&client, &id).await), (1500, (200, 1500)));
}
