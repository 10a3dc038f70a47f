//! Why a signed request was not accepted.

use std::borrow::Cow;
use std::fmt;

use crate::error::Error;

/// Why a signed request was not accepted: for the server's own log. What the sender is told should not depend on it, but
/// for [`is_unavailable`](Self::is_unavailable), as each difference helps whoever tries forgeries.
#[derive(Debug)]
#[non_exhaustive]
pub enum VerifyError {
    /// There is no signature that is meant for calls between services.
    Unsigned,
    /// The signature's fields, or the request they cover, cannot be read in exactly one way.
    Malformed(Cow<'static, str>),
    /// The signature is of the right kind but leaves out something that the profile demands.
    Incomplete(Cow<'static, str>),
    /// The request is for another host than the ones expected here.
    WrongAuthority,
    /// The signature's times do not allow it now.
    Untimely(&'static str),
    /// No key is valid under the id that the signature names.
    UnknownKey,
    /// The signature claims another algorithm than its key has.
    WrongAlgorithm,
    /// The signature is not of this request, or not by this key.
    WrongSignature,
    /// The body is not the one that was signed.
    WrongDigest,
    /// The same signature was accepted before.
    Replayed,
    /// The keys or the nonces could not be looked up. The same request may be accepted later.
    Unavailable {
        /// What is away: `the keys` or `the nonces`.
        what: &'static str,
        /// Why.
        source: Error,
    },
}

impl VerifyError {
    /// Whether the fault is on this side: answer 503 then, and 401 otherwise.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// The name of the reason, in snake case, for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Malformed(_) => "malformed",
            Self::Incomplete(_) => "incomplete",
            Self::WrongAuthority => "wrong_authority",
            Self::Untimely(_) => "untimely",
            Self::UnknownKey => "unknown_key",
            Self::WrongAlgorithm => "wrong_algorithm",
            Self::WrongSignature => "wrong_signature",
            Self::WrongDigest => "wrong_digest",
            Self::Replayed => "replayed",
            Self::Unavailable { .. } => "unavailable",
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => f.write_str("the request has no signature with the tag `sdk-internal`"),
            Self::Malformed(why) | Self::Incomplete(why) => f.write_str(why),
            Self::WrongAuthority => f.write_str("the request was signed for another host"),
            Self::Untimely(why) => f.write_str(why),
            Self::UnknownKey => f.write_str("no key is valid under the signature's keyid"),
            Self::WrongAlgorithm => f.write_str("the signature claims another algorithm than its key has"),
            Self::WrongSignature => f.write_str("the signature is not of this request or not by its key"),
            Self::WrongDigest => f.write_str("the body does not match its Content-Digest"),
            Self::Replayed => f.write_str("the signature's nonce was used before"),
            Self::Unavailable { what, .. } => write!(f, "{what} cannot be looked up now, so the request is refused"),
        }
    }
}

impl std::error::Error for VerifyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unavailable { source, .. } => Some(source),
            _ => None,
        }
    }
}
