//! Publications over real HTTP, a real PostgreSQL and a simulated Meta.

mod kills;
mod outcomes;
mod support;
mod templates;
