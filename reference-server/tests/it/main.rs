//! Tests of the server through its public interfaces, against a real PostgreSQL.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails there; helpers are tests too")]

mod ads;
mod assets;
mod attribution;
mod audiences;
mod auth;
mod consents;
mod conversions;
mod crash;
mod embedded;
mod entitlements;
mod events_once;
mod events_read;
mod events_write;
mod hostile;
mod jobs;
mod keys;
mod leads;
mod migrate;
mod operations;
mod persons;
mod pooler;
mod rls;
mod seed;
mod signed_calls;
mod support;
mod users;
