//! What survives: a killed server, a killed database, two servers that start at once, one that is asked to stop.

mod killed;
mod starting;
mod stopping;
