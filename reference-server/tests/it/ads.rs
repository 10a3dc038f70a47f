//! Advertising through the hub.

mod hub;
mod pool;
mod publishing;
mod replicas;
