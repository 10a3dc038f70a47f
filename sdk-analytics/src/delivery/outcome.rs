use acd_core::{Error, ErrorKind};

/// What a failed attempt means for its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They are too many bytes for one request: send them in halves.
    TooLarge,
    /// The same answer would come again: they have failed.
    Refused,
    /// It may pass: keep them and try again. Harmless even if they arrived, as each has its `messageId`.
    Trouble,
}

/// Judges a failed attempt.
pub(super) fn judge(error: &Error) -> Verdict {
    match error.status().map(|status| status.as_u16()) {
        Some(413) => Verdict::TooLarge,
        Some(408 | 425 | 429) => Verdict::Trouble,
        Some(400..=499) => Verdict::Refused,
        // The rest of the statuses are a server in trouble, or something between that is not the server at all, such as
        // the login page of a network.
        Some(_) => Verdict::Trouble,
        None => match error.kind() {
            ErrorKind::Configuration | ErrorKind::Request => Verdict::Refused,
            _ => Verdict::Trouble,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_before_an_answer_are_kept_unless_they_would_repeat() {
        let judged = |kind| judge(&Error::new(kind, "x"));
        for kind in [ErrorKind::Connect, ErrorKind::Interrupted, ErrorKind::Timeout, ErrorKind::Decode] {
            assert_eq!(judged(kind), Verdict::Trouble, "{kind:?}");
        }
        assert_eq!(judged(ErrorKind::Request), Verdict::Refused);
    }
}
