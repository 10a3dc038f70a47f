//! JWTs: whose signature is believed, what a token must say, and what its bearer then sees.

mod claims;
mod issuer;
mod token;
mod trust;
