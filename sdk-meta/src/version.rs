//! Versions of the Graph API.

use std::fmt;
use std::str::FromStr;

/// A version of the Graph API, such as `v26.0`. A version lives for about two years, on the Marketing API for about one
/// ([changelog](https://developers.facebook.com/docs/graph-api/changelog), read 2026-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GraphVersion {
    major: u16,
    minor: u16,
}

impl GraphVersion {
    /// Released on 2026-07-29: the default.
    pub const V26: Self = Self { major: 26, minor: 0 };
    /// Released on 2026-02-18.
    pub const V25: Self = Self { major: 25, minor: 0 };
    /// Released on 2025-10-08.
    pub const V24: Self = Self { major: 24, minor: 0 };
    /// Released on 2025-05-29.
    pub const V23: Self = Self { major: 23, minor: 0 };
    /// Released on 2025-01-21.
    pub const V22: Self = Self { major: 22, minor: 0 };

    /// Another version than those named here.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl Default for GraphVersion {
    fn default() -> Self {
        Self::V26
    }
}

impl fmt::Display for GraphVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

/// A text that is not a version of the Graph API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionError;

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a version of the Graph API is written as in `v26.0`")
    }
}

impl std::error::Error for VersionError {}

impl FromStr for GraphVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if plain { digits.parse().map_err(|_| VersionError) } else { Err(VersionError) }
        };
        let (major, minor) = text.strip_prefix('v').and_then(|rest| rest.split_once('.')).ok_or(VersionError)?;
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_it_is_written() {
        assert_eq!(GraphVersion::default().to_string(), "v26.0");
        assert_eq!("v25.0".parse(), Ok(GraphVersion::V25));
        for wrong in ["", "26.0", "v26", "v26.", "v.0", "v+6.0", "v99999.0", "latest"] {
            assert_eq!(wrong.parse::<GraphVersion>(), Err(VersionError), "{wrong}");
        }
    }
}
