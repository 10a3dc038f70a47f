//! Advertising through the hub.

mod hub;
mod pool;
mod replicas;
