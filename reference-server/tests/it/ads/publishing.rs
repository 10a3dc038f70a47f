//! Publications over real HTTP, a real PostgreSQL and a simulated Meta.

mod clean_up;
pub(super) mod images;
mod kills;
mod outcomes;
pub(super) mod support;
mod templates;
mod videos;
