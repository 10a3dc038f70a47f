#![doc = include_str!("../README.md")]

mod cassette;
mod check;
mod fault;
#[cfg(feature = "meta")]
mod meta;

#[doc(inline)]
pub use acd_core::testing::*;
pub use cassette::{Cassette, Order, Recorder, Replay, Sanitiser};
pub use check::{ErrorCheck, RequestCheck, Requests, check_error};
pub use fault::{Fault, FaultTransport, Faults, Injected, Latency};
#[cfg(feature = "meta")]
pub use meta::{
    MetaChange, MetaDelivery, MetaDeliveryState, MetaEffect, MetaExchange, MetaFault, MetaSimulator,
    MetaSimulatorBuilder, MetaTier, MetaWorld,
};
