//! Putting an upload together.

use std::fmt;
use std::time::Duration;

use super::progress::{Listener, UploadProgress};
use super::run::{Run, Step};
use super::source::{SharedSource, UploadSource};
use super::store::{SessionStore, SharedStore};
use super::target::UploadTarget;
use crate::Result;
use crate::runtime::Runtime;

/// Uploads a source to a target: begins, or goes on where a saved session stands.
///
/// ```no_run
/// use acd_core::upload::{FileSessionStore, FileSource, UploadTarget, Uploader};
///
/// # async fn example(target: impl UploadTarget) -> acd_core::Result<()> {
/// let uploader = Uploader::new(target)
///     .store(FileSessionStore::new("clip.mp4.session"))
///     .on_progress(|at| println!("{} of {} bytes", at.stored + at.sending, at.total));
/// // Run again after a crash or a cancellation, the same lines go on where the server is.
/// uploader.upload(FileSource::open("clip.mp4").await?).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until `upload` is awaited"]
pub struct Uploader<T> {
    pub(super) target: T,
    pub(super) runtime: Runtime,
    pub(super) store: Option<SharedStore>,
    pub(super) chunk_size: Option<u64>,
    pub(super) max_failures: u32,
    pub(super) max_restarts: u32,
    pub(super) backoff: (Duration, Duration),
    pub(super) max_wait: Duration,
    listener: Listener,
}

impl<T: UploadTarget> Uploader<T> {
    /// Uploads to `target`, without keeping a session beyond the future of [`upload`](Self::upload).
    pub fn new(target: T) -> Self {
        Self {
            target,
            runtime: Runtime::system(),
            store: None,
            chunk_size: None,
            max_failures: 8,
            max_restarts: 1,
            backoff: (Duration::from_secs(1), Duration::from_secs(64)),
            max_wait: Duration::from_secs(300),
            listener: Listener::default(),
        }
    }

    /// Keeps the session there. A store holds one upload at a time.
    pub fn store(mut self, store: impl SessionStore) -> Self {
        self.store = Some(SharedStore::new(store));
        self
    }

    /// Asks for parts of about this size in bytes; the target's rule bounds it. A session keeps the size that it began
    /// with.
    pub fn chunk_size(mut self, bytes: u64) -> Self {
        self.chunk_size = Some(bytes);
        self
    }

    /// Sets how many failures in a row, without a byte more being stored, a run survives. Default 8.
    pub fn max_failures(mut self, count: u32) -> Self {
        self.max_failures = count;
        self
    }

    /// Sets how often a run begins anew when the server does not know its session any more. Default 1. An upload that
    /// may be complete is never begun anew.
    pub fn max_restarts(mut self, count: u32) -> Self {
        self.max_restarts = count;
        self
    }

    /// Sets the bounds of the wait after a failure: the first, which doubles with each further one, and the last.
    /// Default 1 s and 64 s.
    pub fn backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.backoff = (base, cap);
        self
    }

    /// Sets the longest wait that a server may ask for by `Retry-After`. A longer one ends the run. Default 5 minutes.
    pub fn max_wait(mut self, longest: Duration) -> Self {
        self.max_wait = longest;
        self
    }

    /// Calls `callback` for each piece that is read and each part that is stored. It is called within the upload, so it
    /// is to be quick.
    pub fn on_progress(mut self, callback: impl Fn(UploadProgress) + Send + Sync + 'static) -> Self {
        self.listener = Listener::new(callback);
        self
    }

    /// Replaces sleep and randomness. Default: [`Runtime::system`].
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = runtime;
        self
    }

    /// Uploads `source`. Where the store holds a session, it goes on with that one.
    ///
    /// # Errors
    /// - [`ErrorKind::Request`](crate::ErrorKind::Request) when the source cannot be cut as the server wants it, with the
    ///   [`PlanError`](super::PlanError) as its source.
    /// - [`ErrorKind::Integrity`](crate::ErrorKind::Integrity) when the source changed since the session began (which is
    ///   kept until [`abort`](Self::abort)), or changed under way or arrived damaged (the upload is aborted).
    /// - [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when the server lost the session too often, or after
    ///   everything was sent: the upload may be complete then.
    /// - Whatever the target, the source and the store report. The session is kept, and a later run goes on.
    pub async fn upload(&self, source: impl UploadSource) -> Result<T::Output> {
        let mut run = Run::open(self, SharedSource::new(source), self.listener.clone()).await?;
        loop {
            match run.advance().await {
                Ok(Step::Done(output)) => {
                    run.close().await;
                    return Ok(output);
                }
                Ok(Step::Gone) => run.restart().await?,
                Err(error) => run.recover(error).await?,
            }
        }
    }

    /// Gives the saved session up, at the server and in the store. Without one, nothing happens.
    ///
    /// # Errors
    /// As the target's and the store's.
    pub async fn abort(&self) -> Result<()> {
        let Some(store) = &self.store else { return Ok(()) };
        let Some(session) = store.load().await? else { return Ok(()) };
        let state = session.reopen(self.target.kind(), session.source())?;
        self.target.abort(&state).await?;
        store.clear().await
    }
}

