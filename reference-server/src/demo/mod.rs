//! `acd demo`: the story of two products that share a person, told with real processes and measured as it happens.

mod server;
mod story;
mod traffic;
mod view;

pub use story::{Outcome, run};
