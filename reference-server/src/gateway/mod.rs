//! Who may call: API keys, and the credentials of every request.

mod authenticator;
mod jwt;
mod key;
mod routes;
mod service;
mod store;

pub use authenticator::Authenticator;
pub use jwt::{JwtSettings, JwtVerifier};
pub use key::KeyHasher;
pub use routes::routes;
pub use service::Keys;
pub(crate) use service::{check_name, check_scopes};
