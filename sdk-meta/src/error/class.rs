//! What an error calls for.

/// What Meta's error calls for. Meta's own `type` says `OAuthException` for nearly everything, so that it decides nothing.
///
/// New classes may be added: keep a wildcard arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The token, its session or its proof is not valid: get another one.
    Auth,
    /// The token, the app or the person may not do this.
    Permission,
    /// Blocked for what was done or said before: no automatic retry, as each one makes it worse.
    Policy,
    /// There is no such object, or the token may not see it.
    NotFound,
    /// The version of the API is too old: upgrade.
    Version,
    /// The call is wrong as it is.
    Validation,
    /// The audience is in a state in which this cannot be done.
    Audience,
    /// Too many calls: nothing was done, and everything waits.
    Throttle,
    /// A cap on one thing, such as the budget changes of one ad set: only that waits, often for hours.
    Quota,
    /// It may pass by itself.
    Transient,
    /// The answer is too large or too slow to make: ask for less.
    Shrink,
    /// A chunk of a video has to be sent from another place on.
    Upload,
    /// Instagram still works on the media: ask again later.
    NotReady,
    /// Instagram lost the container: make another one.
    Container,
    /// A code that is in no table: the status decides.
    Unknown,
}

impl ErrorClass {
    /// The name in snake case, for logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Permission => "permission",
            Self::Policy => "policy",
            Self::NotFound => "not_found",
            Self::Version => "version",
            Self::Validation => "validation",
            Self::Audience => "audience",
            Self::Throttle => "throttle",
            Self::Quota => "quota",
            Self::Transient => "transient",
            Self::Shrink => "shrink",
            Self::Upload => "upload",
            Self::NotReady => "not_ready",
            Self::Container => "container",
            Self::Unknown => "unknown",
        }
    }

    /// Whether Meta refused before it did anything. After the others the outcome is not known.
    pub(crate) const fn is_refusal(self) -> bool {
        !matches!(self, Self::Transient | Self::Shrink | Self::Upload | Self::Container | Self::Unknown)
    }
}
