//! Advertising through the hub.

mod hub;
mod performance;
mod pool;
mod publishing;
mod replicas;
