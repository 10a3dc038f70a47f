//! Whether data may be used, for work that asks about many people at once.

use acd_platform::ProductSlug;
use chrono::{DateTime, Utc};

/// Whose consent is asked about: any ids that are known of one person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConsentSubject<'a> {
    /// In which product.
    pub(crate) product: &'a ProductSlug,
    /// The product's id of the user.
    pub(crate) user_id: Option<&'a str>,
    /// The id of a visitor.
    pub(crate) anonymous_id: Option<&'a str>,
    /// SHA-256 of e-mail addresses in lower case, in hexadecimal, with commas between them.
    pub(crate) email_hashes: Option<&'a str>,
}

/// What is on record for a subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// When one of the ids agreed.
    pub(crate) granted_at: Option<DateTime<Utc>>,
    /// When one of the ids refused.
    pub(crate) refused_at: Option<DateTime<Utc>>,
}

impl Verdict {
    /// Why the data may not be used; nothing when they may. `agreed_at` is when the person agreed by what the data
    /// themselves say: a refusal on record that is not older goes over it.
    pub(crate) fn refusal(self, agreed_at: Option<DateTime<Utc>>) -> Option<&'static str> {
        match (self.refused_at, agreed_at) {
            (Some(refused), Some(agreed)) if refused < agreed => None,
            (Some(_), _) => Some("the person refused or withdrew consent to advertising"),
            (None, Some(_)) => None,
            (None, None) if self.granted_at.is_some() => None,
            (None, None) => Some("no consent of the person to advertising is on record"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_agreed_to_is_refused_and_the_later_word_counts() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        let refused =
            |granted_at, refused_at, agreed_at| Verdict { granted_at, refused_at }.refusal(agreed_at).is_some();
        assert!(refused(None, None, None));
        assert!(!refused(at(1), None, None) && !refused(None, None, at(1)));
        assert!(refused(None, at(1), None) && refused(at(9), at(1), None), "one of the ids forbids it");
        assert!(!refused(None, at(1), at(2)), "agreed to anew");
        assert!(refused(None, at(2), at(2)) && refused(None, at(3), at(2)));
    }
}
