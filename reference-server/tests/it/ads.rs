//! Advertising through the hub.

mod hub;
mod performance;
mod pool;
mod pool_kills;
mod publishing;
mod replicas;
