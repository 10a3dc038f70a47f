//! All SQL of jobs.

pub(super) mod claim;
pub(super) mod insert;
pub(super) mod limits;
pub(super) mod queues;
pub(super) mod read;
mod row;
pub(super) mod schedules;
pub(super) mod settle;
pub(super) mod upkeep;

pub(super) use row::{COLUMNS, JobRow};
