//! What the runnable examples in `examples/` share: where the server is, and what went wrong.

use std::env;
use std::error::Error as StdError;
use std::process::ExitCode;

use acd_sdk::prelude::{Error, ErrorKind, Secret};

mod meta;

/// The code of the guides compiles, and what runs without an account runs.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guides/meta.md")]
mod guide {}

pub use meta::Meta;

/// Where the server is and with which key.
#[derive(Debug)]
pub struct Settings {
    /// The server's URL: `ACD_URL`, or where `acd serve` listens.
    pub url: String,
    /// The API key: `ACD_KEY`.
    pub key: Secret,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// When there is no key; the message says how to make one with this scope.
    pub fn from_env(scopes: &[&str]) -> Result<Self, String> {
        let key = env::var("ACD_KEY").map_err(|_| {
            let scopes: String = scopes.iter().map(|scope| format!(" --scope {scope}")).collect();
            format!("set ACD_KEY to an API key; make one with: acd keys create --product pct{scopes}")
        })?;
        let url = env::var("ACD_URL").unwrap_or_else(|_| "http://127.0.0.1:4400".to_owned());
        Ok(Self { url, key: Secret::new(key) })
    }
}

/// Ends an example: prints what went wrong, if anything, and what to do about it.
pub fn report(outcome: Result<(), Box<dyn StdError>>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    eprintln!("{error}");
    if let Some(error) = error.downcast_ref::<Error>() {
        eprintln!("{}", remedy(error));
    }
    ExitCode::FAILURE
}

fn remedy(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Connect => "No server answers there: start one with `acd serve`, or set ACD_URL.",
        ErrorKind::Unauthenticated => "The server does not know the key: make one with `acd keys create`, set ACD_KEY.",
        ErrorKind::Forbidden => "The key may not do this: make one with the scope that the message names.",
        ErrorKind::NotFound => "There is no such thing, or it is another product's.",
        _ if error.is_retryable() => "This may pass: try again.",
        _ => "The request itself is refused.",
    }
}
