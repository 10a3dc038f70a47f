//! Several parts at a time, to a server that knows them by their numbers.

use std::num::NonZeroUsize;

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::run::{Run, Step};
use super::sequential::{passing, wrong_answer};
use super::target::{PartAnswer, Standing, StoredPart, UploadTarget};
use crate::Result;
use crate::error::{Error, ErrorKind};

impl<T: UploadTarget> Run<'_, T> {
    pub(super) async fn numbered(&mut self, at_once: NonZeroUsize) -> Result<Step<T::Output>> {
        if self.position.take().is_none() {
            match self.wire.target.locate(&self.wire.state, self.session.plan()).await? {
                Standing::Parts(parts) => self.replace_parts(parts)?,
                Standing::Done(output) => return Ok(Step::Done(output)),
                Standing::Gone => return Ok(Step::Gone),
                Standing::At(_) => return Err(wrong_answer("an offset", "numbered")),
            }
        }
        self.acknowledged().await?;
        match self.send_missing(at_once).await? {
            true => self.finish().await,
            false => Ok(Step::Gone),
        }
    }

    /// Sends what is not acknowledged yet; `false` says that the server lost the session.
    async fn send_missing(&mut self, at_once: NonZeroUsize) -> Result<bool> {
        let plan = *self.session.plan();
        let known = self.session.clone();
        let mut missing = plan.spans().filter(|span| !known.has_part(span.number));
        // What is sent borrows the wire, so that each answer can be noted in the session meanwhile.
        let Self { wire, session, uploader, meter, .. } = self;
        let wire = &*wire;
        let send = |span| async move { (span, wire.send(span, plan.size()).await) };
        let mut under_way: FuturesUnordered<_> = missing.by_ref().take(at_once.get()).map(send).collect();
        let mut failure = None;
        while let Some((span, answer)) = under_way.next().await {
            match answer {
                Ok(PartAnswer::Stored(receipt)) => {
                    session.add_part(StoredPart { number: span.number, receipt });
                    if let Some(store) = &uploader.store {
                        store.save(session).await?;
                    }
                    meter.stored(session.stored());
                }
                Ok(PartAnswer::Gone) => return Ok(false),
                Ok(PartAnswer::Elsewhere) => failure = Some(passing("the server did not take a part at this place")),
                Ok(PartAnswer::Next(_)) => return Err(wrong_answer("an offset", "numbered")),
                Ok(PartAnswer::Done(_)) => return Err(wrong_answer("the end after a part", "numbered")),
                // The parts beside it are nearly there, and what they carried would be sent again.
                Err(error) if error.is_retryable() => failure = Some(error),
                Err(error) => return Err(error),
            }
            if failure.is_none() {
                under_way.extend(missing.next().map(send));
            }
        }
        failure.map_or(Ok(true), Err)
    }

    /// Takes the server's list for the truth.
    fn replace_parts(&mut self, parts: Vec<StoredPart>) -> Result<()> {
        self.session.clear_parts();
        for part in parts {
            if self.session.plan().span(part.number).is_none() {
                let problem = format!("the server has a part {} that the upload does not have", part.number);
                return Err(Error::new(ErrorKind::Integrity, problem));
            }
            self.session.add_part(part);
        }
        Ok(())
    }
}
