//! Advertising through the hub.

mod pool;
mod replicas;
