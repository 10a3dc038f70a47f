//! What every domain stands on. Knows none of them.

pub mod believed;
pub mod call;
pub mod check;
pub mod client;
pub mod clock;
pub mod conn;
pub mod db;
pub mod embedded;
pub mod extract;
pub mod fetch;
pub mod group;
pub mod idempotency;
pub mod migrate;
pub mod observe;
pub mod openapi;
pub mod outbox;
pub mod paging;
pub mod principal;
pub mod problem;
pub mod request_id;
pub mod route;
