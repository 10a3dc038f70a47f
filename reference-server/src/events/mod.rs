//! Events: taken in by Segment's tracking API, stored once each, and read back.

mod accept;
mod context;
mod import;
mod own;
mod query;
mod row;
mod scan;
mod stamp;
mod store;
mod told;
mod track;
mod underway;
mod writer;

pub(crate) use accept::check_json;
pub use import::{ImportReport, import};
pub(crate) use query::actors;
pub use query::routes as query_routes;
pub(crate) use query::{named_between, timeline};
pub(crate) use stamp::floor;
pub use store::ensure_partitions;
pub(crate) use store::{PastTrack, past_tracks};
pub use track::routes as track_routes;
pub(crate) use track::{body_limit, cors};
pub(crate) use underway::underway_since;
pub use writer::Writer;
