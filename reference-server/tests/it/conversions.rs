//! Conversions for Meta, against its simulator.

mod forwarding;
mod hub;
mod paths;
mod sending;
mod switching;
mod taking;
