//! Jobs: the queue, those who work on it, and what time does.

mod claiming;
mod command_line;
mod kills;
mod limits;
mod plans;
mod queue;
mod rules;
mod schedules;
mod support;
mod workers;
