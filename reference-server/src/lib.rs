//! The reference server of the ACD platform: the shared tables on PostgreSQL under row security, and the API over them.
//!
//! [`app`] is where everything joins; [`kernel`] is what the domains stand on; each domain is a module of its own.

pub mod ads;
pub mod app;
pub mod assets;
pub mod cli;
pub mod config;
pub mod demo;
pub mod events;
pub mod gateway;
pub mod identity;
pub mod jobs;
pub mod kernel;
pub mod privacy;
pub mod security;
pub mod seed;
pub mod webhooks;
