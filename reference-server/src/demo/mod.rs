//! `acd demo`: the story of two products that share a person, and of an ad that sells in another product, told with real processes and measured as it happens.

mod ads;
mod meta;
mod server;
mod story;
mod traffic;
mod view;

pub use story::{Outcome, run};
