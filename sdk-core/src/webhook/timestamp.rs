//! When a message was signed, and whether that is near enough.

use std::time::{Duration, SystemTime};

use super::WebhookError;

/// The tolerance of every vendor's own library.
const FIVE_MINUTES: Duration = Duration::from_secs(300);

/// A signed timestamp: the text, as that is what was signed, and what it says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timestamp<'a> {
    pub(super) text: &'a str,
    pub(super) seconds: u64,
}

impl<'a> Timestamp<'a> {
    /// Digits alone, as every sender writes them: a sign or a space would make one time of several texts.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().map(|seconds| Self { text, seconds })
    }
}

/// The seconds since 1970 of a time; zero for one before.
pub(super) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// How far from now a signed timestamp may be. Whole seconds are compared, and the bounds themselves pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) past: Duration,
    pub(super) future: Duration,
}

impl Window {
    /// No window is longer: so that adding one to a time never overflows.
    pub(super) const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

    pub(super) const DEFAULT: Self = Self { past: FIVE_MINUTES, future: FIVE_MINUTES };

    pub(super) fn with_past(self, past: Duration) -> Self {
        Self { past: past.min(Self::LONGEST), ..self }
    }

    pub(super) fn with_future(self, future: Duration) -> Self {
        Self { future: future.min(Self::LONGEST), ..self }
    }

    /// The time that the timestamp tells, when it is near enough.
    pub(super) fn check(self, seconds: u64, now: SystemTime) -> Result<SystemTime, WebhookError> {
        let now = unix_seconds(now);
        let (age, ahead) =
            (Duration::from_secs(now.saturating_sub(seconds)), Duration::from_secs(seconds.saturating_sub(now)));
        if age > self.past {
            return Err(WebhookError::Expired { age });
        }
        if ahead > self.future {
            return Err(WebhookError::TooNew { ahead });
        }
        Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_are_a_timestamp() {
        assert_eq!(Timestamp::parse("1767225595").unwrap().seconds, 1_767_225_595);
        for wrong in ["", "+1", "-1", " 1", "1.0", "1e9", "0x1", "99999999999999999999", "\u{661}"] {
            assert!(Timestamp::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_bounds_pass_and_a_second_more_does_not() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_225_600_900);
        for inside in [1_767_225_300, 1_767_225_600, 1_767_225_900] {
            assert!(Window::DEFAULT.check(inside, now).is_ok(), "{inside}");
        }
        assert!(
            matches!(Window::DEFAULT.check(1_767_225_299, now), Err(WebhookError::Expired { age }) if age.as_secs() == 301)
        );
        assert!(
            matches!(Window::DEFAULT.check(1_767_225_901, now), Err(WebhookError::TooNew { ahead }) if ahead.as_secs() == 301)
        );
    }

    #[test]
    fn no_number_overflows() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        let widest = Window::DEFAULT.with_past(Duration::MAX).with_future(Duration::MAX);
        assert!(widest.check(0, now).is_ok());
        assert!(matches!(widest.check(u64::MAX, now), Err(WebhookError::TooNew { .. })));
    }
}
