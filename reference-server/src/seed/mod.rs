//! Realistic data of the family of products, the same on every machine: 2,000 users with several products each, their
//! entitlements, files, persons and links, and 50,000 events over 90 days, from first page to subscription.
//!
//! Everything is a function of the day on which it happens, ids included. So a second run finds everything there, and
//! a run on a later day adds only the days between. The products themselves come with the migrations.

mod assets;
mod calendar;
mod catalog;
mod people;
mod random;
mod rows;
mod store;
mod story;
mod visit;

use chrono::{Datelike, NaiveDate};

use crate::kernel::db::Db;
use crate::kernel::problem::{Problem, Result};
use calendar::{Day, EVENT_DAYS};
use people::People;
use rows::EventRow;

/// Years that the end of the seeded time may lie in.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// What the seed did to one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableReport {
    /// The table.
    pub table: &'static str,
    /// Rows that are new.
    pub inserted: usize,
    /// Rows that were there already.
    pub unchanged: usize,
}

/// Fills the tables with what happened before the start (UTC) of this day. The migrations must be applied.
///
/// # Errors
/// 400 for a day outside of the years 2000 to 2100; otherwise what the database refuses. A run that was cut off is
/// completed by the next.
pub async fn run(db: &Db, until: NaiveDate) -> Result<Vec<TableReport>> {
    if !YEARS.contains(&until.year()) {
        return Err(Problem::bad_request("date_out_of_range", "the day must lie in the years 2000 to 2100"));
    }
    let until = Day::of(until);
    let first = until.before(EVENT_DAYS);
    let people = People::before(until);
    store::make_partitions(db, first.date(), until.before(1).date()).await?;
    let events: Vec<EventRow> = (first.0..until.0).flat_map(|day| story::events(&people, Day(day))).collect();
    Ok(vec![
        store::insert(db, &rows::users(&people)).await?,
        store::insert(db, &rows::entitlements(&people, until)).await?,
        store::insert(db, &assets::assets(&people, until)).await?,
        store::insert(db, &rows::persons(&people, until)).await?,
        store::insert(db, &rows::links(&people, until)).await?,
        store::insert(db, &events).await?,
    ])
}
