//! What ads did, kept and served, against a simulated Meta whose time is moved.

mod assets;
mod cache;
mod outside;
mod support;
mod sync;
mod winners;
