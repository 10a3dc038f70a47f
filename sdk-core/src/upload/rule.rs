//! What a server accepts as parts of an upload, as data.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::plan::ChunkPlan;
use crate::error::{Error, ErrorKind};

/// How a source is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Layout {
    /// Parts have fixed borders. What is left at the end is a shorter part of its own.
    ShortLast,
    /// Parts have fixed borders. What is left at the end joins the last part, which is the longest then.
    LongLast,
    /// Every part is counted from wherever the server is; only the last one is shorter.
    FromOffset,
}

/// The sizes that a server accepts, all in bytes. A plan for a source is made of it by [`plan`](Self::plan).
///
/// ```
/// use acd_core::upload::{ChunkRule, Layout};
///
/// const MIB: u64 = 1 << 20;
/// const OBJECT_STORE: ChunkRule =
///     ChunkRule::new(Layout::ShortLast, 8 * MIB).min(5 * MIB).max(5 << 30).max_parts(10_000).max_size(5 << 40);
///
/// let plan = OBJECT_STORE.plan(20 * MIB, None)?;
/// assert_eq!((plan.chunk_size(), plan.count()), (8 * MIB, 3));
/// # Ok::<(), acd_core::upload::PlanError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkRule {
    layout: Layout,
    default: u64,
    min: u64,
    max: u64,
    max_last: u64,
    multiple_of: u64,
    max_parts: u64,
    max_size: u64,
    whole_up_to: u64,
}

impl ChunkRule {
    /// Parts of `default` bytes, without any limit until one is set.
    ///
    /// # Panics
    /// At compile time when used in a `const`: when `default` is zero. The setters panic alike on a zero, and when
    /// smallest, default and largest part are not in this order.
    pub const fn new(layout: Layout, default: u64) -> Self {
        let any = u64::MAX;
        Self {
            layout,
            default,
            min: 1,
            max: any,
            max_last: any,
            multiple_of: 1,
            max_parts: any,
            max_size: any,
            whole_up_to: 0,
        }
        .checked()
    }

    /// Sets the smallest part. The last one, and a source that is a single part, may be smaller.
    #[must_use]
    pub const fn min(mut self, bytes: u64) -> Self {
        self.min = bytes;
        self.checked()
    }

    /// Sets the largest part.
    #[must_use]
    pub const fn max(mut self, bytes: u64) -> Self {
        self.max = bytes;
        self.checked()
    }

    /// Sets the largest last part, where [`Layout::LongLast`] makes it longer than the others.
    #[must_use]
    pub const fn max_last(mut self, bytes: u64) -> Self {
        self.max_last = bytes;
        self.checked()
    }

    /// Makes every part but the last a multiple of this.
    #[must_use]
    pub const fn multiple_of(mut self, bytes: u64) -> Self {
        self.multiple_of = bytes;
        self.checked()
    }

    /// Sets the largest number of parts; parts grow for the sake of it.
    #[must_use]
    pub const fn max_parts(mut self, count: u64) -> Self {
        self.max_parts = count;
        self.checked()
    }

