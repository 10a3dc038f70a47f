//! One part after the other, to a server that knows the upload by its offset.

use super::run::{Run, Step};
use super::target::{PartAnswer, Position, Standing, UploadTarget};
use crate::Result;
use crate::error::{Error, ErrorKind};

impl<T: UploadTarget> Run<'_, T> {
    pub(super) async fn sequential(&mut self) -> Result<Step<T::Output>> {
        let total = self.session.plan().size();
        let mut position = match self.position.take() {
            Some(position) => position,
            None => match self.wire.target.locate(&self.wire.state, self.session.plan()).await? {
                Standing::At(position) => position,
                Standing::Done(output) => return Ok(Step::Done(output)),
                Standing::Gone => return Ok(Step::Gone),
                Standing::Parts(_) => return Err(wrong_answer("a list of numbered parts", "sequential")),
            },
        };
        loop {
            let offset = position.offset();
            if offset > total {
                let problem = format!("the server says that it has {offset} bytes of a source of {total}");
                return Err(Error::new(ErrorKind::Integrity, problem));
            }
            self.session.set_offset(offset);
            if offset < total {
                // The server has just said that something is missing.
                self.session.set_ending(false);
            }
            self.acknowledged().await?;
            let Some(span) = position.span(self.session.plan()) else { break };
            self.sum_up_to(offset).await?;
            if span.end() == total {
                self.prepare_end().await?;
            }
            position = match self.wire.send(span, total).await? {
                PartAnswer::Next(next) if next.offset() > offset => next,
                PartAnswer::Next(_) => return Err(passing("the server took a part and stored nothing of it")),
                PartAnswer::Stored(_) => Position::at(span.end()),
                PartAnswer::Done(output) if span.end() == total => return Ok(Step::Done(output)),
                PartAnswer::Done(_) => {
                    let problem = format!("the server ended the upload after {} of {total} bytes", span.end());
                    return Err(Error::new(ErrorKind::Integrity, problem));
                }
                PartAnswer::Elsewhere => {
                    return Err(passing("the server is at another place than the part that was sent"));
                }
                PartAnswer::Gone => {
                    // Nothing came after the place that the server named last, and this part it did not take.
                    self.session.set_ending(false);
                    return Ok(Step::Gone);
                }
            };
        }
        if self.session.offset() < total {
            let problem = format!("the server wants nothing after {} of {total} bytes", self.session.offset());
            return Err(Error::new(ErrorKind::Integrity, problem));
        }
        self.finish().await
    }
}

/// The server's state was not what it was taken for, which asking it cures.
pub(super) fn passing(problem: &'static str) -> Error {
    Error::new(ErrorKind::Conflict, problem).with_retryable(true)
}

pub(super) fn wrong_answer(answer: &str, order: &str) -> Error {
    let problem = format!("the upload's target answers with {answer}, but says that its order is {order}");
    Error::new(ErrorKind::Configuration, problem)
}
