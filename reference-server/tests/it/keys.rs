//! API keys over HTTP.

mod life;
mod making;
