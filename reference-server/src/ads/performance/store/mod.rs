//! The SQL of what ads did.

pub(super) mod account;
pub(super) mod assets;
pub(super) mod changes;
pub(super) mod daily;
pub(super) mod objects;
pub(in crate::ads) mod own;
pub(super) mod reads;
pub(super) mod winners;
