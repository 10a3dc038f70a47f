//! What is kept of an upload under way.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plan::ChunkPlan;
use super::source::Fingerprint;
use super::target::StoredPart;
use crate::Result;
use crate::error::{Error, ErrorKind};

/// The form that this version writes.
const VERSION: u32 = 1;

/// An upload under way, as it is saved after each acknowledged part. It serialises to JSON of a few hundred bytes, and
/// about a hundred more for each numbered part.
///
/// Keep it as a secret: what a target stores in it is often a URL that lets whoever holds it write. `Debug` leaves that
/// out.
#[derive(Clone, Serialize, Deserialize)]
pub struct UploadSession {
    version: u32,
    kind: String,
    source: Fingerprint,
    plan: ChunkPlan,
    state: Value,
    offset: u64,
    parts: Vec<StoredPart>,
    ending: bool,
}

impl UploadSession {
    pub(super) fn new(kind: &str, source: Fingerprint, plan: ChunkPlan, state: &impl Serialize) -> Result<Self> {
        let state = serde_json::to_value(state).map_err(|cause| {
            Error::new(ErrorKind::Configuration, "the target's state cannot be written as JSON").with_source(cause)
        })?;
        let kind = kind.to_owned();
        Ok(Self { version: VERSION, kind, source, plan, state, offset: 0, parts: Vec::new(), ending: false })
    }

    /// The kind of upload, as its target names it.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The source as it was when the upload began.
    pub fn source(&self) -> &Fingerprint {
        &self.source
    }

    /// How the source is cut.
    pub fn plan(&self) -> &ChunkPlan {
        &self.plan
    }

    /// How many bytes the server has acknowledged.
    pub fn stored(&self) -> u64 {
        let parts = self.parts.iter().filter_map(|part| self.plan.span(part.number));
        parts.fold(self.offset, |sum, span| sum.saturating_add(span.length))
    }

    /// The target's state, unless the session is another target's or another source's.
    pub(super) fn reopen<S: DeserializeOwned>(&self, kind: &str, source: &Fingerprint) -> Result<S> {
        if self.version != VERSION || self.kind != kind {
            let Self { version, kind: ours, .. } = self;
            let what = format!("the saved session is one of {ours} in form {version}, not of {kind} in form {VERSION}");
            return Err(Error::new(ErrorKind::Configuration, format!("{what}: keep one store for each upload")));
        }
        if self.source != *source {
            let (then, now) = (self.source.size, source.size);
            let sizes = if then == now { format!("{now} bytes, as then") } else { format!("{now} bytes, {then} then") };
            return Err(Error::new(
                ErrorKind::Integrity,
                format!("the source changed since its upload began ({sizes}): abort the upload, then begin it anew"),
            ));
        }
        S::deserialize(&self.state).map_err(|cause| {
            Error::new(ErrorKind::Decode, "the saved session is not one that this target can read").with_source(cause)
        })
    }

    /// Whether everything was on its way once, so that the upload may be complete without our knowing.
    pub(super) fn is_ending(&self) -> bool {
        self.ending
    }

    pub(super) fn set_ending(&mut self, ending: bool) {
        self.ending = ending;
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn set_offset(&mut self, offset: u64) {
        self.offset = offset;
    }

    pub(super) fn parts(&self) -> &[StoredPart] {
        &self.parts
    }

    pub(super) fn has_part(&self, number: u64) -> bool {
        self.parts.binary_search_by_key(&number, |part| part.number).is_ok()
    }

    /// Adds a part, in order and once.
    pub(super) fn add_part(&mut self, part: StoredPart) {
        match self.parts.binary_search_by_key(&part.number, |known| known.number) {
            Ok(at) => self.parts.splice(at..=at, [part]).for_each(drop),
            Err(at) => self.parts.insert(at, part),
        }
    }

    pub(super) fn clear_parts(&mut self) {
        self.parts.clear();
    }
}

impl fmt::Debug for UploadSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadSession")
            .field("kind", &self.kind)
            .field("source", &self.source)
            .field("plan", &self.plan)
            .field("stored", &self.stored())
            .finish_non_exhaustive()
    }
}
