//! Advertising through the hub.

mod clean_up;
mod hub;
mod journeys;
mod performance;
mod pool;
mod pool_kills;
mod publishing;
mod replicas;
