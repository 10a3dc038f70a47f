//! The SQL of publications.

pub(super) mod items;
pub(super) mod media;
pub(super) mod publications;
pub(super) mod templates;
pub(super) mod videos;