impl<T: UploadTarget> fmt::Debug for Uploader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploader")
            .field("kind", &self.target.kind())
            .field("chunk_size", &self.chunk_size)
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Poll, Waker};

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::error::{Error, ErrorKind};
    use crate::testing::ManualClock;
    use crate::upload::fake::{Fake, Fault, Shelf};
    use crate::upload::{Fingerprint, PlanError};

    fn source(size: u8) -> Bytes {
        (0..size).collect()
    }

    fn uploader(target: &Fake, shelf: &Shelf, clock: &ManualClock) -> Uploader<Fake> {
        Uploader::new(target.clone()).store(shelf.clone()).runtime(clock.runtime())
    }

    fn upload(target: &Fake, shelf: &Shelf, source: &Bytes) -> Result<u64> {
        let clock = ManualClock::new();
        clock.run(uploader(target, shelf, &clock).upload(source.clone()))
    }

    #[test]
    fn the_server_is_asked_after_every_unknown_outcome() {
        let target = Fake::sequential([Fault::LoseAnswer, Fault::Cut, Fault::Partial(3), Fault::Elsewhere]);
        assert_eq!(upload(&target, &Shelf::default(), &source(35)).unwrap(), 35);
        let server = target.server();
        assert_eq!(server.stored, source(35));
        assert_eq!(server.sent, [(0, 10), (10, 10), (10, 10), (13, 10), (13, 10), (23, 10), (33, 2)]);
    }

    #[test]
    fn a_server_may_say_how_much_it_wants() {
        let target = Fake::windowed(7, [Fault::None, Fault::Partial(2), Fault::LoseAnswer]);
        assert_eq!(upload(&target, &Shelf::default(), &source(25)).unwrap(), 25);
        let server = target.server();
        assert_eq!(server.stored, source(25));
        assert_eq!(server.sent, [(0, 7), (7, 7), (9, 7), (16, 7), (23, 2)]);
        drop(server);
        let target = Fake::windowed(0, []);
        let error = upload(&target, &Shelf::default(), &source(25)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "a server that wants nothing has not everything");
    }

    #[test]
    fn failures_without_progress_come_to_an_end_and_keep_the_session() {
        let target = Fake::sequential([Fault::Cut; 9]);
        let shelf = Shelf::default();
        let error = upload(&target, &shelf, &source(35)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        assert!(shelf.0.lock().unwrap().is_some());
        assert_eq!(upload(&target, &shelf, &source(35)).unwrap(), 35);
        assert_eq!(target.server().sessions, 1, "the second run went on with the session of the first");
        assert!(shelf.0.lock().unwrap().is_none());
    }

    #[test]
    fn progress_starts_the_count_of_failures_anew() {
        let faults = [Fault::Cut, Fault::Cut, Fault::Partial(1)];
        let target = Fake::sequential(faults.into_iter().cycle().take(60));
        assert_eq!(upload(&target, &Shelf::default(), &source(100)).unwrap(), 100);
    }

    #[test]
    fn a_refusal_is_not_repeated() {
        for target in [Fake::sequential([Fault::Refuse]), Fake::numbered(2, [Fault::Refuse])] {
            let error = upload(&target, &Shelf::default(), &source(35)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Rejected);
            assert!(target.server().sent.len() <= 2);
        }
    }

    #[test]
    fn a_lost_session_is_begun_anew_once() {
        for target in [Fake::sequential([Fault::None, Fault::Forget]), Fake::numbered(2, [Fault::None, Fault::Forget])]
        {
            assert_eq!(upload(&target, &Shelf::default(), &source(35)).unwrap(), 35);
            assert_eq!(target.server().sessions, 2);
        }
        let target = Fake::sequential([Fault::Forget, Fault::None, Fault::Forget]);
        let error = upload(&target, &Shelf::default(), &source(35)).unwrap_err();
        assert_eq!((error.kind(), target.server().sessions), (ErrorKind::NotFound, 2));
    }

    #[test]
    fn an_upload_that_may_be_complete_is_never_begun_anew() {
        for target in [Fake::sequential([]), Fake::numbered(1, [])] {
            let (shelf, clock) = (Shelf::default(), ManualClock::new());
            let run = async {
                let uploader = uploader(&target, &shelf, &clock);
                let mut run = pin!(uploader.upload(source(10)));
                while !target.server().complete {
                    assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
                }
            };
            clock.run(run);
            // The session expired while nobody looked, and the server tells of no end.
            (target.server().known, target.server().complete) = (false, false);
            let error = upload(&target, &shelf, &source(10)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
            assert!(error.to_string().contains("may be complete"), "{error}");
            assert_eq!(target.server().sessions, 1);
        }
    }

    #[test]
    fn an_end_that_was_not_heard_is_looked_for() {
        for target in [Fake::sequential([]), Fake::numbered(2, [])] {
            target.server().faults = [Fault::None, Fault::None, Fault::LoseAnswer].into();
            assert_eq!(upload(&target, &Shelf::default(), &source(20)).unwrap(), 20);
            target.server().complete = false;
            target.server().faults = [Fault::None, Fault::None, Fault::Cut].into();
            assert_eq!(upload(&target, &Shelf::default(), &source(20)).unwrap(), 20);
        }
    }

    #[test]
    fn a_changed_source_is_not_joined_to_the_old_one() {
        let target = Fake::sequential([Fault::None, Fault::Refuse]);
        let shelf = Shelf::default();
        upload(&target, &shelf, &source(35)).unwrap_err();
        let error = upload(&target, &shelf, &Bytes::from_static(&[1; 35])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        let clock = ManualClock::new();
        clock.run(uploader(&target, &shelf, &clock).abort()).unwrap();
        assert_eq!(target.server().aborted, 1);
        assert_eq!(upload(&target, &shelf, &Bytes::from_static(&[1; 35])).unwrap(), 35);
    }

    /// A source that changes after a while.
    struct Changing(Mutex<u32>);

    impl UploadSource for Changing {
        async fn fingerprint(&self) -> Result<Fingerprint> {
            let mut asked = self.0.lock().unwrap();
            *asked += 1;
            Ok(Fingerprint { size: 35, version: asked.to_string() })
        }

        async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes> {
            source(35).read_at(offset, length).await
        }
    }

    #[test]
    fn what_cannot_be_trusted_is_aborted() {
        for fault in [Fault::Damage, Fault::EndEarly] {
            let target = Fake::sequential([Fault::None, fault]);
            let shelf = Shelf::default();
            let error = upload(&target, &shelf, &source(35)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
            assert_eq!((target.server().aborted, shelf.0.lock().unwrap().is_some()), (1, false));
        }
        let (target, clock) = (Fake::sequential([]), ManualClock::new());
        let error =
            clock.run(uploader(&target, &Shelf::default(), &clock).upload(Changing(Mutex::new(0)))).unwrap_err();
        assert!(error.to_string().contains("changed while"), "{error}");
        assert!(!target.server().complete);
    }

    /// A source on a disk that breaks.
    struct Broken;

    impl UploadSource for Broken {
        async fn fingerprint(&self) -> Result<Fingerprint> {
            Ok(Fingerprint { size: 35, version: String::new() })
        }

        async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes> {
            if offset > 10 {
                Err(Error::new(ErrorKind::Environment, "bad sector"))
            } else {
                source(35).read_at(offset, length).await
            }
        }
    }

    #[test]
    fn a_source_that_cannot_be_read_is_told_as_that() {
        let (target, clock) = (Fake::sequential([]), ManualClock::new());
        let error = clock.run(uploader(&target, &Shelf::default(), &clock).upload(Broken)).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Environment, "bad sector"));
    }

    #[test]
    fn an_empty_source_is_refused_before_anything_is_sent() {
        let target = Fake::sequential([]);
        let error = upload(&target, &Shelf::default(), &Bytes::new()).unwrap_err();
        let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref());
        assert_eq!(cause, Some(&PlanError::Empty));
        assert_eq!(target.server().sessions, 0);
    }

    #[test]
    fn progress_ends_at_the_total_and_never_exceeds_it() {
        for target in [Fake::sequential([Fault::LoseAnswer]), Fake::numbered(3, [Fault::Cut])] {
            let seen = Arc::new(Mutex::new(Vec::new()));
            let clock = ManualClock::new();
            let log = Arc::clone(&seen);
            let uploader = uploader(&target, &Shelf::default(), &clock);
            clock.run(uploader.on_progress(move |at| log.lock().unwrap().push(at)).upload(source(35))).unwrap();
            let seen = seen.lock().unwrap();
            assert!(seen.iter().all(|at| at.total == 35 && at.stored + at.sending <= 35), "{seen:?}");
            assert_eq!(seen.last().map(|at| (at.stored, at.sending)), Some((35, 0)));
            assert!(seen.iter().any(|at| at.stored > 0 && at.stored < 35));
        }
    }

    #[test]
    fn a_session_prints_nothing_that_lets_others_write() {
        let target = Fake::sequential([Fault::None, Fault::Refuse]);
        let shelf = Shelf::default();
        upload(&target, &shelf, &source(35)).unwrap_err();
        let text = shelf.0.lock().unwrap().clone().unwrap();
        assert!(text.contains("hunter2"));
        let session: crate::upload::UploadSession = serde_json::from_str(&text).unwrap();
        assert_eq!(session.stored(), 10);
        assert!(!format!("{session:?}").contains("hunter2"));
    }

    #[test]
    fn an_upload_may_move_between_threads() {
        fn assert_send(_: &(impl Future + Send)) {}
        let (target, clock) = (Fake::numbered(2, []), ManualClock::new());
        assert_send(&uploader(&target, &Shelf::default(), &clock).upload(source(1)));
    }

    fn faults() -> impl Strategy<Value = Vec<Fault>> {
        let one = prop_oneof![
            Just(Fault::None),
            Just(Fault::None),
            Just(Fault::LoseAnswer),
            Just(Fault::Cut),
            Just(Fault::Elsewhere),
            (1_usize..10).prop_map(Fault::Partial),
        ];
        prop::collection::vec(one, 0..8)
    }

    proptest! {
        #[test]
        fn whatever_fails_the_source_arrives_whole_and_once(size in 1_u8..120, faults in faults(), at_once in 1_usize..5) {
            for target in [Fake::sequential(faults.clone()), Fake::numbered(at_once, faults.clone())] {
                prop_assert_eq!(upload(&target, &Shelf::default(), &source(size)).unwrap(), u64::from(size));
                prop_assert_eq!(&target.server().stored, &source(size));
                prop_assert_eq!(target.server().sessions, 1);
            }
        }

        #[test]
        fn dropped_anywhere_a_later_run_goes_on(
            size in 1_u8..120, faults in faults(), polls in prop::collection::vec(0_u32..40, 0..6),
        ) {
            for target in [Fake::sequential(faults.clone()), Fake::numbered(2, faults.clone())] {
                let (shelf, clock) = (Shelf::default(), ManualClock::new());
                if !polls.iter().any(|polls| ends_within(*polls, &target, &shelf, &clock, size)) {
                    prop_assert_eq!(upload(&target, &shelf, &source(size)).unwrap(), u64::from(size));
                }
                prop_assert_eq!(&target.server().stored, &source(size));
                prop_assert!(shelf.0.lock().unwrap().is_none());
            }
        }
    }

    /// Drops the upload after so many polls, unless it ended before.
    fn ends_within(polls: u32, target: &Fake, shelf: &Shelf, clock: &ManualClock, size: u8) -> bool {
        let uploader = uploader(target, shelf, clock);
        let mut run = pin!(uploader.upload(source(size)));
        (0..polls).any(|_| {
            clock.advance(Duration::from_secs(100));
            match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(result) => result.is_ok(),
                Poll::Pending => false,
            }
        })
    }
}
