//! One run of an upload: opening, failing, beginning anew, ending.

use std::time::Duration;

use tracing::{debug, warn};

use super::checksum::{Running, checksum_of_range};
use super::part::{Part, Reader};
use super::plan::Span;
use super::progress::{Listener, Meter};
use super::session::UploadSession;
use super::source::{Fingerprint, SharedSource};
use super::target::{Ending, Order, PartAnswer, Position, UploadTarget};
use super::uploader::Uploader;
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::retry::backoff;

/// Where one pass over the parts ended.
pub(super) enum Step<O> {
    Done(O),
    Gone,
}

pub(super) struct Run<'a, T: UploadTarget> {
    pub(super) uploader: &'a Uploader<T>,
    pub(super) wire: Wire<'a, T>,
    pub(super) session: UploadSession,
    /// Where to go on; `None` when the server has to be asked.
    pub(super) position: Option<Position>,
    fingerprint: Fingerprint,
    pub(super) meter: Meter,
    checksum: Option<Running>,
    /// The most that was ever stored: only more than that is progress.
    best: u64,
    failures: u32,
    restarts: u32,
}

/// What sending a part needs, apart from the session that changes meanwhile.
pub(super) struct Wire<'a, T: UploadTarget> {
    pub(super) target: &'a T,
    pub(super) state: T::State,
    source: SharedSource,
    reader: Reader,
}

impl<T: UploadTarget> Wire<'_, T> {
    /// Sends one part, with its checksum if the target wants one.
    pub(super) async fn send(&self, span: Span, total: u64) -> Result<PartAnswer<T::Output>> {
        let checksum = match self.target.part_checksum() {
            Some(sum) => Some(checksum_of_range(&self.source, span.offset, span.length, sum).await?),
            None => None,
        };
        let part = Part::new(span, total, checksum, self.reader.for_part());
        let answer = self.target.send(&self.state, &part).await;
        answer.map_err(|error| part.source_failure().unwrap_or(error))
    }
}

impl<'a, T: UploadTarget> Run<'a, T> {
    /// Begins an upload, or opens the saved one.
    pub(super) async fn open(uploader: &'a Uploader<T>, source: SharedSource, listener: Listener) -> Result<Self> {
        let target = &uploader.target;
        let fingerprint = source.fingerprint().await?;
        let saved = match &uploader.store {
            Some(store) => store.load().await?,
            None => None,
        };
        let (session, state, position) = match saved {
            Some(session) => {
                let state = session.reopen(target.kind(), &fingerprint)?;
                debug!(upload = target.kind(), stored = session.stored(), "going on with a saved upload");
                (session, state, None)
            }
            None => {
                let (session, state, position) = begin(uploader, &fingerprint).await?;
                (session, state, Some(position))
            }
        };
        let meter = Meter::new(fingerprint.size, listener);
        let checksum = target.source_checksum().map(|sum| Running::new(sum, 0));
        let reader = Reader::new(source.clone(), meter.clone(), checksum.clone());
        let best = session.stored();
        let wire = Wire { target, state, source, reader };
        Ok(Self { uploader, wire, session, position, fingerprint, meter, checksum, best, failures: 0, restarts: 0 })
    }

    /// Goes on until the upload is complete, the server has lost it, or something fails.
    pub(super) async fn advance(&mut self) -> Result<Step<T::Output>> {
        match self.wire.target.order() {
            Order::Sequential => self.sequential().await,
            Order::Numbered { at_once } => self.numbered(at_once).await,
        }
    }

    /// Saves what the server acknowledged and tells of it.
    pub(super) async fn acknowledged(&mut self) -> Result<()> {
        self.save().await?;
        self.meter.stored(self.session.stored());
        Ok(())
    }

    /// Reads for the source's checksum what another process sent, so that the parts that follow continue it.
    pub(super) async fn sum_up_to(&self, end: u64) -> Result<()> {
        match &self.checksum {
            Some(checksum) => checksum.catch_up(&self.wire.source, end).await,
            None => Ok(()),
        }
    }

    /// Notes that the upload may be complete from now on, after a last look at the source.
    pub(super) async fn prepare_end(&mut self) -> Result<()> {
        let now = self.wire.source.fingerprint().await?;
        if now != self.fingerprint {
            return Err(Error::new(ErrorKind::Integrity, "the source changed while it was uploaded: upload it again"));
        }
        if !self.session.is_ending() {
            self.session.set_ending(true);
            self.save().await?;
        }
        Ok(())
    }

