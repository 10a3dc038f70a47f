//! What a failed call means for a publication.

use std::time::Duration;

use acd_meta::{Error, ErrorKind};
use acd_platform::ads::publications::{ItemProblem, ItemState, PublicationState, PublishedKind};

use super::store::items::Item;
use crate::ads::problem;
use crate::kernel::problem::Problem;

/// How long Meta is given to show what it did.
pub(super) const SETTLE: Duration = Duration::from_secs(5);
const LONGEST_SETTLE: Duration = Duration::from_secs(300);
/// The wait where Meta or a pool asks for none.
const BREATH: Duration = Duration::from_secs(30);

/// What a failed call means.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Meta does not take it as it is.
    Refused(ItemProblem),
    /// Nothing was done. It may go another time.
    Later {
        problem: ItemProblem,
        wait: Duration,
        /// Whether Meta failed over this very thing: one that does so again and again is given up.
        is_counted: bool,
    },
    /// Perhaps it was done.
    Unknown(ItemProblem),
}

impl Verdict {
    /// Something that failed and may go another time.
    pub(super) fn later(problem: ItemProblem) -> Self {
        Self::Later { problem, wait: BREATH, is_counted: true }
    }
}

/// The problem as it is kept.
pub(super) fn kept(mut problem: Problem) -> ItemProblem {
    let meta = problem.extensions.remove("meta");
    ItemProblem { code: problem.code.to_owned(), detail: problem.detail.into_owned(), meta }
}

/// What this error means.
pub(super) fn verdict(error: Error) -> Verdict {
    let (kind, wait, may_have_been_sent) = (error.kind(), error.retry_after(), error.may_have_been_sent());
    let problem = kept(problem::of(error));
    let later = |is_counted| Verdict::Later { problem: problem.clone(), wait: wait.unwrap_or(BREATH), is_counted };
    match kind {
        ErrorKind::RateLimited | ErrorKind::Throttled => later(false),
        _ if may_have_been_sent => Verdict::Unknown(problem),
        // The server's own access and the way to Meta are nothing that another plan would change.
        ErrorKind::Unauthenticated
        | ErrorKind::Credentials
        | ErrorKind::Configuration
        | ErrorKind::Environment
        | ErrorKind::CircuitOpen
        | ErrorKind::Connect => later(false),
        ErrorKind::Rejected
        | ErrorKind::Request
        | ErrorKind::Forbidden
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::TooLarge => Verdict::Refused(problem),
        _ => later(true),
    }
}

/// For how long what came of the nth attempt is left to settle.
pub(super) fn settle(attempts: u32) -> Duration {
    SETTLE.saturating_mul(1 << attempts.min(10)).min(LONGEST_SETTLE)
}

/// How a publication ended.
pub(super) fn state(items: &[Item], is_called_off: bool) -> PublicationState {
    let has_ads = items.iter().any(|item| item.kind == PublishedKind::Ad);
    let counted = || items.iter().filter(|item| item.kind == PublishedKind::Ad || !has_ads);
    let created = counted().filter(|item| item.state == ItemState::Created).count();
    match created {
        _ if created == counted().count() => PublicationState::Succeeded,
        _ if is_called_off => PublicationState::Cancelled,
        0 => PublicationState::Failed,
        _ => PublicationState::Partial,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn items(states: &[(PublishedKind, ItemState)]) -> Vec<Item> {
        let item = |(at, (kind, state)): (usize, &(PublishedKind, ItemState))| Item {
            position: i32::try_from(at).unwrap(),
            kind: *kind,
            key: "k".to_owned(),
            object: Value::Null,
            state: *state,
            object_id: None,
            problem: None,
            attempts: 0,
        };
        states.iter().enumerate().map(item).collect()
    }

    #[test]
    fn a_publication_ends_as_its_ads_did() {
        use ItemState::{Created, Failed, NotTried};
        use PublishedKind::{Ad, Campaign, Creative};
        for (states, is_called_off, expected) in [
            (&[(Campaign, Created), (Ad, Created)][..], true, PublicationState::Succeeded),
            (&[(Ad, Created), (Creative, Failed), (Ad, NotTried)], false, PublicationState::Partial),
            (&[(Ad, Created), (Ad, NotTried)], true, PublicationState::Cancelled),
            (&[(Campaign, Failed), (Ad, NotTried)], false, PublicationState::Failed),
            (&[(Campaign, Created)], false, PublicationState::Succeeded),
            (&[(Campaign, Failed)], false, PublicationState::Failed),
        ] {
            assert_eq!(state(&items(states), is_called_off), expected, "{states:?}");
        }
    }

    #[test]
    fn only_what_surely_was_not_done_is_done_again_at_once() {
        let of = |kind| verdict(Error::new(kind, "x"));
        assert!(matches!(of(ErrorKind::Interrupted), Verdict::Unknown(_)));
        assert!(matches!(of(ErrorKind::Timeout), Verdict::Unknown(_)));
        assert!(matches!(of(ErrorKind::RateLimited), Verdict::Later { is_counted: false, .. }));
        assert!(matches!(of(ErrorKind::Connect), Verdict::Later { is_counted: false, .. }));
        assert!(matches!(
            verdict(Error::new(ErrorKind::Rejected, "x").with_may_have_been_sent(false)),
            Verdict::Refused(_)
        ));
        assert_eq!((settle(0), settle(2), settle(40)), (SETTLE, SETTLE * 4, LONGEST_SETTLE));
    }
}
