//! What must not happen: bad requests are refused precisely, good ones beside them are kept, and no secret is logged.

mod away;
mod bodies;
mod credentials;
mod secrets;
