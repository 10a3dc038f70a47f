//! The SQL of attribution, one file for each part.

pub(super) mod capture;
pub(super) mod lifetime;
pub(super) mod path;
pub(super) mod report;
pub(super) mod rules;
pub(super) mod settle;
