//! What goes wrong between a client and a server, on purpose.

mod body;
mod latency;
mod plan;
mod transport;

pub use latency::Latency;
pub use plan::{Fault, Faults};
pub use transport::{FaultTransport, Injected};
