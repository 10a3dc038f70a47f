//! One pool for each limit of Meta's, shared by all products and all replicas.
//!
//! The truth of a pool is its row in `shared.ads_pool`: what is used in the window of time, what is lent to which replica,
//! who waits there. A replica reports and borrows in one exchange for all its pools, and calls take what it borrowed
//! without asking anybody. Under pressure just those calls get units whose turn it is; with room to spare some are lent
//! ahead, so that few calls need an exchange.

mod desk;
mod exchange;
mod keeper;
mod ledger;
mod report;
mod share;
mod store;
mod till;
mod window;

pub use keeper::SharedPools;
pub use report::{PoolUse, ProductPart};

/// The weight of a product for which none is set.
pub const DEFAULT_WEIGHT: u32 = 100;
