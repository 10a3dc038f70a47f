//! What the tests share.

pub(crate) mod app;
pub(crate) mod clock;
pub(crate) mod cluster;
pub(crate) mod http;
pub(crate) mod log;
pub(crate) mod pooler;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod wait;
