//! Publications over real HTTP, a real PostgreSQL and a simulated Meta.

mod images;
mod kills;
mod outcomes;
mod support;
mod templates;
