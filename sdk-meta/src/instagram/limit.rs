//! How much an account may post.

use serde::{Deserialize, Serialize};

/// What Meta's pages say at the least; they name 100 elsewhere.
const ASSUMED: u32 = 50;

/// How much an account has posted of what it may, in the last 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PublishingLimit {
    /// How many posts it has made; a carousel is one.
    #[serde(default)]
    pub quota_usage: u32,
    /// What it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<PublishingConfig>,
}

/// What an account may post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PublishingConfig {
    /// So many posts.
    pub quota_total: u32,
    /// In so many seconds.
    pub quota_duration: u64,
}

impl PublishingLimit {
    /// How many posts are left. Where Meta does not say how many there may be, 50 are assumed.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.config.map_or(ASSUMED, |config| config.quota_total).saturating_sub(self.quota_usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_never_negative_and_cautious_where_nothing_is_said() {
        let config = Some(PublishingConfig { quota_total: 100, quota_duration: 86_400 });
        assert_eq!(PublishingLimit { quota_usage: 2, config }.left(), 98);
        assert_eq!(PublishingLimit { quota_usage: 101, config }.left(), 0);
        assert_eq!(PublishingLimit { quota_usage: 2, config: None }.left(), 48);
    }
}
