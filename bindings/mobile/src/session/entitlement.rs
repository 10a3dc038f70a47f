//! What the user may use, as a phone sees it.

use std::time::SystemTime;

use acd_platform::entitlements as wire;

/// Declares an enumeration of the wire for phones. A value of a later server becomes `Unknown` with its name.
macro_rules! mirrored {
    ($(#[$doc:meta])* $kind:ident { $($(#[$value_doc:meta])* $value:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
        pub enum $kind {
            $($(#[$value_doc])* $value,)+
            /// One that this release does not know.
            Unknown {
                /// Its name on the wire.
                name: String,
            },
        }

        impl From<wire::$kind> for $kind {
            fn from(value: wire::$kind) -> Self {
                match value {
                    $(wire::$kind::$value => Self::$value,)+
                    other => Self::Unknown { name: other.as_str().to_owned() },
                }
            }
        }
    };
}

mirrored! {
    /// What is paid for.
    Plan {
        /// Nothing.
        Free,
        /// The smallest paid plan.
        Starter,
        /// The usual paid plan.
        Pro,
        /// A plan by contract.
        Enterprise,
    }
}

mirrored! {
    /// What a user may do in a product.
    Role {
        /// Everything, payment and deletion included.
        Owner,
        /// Everything but payment and deletion.
        Admin,
        /// The usual work.
        Member,
        /// Look on.
        Viewer,
    }
}

mirrored! {
    /// Where an entitlement stands.
    EntitlementStatus {
        /// Paid, or free of charge.
        Active,
        /// Tried out before payment.
        Trialing,
        /// Payment failed and is tried again; access goes on meanwhile.
        PastDue,
        /// Ended by the user: access goes on until `expires_at`.
        Canceled,
        /// Over.
        Expired,
    }
}

mirrored! {
    /// Where an entitlement comes from.
    EntitlementSource {
        /// The user signed up.
        Signup,
        /// A subscription at Stripe.
        Stripe,
        /// An administrator granted it.
        Admin,
        /// Part of a bundle of products.
        Bundle,
        /// Taken over from another system.
        Import,
    }
}

/// What a user may use in a product: at most one a product.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Entitlement {
    /// The product.
    pub product: String,
    /// What is paid for.
    pub plan: Plan,
    /// What the user may do.
    pub role: Role,
    /// Where it stands.
    pub status: EntitlementStatus,
    /// Where it comes from.
    pub source: EntitlementSource,
    /// When it ends; none for never.
    pub expires_at: Option<SystemTime>,
    /// Whether it grants access at the moment of the answer.
    pub grants: bool,
}

impl From<wire::Entitlement> for Entitlement {
    fn from(entitlement: wire::Entitlement) -> Self {
        Self {
            product: entitlement.product.to_string(),
            plan: entitlement.plan.into(),
            role: entitlement.role.into(),
            status: entitlement.status.into(),
            source: entitlement.source.into(),
            expires_at: entitlement.expires_at.map(SystemTime::from),
            grants: entitlement.grants,
        }
    }
}
