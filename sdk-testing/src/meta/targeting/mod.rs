//! Who can be reached: searching for what targetings are made of, checking it, and estimating how many people it finds.

mod catalogue;
mod estimate;
mod search;

pub(super) use catalogue::catalogue;
pub(super) use estimate::{delivery, reach};
pub(super) use search::{detailed, search};
