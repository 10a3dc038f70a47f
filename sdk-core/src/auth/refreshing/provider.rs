//! How a service renews a token.

use std::future::{Future, ready};

use super::super::Token;
use crate::Result;
use crate::error::{Error, ErrorKind};

/// Knows a service's token endpoint.
///
/// It is called by one task at a time, which drops it after two minutes. Make the call with a
/// [`Client`](crate::Client) and an operation that is [`Safety::Unsafe`](crate::Safety::Unsafe) when the service rotates
/// refresh tokens: a repeat would come with a spent one. Name the secrets that travel in its body with
/// [`CallBuilder::hide`](crate::CallBuilder::hide).
pub trait TokenProvider: Send + Sync + 'static {
    /// Exchanges the token for the next one. When the service gives no new refresh token, the old one is kept.
    ///
    /// # Errors
    /// That of the call. The code `invalid_grant`
    /// ([RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)) ends the authorisation; so does an
    /// [`ErrorKind::Credentials`] that is not retryable, for services that say it in another way.
    fn refresh(&self, current: &Token) -> impl Future<Output = Result<Token>> + Send;

    /// Obtains a token when the store has none, as a client with credentials of its own can. The default cannot: a person
    /// has to connect the account.
    ///
    /// # Errors
    /// That of the call.
    fn obtain(&self) -> impl Future<Output = Result<Token>> + Send {
        ready(Err(Error::new(
            ErrorKind::Credentials,
            "the token store is empty: connect the account and save its token there",
        )))
    }
}
