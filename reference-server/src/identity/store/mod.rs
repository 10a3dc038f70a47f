//! All SQL of identity.

pub(super) mod entitlements;
pub(super) mod persons;
pub(super) mod users;
