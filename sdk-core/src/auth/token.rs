//! An access token with what renews it.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// An OAuth token as a service gave it ([RFC 6749 section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
#[derive(Clone, Debug)]
pub struct Token {
    access: Secret,
    refresh: Option<Secret>,
    expires_at: Option<SystemTime>,
}

impl Token {
    /// An access token that does not expire and cannot be refreshed until said otherwise.
    pub const fn new(access: Secret) -> Self {
        Self { access, refresh: None, expires_at: None }
    }

    /// Adds the refresh token.
    #[must_use]
    pub fn with_refresh(mut self, refresh: Secret) -> Self {
        self.refresh = Some(refresh);
        self
    }

    /// Sets when the access token expires: the time of the answer plus its `expires_in`.
    #[must_use]
    pub const fn with_expires_at(mut self, at: SystemTime) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// What is sent along with each request.
    pub const fn access(&self) -> &Secret {
        &self.access
    }

    /// What is exchanged for the next token.
    pub const fn refresh(&self) -> Option<&Secret> {
        self.refresh.as_ref()
    }

    /// When the access token expires; `None` if the service did not say.
    pub const fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Whether the access token is of no use at `now`. It is valid before `expires_at` and no longer at it.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// The token as JSON, for a store: `access_token`, `refresh_token` and `expires_at`, in whole seconds since 1970.
    /// Encrypt it where others may read.
    pub fn to_json(&self) -> Secret {
        let since_epoch = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let written = Written {
            access_token: self.access.expose(),
            refresh_token: self.refresh.as_ref().map(Secret::expose),
            expires_at: self.expires_at.map(since_epoch),
        };
        // Strings and a number: writing them cannot fail.
        Secret::new(serde_json::to_string(&written).unwrap_or_default())
    }

    /// Reads what [`to_json`](Self::to_json) wrote. Fields that it does not know are ignored.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when the text is something else. The error does not repeat it.
    pub fn from_json(json: &Secret) -> Result<Self> {
        // Neither the text nor the cause, which quotes it, may be seen.
        let broken =
            |why: String| Error::new(ErrorKind::Credentials, format!("the stored token is not readable: {why}"));
        let read: Read = serde_json::from_str(json.expose())
            .map_err(|cause| broken(format!("line {} column {}", cause.line(), cause.column())))?;
        let expires_at = match read.expires_at {
            None => None,
            Some(seconds) => Some(
                SystemTime::UNIX_EPOCH
                    .checked_add(Duration::from_secs(seconds))
                    .ok_or_else(|| broken(format!("it expires {seconds} s after 1970")))?,
            ),
        };
        Ok(Self { access: Secret::new(read.access_token), refresh: read.refresh_token.map(Secret::new), expires_at })
    }

    /// Whether both are the same access token.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.access.expose().as_bytes().ct_eq(other.access.expose().as_bytes()).into()
    }

    /// Keeps the refresh token of `before` if this answer brought none, as
    /// [RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6) has it.
    pub(super) fn or_refresh_of(mut self, before: Option<&Self>) -> Self {
        if self.refresh.is_none() {
            self.refresh = before.and_then(|token| token.refresh.clone());
        }
        self
    }
}

#[derive(Serialize)]
struct Written<'a> {
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

#[derive(Deserialize)]
struct Read {
    access_token: String,
    refresh_token: Option<String>,
    expires_at: Option<u64>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_token_expires_at_the_very_moment() {
        let token = Token::new(Secret::from("a")).with_expires_at(at(100));
        assert!(!token.is_expired(at(100) - Duration::from_nanos(1)));
        assert!(token.is_expired(at(100)));
        assert!(!Token::new(Secret::from("a")).is_expired(at(u64::from(u32::MAX))));
    }

    #[test]
    fn an_answer_without_a_refresh_token_keeps_the_old_one() {
        let old = Token::new(Secret::from("a1")).with_refresh(Secret::from("r1"));
        let same = Token::new(Secret::from("a2")).or_refresh_of(Some(&old));
        assert_eq!(same.refresh().map(Secret::expose), Some("r1"));
        let rotated = Token::new(Secret::from("a2")).with_refresh(Secret::from("r2")).or_refresh_of(Some(&old));
        assert_eq!(rotated.refresh().map(Secret::expose), Some("r2"));
    }

    #[test]
    fn unreadable_text_is_not_repeated() {
        for bad in ["", "hunter2", r#"{"access_token":7,"x":"hunter2"}"#, r#"{"refresh_token":"hunter2"}"#] {
            let error = Token::from_json(&Secret::from(bad)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        let json = format!(r#"{{"access_token":"a","expires_at":{}}}"#, u64::MAX);
        assert!(Token::from_json(&Secret::from(json)).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            access in ".*", refresh in proptest::option::of(".*"), expires in proptest::option::of(0_u64..1 << 40),
        ) {
            let mut token = Token::new(Secret::new(access));
            token.refresh = refresh.map(Secret::new);
            token.expires_at = expires.map(at);
            let read = Token::from_json(&token.to_json()).unwrap();
            prop_assert!(read.is_same(&token));
            prop_assert_eq!(read.refresh().map(Secret::expose), token.refresh().map(Secret::expose));
            prop_assert_eq!(read.expires_at(), token.expires_at());
        }
    }
}