    /// Everything is stored: says so.
    pub(super) async fn finish(&mut self) -> Result<Step<T::Output>> {
        self.sum_up_to(self.fingerprint.size).await?;
        self.prepare_end().await?;
        let checksum = self.checksum.as_ref().map(Running::finish);
        let ending = Ending::new(self.session.plan(), self.session.parts(), checksum.as_deref());
        self.wire.target.finish(&self.wire.state, &ending).await.map(Step::Done)
    }

    /// Waits after a failure that may pass, so that the server can be asked where it is. Returns any other.
    pub(super) async fn recover(&mut self, error: Error) -> Result<()> {
        self.position = None;
        if error.kind() == ErrorKind::Integrity {
            return Err(self.give_up(error).await);
        }
        let stored = self.session.stored();
        if stored > self.best {
            self.best = stored;
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        let asked = error.retry_after().unwrap_or(Duration::ZERO);
        if !error.is_retryable() || self.failures > self.uploader.max_failures || asked > self.uploader.max_wait {
            return Err(error);
        }
        let runtime = &self.uploader.runtime;
        let (base, cap) = self.uploader.backoff;
        // Without randomness the longest wait is the kindest.
        let wait = backoff(self.failures, runtime.random_unit().unwrap_or(1.0), base, cap).max(asked);
        debug!(
            upload = self.wire.target.kind(),
            stored,
            failures = self.failures,
            delay_ms = wait.as_secs_f64() * 1000.0,
            "error.type" = error.kind().as_str(),
            "an upload failed under way, going on after a look at where the server is"
        );
        runtime.sleep(wait).await;
        Ok(())
    }

    /// The server lost the session: begins anew, unless that might make a second upload of the same source.
    pub(super) async fn restart(&mut self) -> Result<()> {
        let kind = self.wire.target.kind();
        if self.session.is_ending() {
            let problem = "the server does not know the upload any more, after everything was sent: it may be complete. \
                           Look for it there; abort this one to begin anew";
            return Err(Error::new(ErrorKind::NotFound, problem));
        }
        if self.restarts >= self.uploader.max_restarts {
            let problem = "the server does not know the upload any more: abort it, then begin anew";
            return Err(Error::new(ErrorKind::NotFound, problem));
        }
        self.restarts += 1;
        warn!(upload = kind, lost = self.session.stored(), "the server lost an upload, beginning anew");
        let (session, state, position) = begin(self.uploader, &self.fingerprint).await?;
        self.session = session;
        self.wire.state = state;
        self.position = Some(position);
        self.best = 0;
        self.meter.stored(0);
        Ok(())
    }

    /// Removes the session of an upload that is complete.
    pub(super) async fn close(&self) {
        self.meter.stored(self.fingerprint.size);
        if let Some(store) = &self.uploader.store
            && let Err(error) = store.clear().await
        {
            // The upload succeeded, and its result is worth more than the order in the store: a later run on the same
            // session finds the upload complete or gone.
            warn!(upload = self.wire.target.kind(), %error, "the upload is complete, but its session was not removed");
        }
    }

    /// Aborts an upload whose content cannot be trusted any more. Returns the error that says why.
    async fn give_up(&self, error: Error) -> Error {
        let aborted = self.wire.target.abort(&self.wire.state).await;
        let cleared = match &self.uploader.store {
            Some(store) => store.clear().await,
            None => Ok(()),
        };
        for problem in [aborted, cleared].into_iter().filter_map(Result::err) {
            warn!(upload = self.wire.target.kind(), error = %problem, "a damaged upload was not cleared away");
        }
        error
    }

    async fn save(&self) -> Result<()> {
        match &self.uploader.store {
            Some(store) => store.save(&self.session).await,
            None => Ok(()),
        }
    }
}

async fn begin<T: UploadTarget>(
    uploader: &Uploader<T>,
    source: &Fingerprint,
) -> Result<(UploadSession, T::State, Position)> {
    let target = &uploader.target;
    let plan = target.rule().plan(source.size, uploader.chunk_size)?;
    let begun = target.begin(&plan).await?;
    let session = UploadSession::new(target.kind(), source.clone(), plan, &begun.state)?;
    if let Some(store) = &uploader.store {
        store.save(&session).await?;
    }
    Ok((session, begun.state, begun.position))
}
