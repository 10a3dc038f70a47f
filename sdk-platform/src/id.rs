//! Typed ids: a prefix that says what it is, then a time-ordered UUID in 32 hexadecimal digits.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A text that is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdError {
    prefix: &'static str,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}_ followed by 32 lower-case hexadecimal digits", self.prefix)
    }
}

impl std::error::Error for IdError {}

fn parse(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or(IdError { prefix })?;
    if digits.len() != 32 || !digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(IdError { prefix });
    }
    Uuid::try_parse(digits).map_err(|_| IdError { prefix })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// What every id of this kind begins with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// The UUID behind the id.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse($prefix, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": concat!("^", $prefix, "_[0-9a-f]{32}$") })
            }
        }
    };
}

id!(
    /// A stored event.
    EventId, "evt"
);
id!(
    /// A person, across products.
    PersonId, "per"
);
id!(
    /// An API key. Not the key itself.
    ApiKeyId, "key"
);
id!(
    /// A key of signed calls between services; what such a call names as its `keyid`.
    ServiceKeyId, "svk"
);
id!(
    /// A user with an account.
    UserId, "usr"
);
id!(
    /// An asset.
    AssetId, "ast"
);
id!(
    /// That a product may use an ad account.
    AdAccountUseId, "aau"
);
id!(
    /// A publication of ads.
    PublicationId, "pub"
);
id!(
    /// A template of publications.
    AdTemplateId, "tpl"
);
id!(
    /// A change that was made at Meta past the server.
    AdChangeId, "adc"
);
id!(
    /// A rule that says which events are conversions.
    ConversionRuleId, "cvr"
);
id!(
    /// A job.
    JobId, "job"
);
id!(
    /// What a worker holds jobs by; one for all that it claimed at once.
    JobLeaseId, "lse"
);
id!(
    /// A limit that jobs keep to.
    JobLimitId, "lim"
);
id!(
    /// A schedule that makes jobs.
    JobScheduleId, "sch"
);
id!(
    /// A conversion for Meta, and what became of it.
    ConversionId, "cnv"
);
id!(
    /// A rule that turns shared events into events for Meta.
    MetaEventRuleId, "mer"
);
id!(
    /// That a page, form or Instagram account of Meta's is a product's.
    MetaSourceId, "msr"
);
id!(
    /// A lead, as the hub keeps it.
    HubLeadId, "led"
);
id!(
    /// An audience, as the hub keeps it.
    HubAudienceId, "aud"
);
id!(
    /// A change that Meta told of.
    MetaNotificationId, "mno"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let id = EventId::from(Uuid::from_u128(0x0192_f0c1_2345_7abc_8def_0123_4567_89ab));
        let text = id.to_string();
        assert_eq!(text, "evt_0192f0c123457abc8def0123456789ab");
        assert_eq!(text.parse(), Ok(id));
        for wrong in
            ["", "evt", "evt_", "per_0192f0c123457abc8def0123456789ab", &text[..35], &text.to_uppercase(), "evt_é"]
        {
            assert!(wrong.parse::<EventId>().is_err(), "{wrong}");
        }
    }
}
