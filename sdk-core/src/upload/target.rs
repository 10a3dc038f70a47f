//! What differs between servers.

use std::future::Future;
use std::num::NonZeroUsize;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::checksum::{Checksum, compare};
use super::part::Part;
use super::plan::{ChunkPlan, Span};
use super::rule::ChunkRule;
use crate::Result;

/// In which order parts may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// One after the other; the server knows an upload by its offset.
    Sequential,
    /// In any order and several at once; the server knows parts by their numbers.
    Numbered {
        /// How many parts are under way at a time at most. Each takes a [`PIECE`](super::PIECE) of memory and the
        /// transport's buffers.
        at_once: NonZeroUsize,
    },
}

/// Where a server that knows an upload by its offset wants to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    offset: u64,
    until: Option<u64>,
}

impl Position {
    /// Everything before `offset` is stored; the plan says how much is sent next.
    pub const fn at(offset: u64) -> Self {
        Self { offset, until: None }
    }

    /// The server itself says where the next part ends, as some do: the first byte behind it.
    #[must_use]
    pub const fn until(mut self, end: u64) -> Self {
        self.until = Some(end);
        self
    }

    pub(super) const fn offset(self) -> u64 {
        self.offset
    }

    /// What to send next; `None` at the source's end, and when the server wants nothing more.
    pub(super) fn span(self, plan: &ChunkPlan) -> Option<Span> {
        let span = plan.span_at(self.offset)?;
        let Some(until) = self.until else { return Some(span) };
        let length = until.min(plan.size()).checked_sub(self.offset).filter(|length| *length > 0)?;
        Some(Span { length, ..span })
    }
}

/// A new session, as a server opened it.
#[derive(Clone, Debug)]
pub struct Begun<S> {
    /// What the target needs to go on, such as a session URL or an upload's id. It is saved with the session.
    pub state: S,
    /// Where the server wants to begin.
    pub position: Position,
}

impl<S> Begun<S> {
    /// A session that begins at the first byte.
    pub const fn new(state: S) -> Self {
        Self { state, position: Position::at(0) }
    }
}

/// A part that a server acknowledged by its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPart {
    /// The part's number, from 1.
    pub number: u64,
    /// What the server gave for it, such as an `ETag`: it is wanted again at the end. Empty if there is nothing.
    pub receipt: String,
}

/// What a server said to one part.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PartAnswer<O> {
    /// [`Order::Sequential`]: go on there, which need not be the part's end.
    Next(Position),
    /// The whole part is stored. For [`Order::Numbered`] with the server's receipt; otherwise it goes on at the part's
    /// end.
    Stored(String),
    /// The upload is complete.
    Done(O),
    /// The server is at another place than the part (409, 416): it is asked where.
    Elsewhere,
    /// The server does not know the session, or no longer (404, 410).
    Gone,
}

/// Where a session stands, as its server says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Standing<O> {
    /// [`Order::Sequential`]: go on there.
    At(Position),
    /// [`Order::Numbered`]: these parts are stored whole; all others are sent again.
    Parts(Vec<StoredPart>),
    /// The upload is complete.
    Done(O),
    /// The server does not know the session, or no longer.
    Gone,
}

/// Everything is stored: what a target needs to say so.
#[derive(Debug)]
pub struct Ending<'a> {
    plan: &'a ChunkPlan,
    parts: &'a [StoredPart],
    checksum: Option<&'a [u8]>,
}

impl<'a> Ending<'a> {
    pub(super) const fn new(plan: &'a ChunkPlan, parts: &'a [StoredPart], checksum: Option<&'a [u8]>) -> Self {
        Self { plan, parts, checksum }
    }

    /// How the source was cut.
    pub const fn plan(&self) -> &'a ChunkPlan {
        self.plan
    }

    /// Every part by its number, in order; empty for [`Order::Sequential`].
    pub const fn parts(&self) -> &'a [StoredPart] {
        self.parts
    }

    /// The checksum of the whole source, when the target asks for one.
    pub const fn checksum(&self) -> Option<&'a [u8]> {
        self.checksum
    }

    /// Compares the checksum that the server reports with ours, if there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Integrity`](crate::ErrorKind::Integrity) with both sums.
    pub fn verify(&self, reported: &[u8]) -> Result<()> {
        let Some(ours) = self.checksum else { return Ok(()) };
        compare(format_args!("the upload of {} bytes", self.plan.size()), ours, reported)
    }
}

/// A server that takes a source in parts, written once per vendor.
///
/// The calls go through a [`Client`](crate::Client), whose pipeline retries what is safe to repeat. Declare the operation
/// that sends a part as [`Unsafe`](crate::Safety::Unsafe) when the server knows the upload by its offset: after an
/// unknown outcome the engine asks [`locate`](Self::locate), where a retry would send bytes that are stored already. One
/// that sends a numbered part is idempotent.
///
/// A failure that [may pass](crate::Error::is_retryable) is followed by a wait, `locate`, and going on from there; any
/// other ends the run and leaves the session to be resumed, save [`ErrorKind::Integrity`](crate::ErrorKind::Integrity),
/// which aborts it.
pub trait UploadTarget: Send + Sync + 'static {
    /// What the target needs to go on with a session, in another process too. Saved, never logged: it often holds a URL
    /// that is as good as a credential.
    type State: Serialize + DeserializeOwned + Send + Sync;
    /// What a complete upload gives, such as the new asset's id.
    type Output: Send;

    /// A name for this kind of upload, such as `youtube.videos`. A session of one kind is not resumed as another.
    fn kind(&self) -> &'static str;

    /// The sizes that the server accepts.
    fn rule(&self) -> ChunkRule;

    /// In which order parts may be sent. Default: one after the other.
    fn order(&self) -> Order {
        Order::Sequential
    }

    /// The algorithm of [`Part::checksum`], if the server wants one. The part is then read twice.
    fn part_checksum(&self) -> Option<Box<dyn Checksum>> {
        None
    }

    /// The algorithm of [`Ending::checksum`], if the server wants one. It is computed while the parts are read; what an
    /// earlier process sent is read again for it.
    fn source_checksum(&self) -> Option<Box<dyn Checksum>> {
        None
    }

    /// Opens a session for a source that is cut in this way. A failure ends the run.
    fn begin(&self, plan: &ChunkPlan) -> impl Future<Output = Result<Begun<Self::State>>> + Send;

    /// Asks where the session stands. A target that can find a completed upload in another way when its session is gone
    /// does so here, and answers [`Standing::Done`].
    fn locate(
        &self,
        state: &Self::State,
        plan: &ChunkPlan,
    ) -> impl Future<Output = Result<Standing<Self::Output>>> + Send;

    /// Sends one part.
    fn send(&self, state: &Self::State, part: &Part) -> impl Future<Output = Result<PartAnswer<Self::Output>>> + Send;

    /// Ends the session when everything is stored and no answer to a part was [`PartAnswer::Done`]. After a failure that
    /// may pass it is called again, unless `locate` finds the upload complete.
    fn finish(&self, state: &Self::State, ending: &Ending<'_>) -> impl Future<Output = Result<Self::Output>> + Send;

    /// Gives the session up at the server. A session that is gone already is no failure.
    fn abort(&self, state: &Self::State) -> impl Future<Output = Result<()>> + Send;
}
