//! Meta: calls by their operation, and what `acd-meta` does besides.

mod batch;
mod client;
mod conversions;
mod users;

pub use client::MetaClient;
pub use users::{hash_users, normalize_currency, normalize_user_value, user_keys};
