//! Enumerations whose values have a name on the wire and in the database.

use std::fmt;

/// A text that is none of the names of an enumeration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameError {
    names: &'static [&'static str],
}

impl NameError {
    pub(crate) const fn new(names: &'static [&'static str]) -> Self {
        Self { names }
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected one of {}", self.names.join(", "))
    }
}

impl std::error::Error for NameError {}

/// Declares an enumeration with the name of each value, once for JSON, SQL and the command line.
macro_rules! named {
    ($(#[$doc:meta])* $kind:ident { $($(#[$value_doc:meta])* $value:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[non_exhaustive]
        pub enum $kind {
            $($(#[$value_doc])* #[serde(rename = $name)] $value,)+
        }

        impl $kind {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)+
                }
            }
        }

        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $kind {
            type Err = $crate::named::NameError;

            fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
                match text {
                    $($name => Ok(Self::$value),)+
                    _ => Err($crate::named::NameError::new(&[$($name),+])),
                }
            }
        }
    };
}

pub(crate) use named;

#[cfg(test)]
mod tests {
    use crate::entitlements::{EntitlementStatus, Plan};

    #[test]
    fn the_name_is_the_same_in_every_form() {
        for status in EntitlementStatus::ALL {
            assert_eq!(status.to_string().parse(), Ok(*status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        let error = "gold".parse::<Plan>().unwrap_err();
        assert_eq!(error.to_string(), "expected one of free, starter, pro, enterprise");
    }
}
