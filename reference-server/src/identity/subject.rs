//! Somebody, by one id.

/// Somebody, by an id of a product's or by an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// What kind of id it is, as links have it.
    pub(crate) provider: &'static str,
    /// The id.
    pub(crate) external_id: String,
}

impl Subject {
    /// By the product's id of a user.
    pub(crate) fn user(id: String) -> Self {
        Self { provider: "user", external_id: id }
    }

    /// By the id of a visitor.
    pub(crate) fn anonymous(id: String) -> Self {
        Self { provider: "anonymous", external_id: id }
    }

    /// The id, if it is one of this kind.
    pub(crate) fn id(&self, provider: &str) -> Option<&str> {
        (self.provider == provider).then_some(self.external_id.as_str())
    }

    /// By an e-mail address in lower case.
    pub(crate) fn email(address: String) -> Self {
        Self { provider: "email", external_id: address }
    }
}
