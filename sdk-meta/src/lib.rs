#![doc = include_str!("../README.md")]

mod access;
mod call;
mod client;
mod config;
mod error;
mod hex;
mod version;

pub mod tokens;

pub use call::MetaCall;
pub use client::MetaClient;
pub use config::MetaClientBuilder;
pub use error::{Error, ErrorKind, Result};
pub use version::{GraphVersion, VersionError};

/// Every call of this crate with its safety, cost and limit pools.
pub fn operations() -> impl Iterator<Item = acd_core::Operation> {
    let modules = [tokens::OPERATIONS];
    modules.into_iter().flatten().copied()
}

#[cfg(test)]
mod testing;
