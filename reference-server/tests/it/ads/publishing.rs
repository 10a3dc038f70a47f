//! Publications over real HTTP, a real PostgreSQL and a simulated Meta.

pub(super) mod images;
mod kills;
mod outcomes;
pub(super) mod support;
mod templates;
mod videos;
