//! Jobs: work that is kept until it is done, for every product and for the server itself.
//!
//! A job is put into the queue by [`enqueue`] inside the transaction of the change that causes it. It is claimed for the length of
//! a lease, each product in its turn, by the server's own [`Workers`] or, over HTTP, by a product's. See docs/guides/jobs.md and
//! docs/adr/0008-jobs-of-our-own.md.

mod clean_up;
mod cron;
mod handler;
mod limits;
mod metrics;
mod new;
mod routes;
mod run;
mod schedules;
mod service;
mod store;
mod upkeep;
mod wakes;
mod work;
mod workers;

pub use clean_up::CleanUp;
pub use handler::{Handler, JobContext, JobError, Policy};
pub use new::NewJob;
pub use routes::routes;
pub use run::{JobSettings, run};
pub use service::{Jobs, enqueue};
pub use wakes::Wakes;
pub use workers::{Workers, WorkersBuilder};
