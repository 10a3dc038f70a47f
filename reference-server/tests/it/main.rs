//! Tests of the server through its public interfaces, against a real PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails there; helpers are tests too")]

mod embedded;
mod migrate;
mod rls;
mod support;