    /// Sets the largest source.
    #[must_use]
    pub const fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = bytes;
        self.checked()
    }

    /// Sends sources up to this size as one part, unless a part size is asked for.
    #[must_use]
    pub const fn whole_up_to(mut self, bytes: u64) -> Self {
        self.whole_up_to = bytes;
        self.checked()
    }

    const fn checked(self) -> Self {
        assert!(self.min > 0 && self.multiple_of > 0 && self.max_parts > 0, "a chunk rule has no zeros");
        assert!(
            self.min <= self.default && self.default <= self.largest(),
            "a chunk rule's default is within its bounds"
        );
        assert!(self.default.is_multiple_of(self.multiple_of), "a chunk rule's default is a multiple of its unit");
        assert!(self.whole_up_to <= self.max, "a source that goes whole is no larger than the largest part");
        self
    }

    /// The largest part that leaves room for the rest in the last one.
    const fn largest(&self) -> u64 {
        let joined = match self.layout {
            Layout::LongLast => self.max_last / 2 + self.max_last % 2,
            Layout::ShortLast | Layout::FromOffset => u64::MAX,
        };
        if joined < self.max { joined } else { self.max }
    }

    /// Cuts a source of `size` bytes, into parts of about `preferred` bytes if that is asked for: it is brought within
    /// the rule's bounds, and raised when the parts became too many.
    ///
    /// # Errors
    /// When the source is empty or too large, or when its size cannot be cut by this rule at all.
    pub fn plan(&self, size: u64, preferred: Option<u64>) -> Result<ChunkPlan, PlanError> {
        self.check_size(size)?;
        if preferred.is_none() && size <= self.whole_up_to {
            return self.verify(size, size, 1);
        }
        let wanted = preferred.unwrap_or(self.default).clamp(self.min, self.largest());
        let fewest = self.round_up(size.div_ceil(self.max_parts).max(self.min));
        let chunk = (wanted - wanted % self.multiple_of).max(fewest);
        if chunk > self.largest() {
            return Err(PlanError::TooLarge { size, limit: self.largest().saturating_mul(self.max_parts) });
        }
        let chunk = match self.layout {
            Layout::LongLast if size / chunk > 1 => chunk,
            Layout::LongLast if size <= self.max => size,
            // One part with a rest would exceed the largest part: two that are alike do not.
            Layout::LongLast => size / 2 - size / 2 % self.multiple_of,
            Layout::ShortLast | Layout::FromOffset => chunk.min(size),
        };
        self.verify(size, chunk, self.count(size, chunk))
    }

    /// The plan with these numbers, as a server checks what a client declares.
    ///
    /// # Errors
    /// The first number that the rule does not allow.
    pub fn verify(&self, size: u64, chunk_size: u64, count: u64) -> Result<ChunkPlan, PlanError> {
        if size == 0 {
            return Err(PlanError::Empty);
        }
        if chunk_size == 0 || chunk_size > size {
            return Err(PlanError::ChunkSize { chunk_size });
        }
        if count != self.count(size, chunk_size) || count > self.max_parts {
            return Err(PlanError::Count { count });
        }
        let fits = if count == 1 {
            chunk_size == size && size <= self.max
        } else {
            self.min <= chunk_size && chunk_size <= self.max && chunk_size.is_multiple_of(self.multiple_of)
        };
        let plan = ChunkPlan::new(self.layout, size, chunk_size);
        if !fits || plan.last_size() > self.max_last {
            return Err(PlanError::ChunkSize { chunk_size });
        }
        self.check_size(size)?;
        Ok(plan)
    }

    fn check_size(&self, size: u64) -> Result<(), PlanError> {
        match size {
            0 => Err(PlanError::Empty),
            _ if size > self.max_size => Err(PlanError::TooLarge { size, limit: self.max_size }),
            _ => Ok(()),
        }
    }

    fn count(&self, size: u64, chunk: u64) -> u64 {
        match self.layout {
            Layout::LongLast => size / chunk,
            Layout::ShortLast | Layout::FromOffset => size.div_ceil(chunk),
        }
    }

    fn round_up(&self, bytes: u64) -> u64 {
        bytes.checked_next_multiple_of(self.multiple_of).unwrap_or(u64::MAX)
    }
}

/// Why a source cannot be cut as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// There is nothing to upload.
    Empty,
    /// The source is larger than the server takes.
    TooLarge {
        /// The source's size in bytes.
        size: u64,
        /// The largest size that is taken.
        limit: u64,
    },
    /// The parts have a size that the server does not take.
    ChunkSize {
        /// The size in bytes.
        chunk_size: u64,
    },
    /// The number of parts does not follow from the sizes, or is too large.
    Count {
        /// The number.
        count: u64,
    },
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the source is empty: there is nothing to upload"),
            Self::TooLarge { size, limit } => {
                write!(f, "the source has {size} bytes, and the server takes {limit} at most")
            }
            Self::ChunkSize { chunk_size } => write!(f, "the server does not take parts of {chunk_size} bytes"),
            Self::Count { count } => write!(f, "the server does not take this source in {count} parts"),
        }
    }
}

impl std::error::Error for PlanError {}

impl From<PlanError> for Error {
    fn from(problem: PlanError) -> Self {
        Self::new(ErrorKind::Request, problem.to_string()).with_source(problem)
    }
}
