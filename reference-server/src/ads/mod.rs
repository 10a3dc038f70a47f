//! Advertising: Meta's ad accounts, shared by the products.

pub mod pool;
